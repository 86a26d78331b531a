/** Small deterministic random numbers (mulberry32), so that a failing run can be repeated by its seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Values that have broken servers before. */
const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  -(2 ** 63),
  '',
  ' ',
  '\u0000',
  '\ud800',
  'a'.repeat(300),
  '../../etc/passwd',
  '%00',
  '__proto__',
  'constructor',
  '99999999999999999999',
  '1e999999999',
  '^(a+)+$',
  [],
  {},
  [[]],
  [null],
  { __proto__x: 1 },
  { '': '' },
  { constructor: { prototype: {} } },
];

/** The value with one random change somewhere inside: a part replaced, removed, doubled, renamed or moved. */
export function mutate(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return mutateArray(value, random);
  if (typeof value === 'object' && value !== null)
    return mutateObject(value as Record<string, unknown>, random);
  return random.pick(NASTY);
}

function mutateArray(list: readonly unknown[], random: Random): unknown {
  if (list.length === 0 || random.below(5) === 0) return random.pick(NASTY);
  const index = random.below(list.length);
  const copy = [...list];
  if (random.below(4) === 0) copy.splice(index, 0, copy[index]);
  else copy[index] = mutate(copy[index], random);
  return copy;
}

function mutateObject(object: Record<string, unknown>, random: Random): unknown {
  const keys = Object.keys(object);
  if (keys.length === 0 || random.below(12) === 0) return random.pick(NASTY);
  const key = random.pick(keys);
  const entries = Object.entries(object);
  const changed = entries.map(([name, inner]): [string, unknown] => [
    name,
    name === key ? mutate(inner, random) : inner,
  ]);
  switch (random.below(8)) {
    case 0:
      return Object.fromEntries(entries.filter(([name]) => name !== key));
    case 1:
      return Object.fromEntries(
        entries.map(([name, inner]) => [name === key ? String(random.pick(NASTY)) : name, inner]),
      );
    case 2:
      return Object.fromEntries([...entries, [random.pick(['spec', 'metadata', 'x', '__proto__']), object]]);
    default:
      return Object.fromEntries(changed);
  }
}

/** The text with bytes flipped, cut or repeated. */
export function mutateText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(0x250)) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + random.below(8));
    default:
      return text + text.slice(at);
  }
}
