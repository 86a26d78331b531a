import { expect, it } from 'vitest';
import { kinds } from '../kinds/kinds.ts';
import { StatusError } from '../meta/status.ts';
import { decode } from './decode.ts';
import { decodeBody } from './decode-body.ts';
import type { TypeSchema } from './type-schema.ts';

/** A small repeatable generator of numbers below `limit` (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

const TEXTS: Record<string, string> = {
  'date-time': '2026-01-01T00:00:00Z',
  'micro-time': '2026-01-01T00:00:00.000000Z',
  duration: '1s',
  quantity: '1500m',
  byte: 'QQ==',
};

/** A value of the type, with some fields left out. */
function example(type: TypeSchema, next: (limit: number) => number, depth = 0): unknown {
  switch (type.type) {
    case 'struct': {
      const fields = [...type.fields.values()].filter(() => next(depth + 2) === 0);
      return Object.fromEntries(fields.map((field) => [field.name, example(field.type, next, depth + 1)]));
    }
    case 'list':
      return depth > 8 ? [] : Array.from({ length: next(3) }, () => example(type.items, next, depth + 1));
    case 'map':
      return { a: example(type.values, next, depth + 1), __proto__x: example(type.values, next, depth + 1) };
    case 'any':
      return type.either ? {} : { any: [1] };
    case 'boolean':
      return next(2) === 0;
    case 'integer':
    case 'number':
      return next(1000);
    default:
      return TEXTS[type.format ?? ''] ?? 'text';
  }
}

it('decodes what it has decoded to the same', () => {
  const next = random(1);
  for (const { schema } of kinds) {
    for (let round = 0; round < 20; round++) {
      const once = decode(schema, example(schema, next));
      expect(once.unknown).toBe(false);
      expect(decode(schema, once.value).value).toEqual(once.value);
    }
  }
});

const ODD = [
  'null',
  '[]',
  '{}',
  '""',
  '-1',
  '1e400',
  'true',
  '{"__proto__":{"x":1}}',
  '{"constructor":1}',
  '\u0000',
  '"',
  ',',
  ':',
  '}',
];

it('answers mutated bodies with an object or a 400', () => {
  const next = random(2);
  let refused = 0;
  for (const definition of kinds) {
    const text = JSON.stringify(example(definition.schema, next));
    for (let round = 0; round < 40; round++) {
      const at = next(text.length + 1);
      const mutated = text.slice(0, at) + ODD[next(ODD.length)] + text.slice(at + next(12));
      try {
        const { object } = decodeBody(mutated, undefined, definition, 'Warn');
        expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
      } catch (error) {
        if (!(error instanceof StatusError) || error.code !== 400) throw new Error(mutated, { cause: error });
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});

it('takes a large hostile body in linear time', () => {
  const definition = kinds.find((d) => d.kind === 'ConfigMap') as (typeof kinds)[number];
  const size = 200_000;
  const bodies = [
    `{"data":{"a":"${'\\\\'.repeat(size)}"}}`,
    `{"data":{${'"a":"",'.repeat(size)}"a":""}}`,
    `{${'"x":[],'.repeat(size)}"y":1}`,
    `{"data":{"a":"${'\\"'.repeat(size)}`,
    `{"binaryData":{"a":"${'A'.repeat(size)}*"}}`,
  ];
  const start = performance.now();
  for (const body of bodies) {
    try {
      decodeBody(body, undefined, definition, 'Warn');
    } catch (error) {
      expect(error).toBeInstanceOf(StatusError);
    }
  }
  expect(performance.now() - start).toBeLessThan(20_000);
});

it('takes hostile YAML in linear time', () => {
  const definition = kinds.find((d) => d.kind === 'ConfigMap') as (typeof kinds)[number];
  const bodies = [
    Array.from({ length: 60_000 }, (_, i) => `k${i}: v`).join('\n'),
    `{${Array.from({ length: 60_000 }, (_, i) => `k${i}: v`).join(',')}}`,
    'a: 1\n'.repeat(60_000),
    `a: "${'\\\\'.repeat(200_000)}`,
    `a: &a x\nb: [${'*a,'.repeat(50_000)}]`,
    `- `.repeat(200_000),
    `? `.repeat(200_000),
    `${'!'.repeat(200_000)} x`,
    `a: |\n${' x\n'.repeat(100_000)}`,
  ];
  for (const body of bodies) {
    const start = performance.now();
    try {
      decodeBody(body, 'application/yaml', definition, 'Warn');
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
    }
    expect(performance.now() - start, body.slice(0, 20)).toBeLessThan(5_000);
  }
});
