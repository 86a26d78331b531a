import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { applyMergePatch } from './merge-patch.ts';

/** RFC 7386 appendix A, the cases of objects. */
const cases: readonly (readonly [object: object, patch: object, result: unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe('JSON merge patch', () => {
  it.each(cases)('merges %j and %j', (object, patch, result) => {
    expect(applyMergePatch(deepFreeze(object), deepFreeze(patch))).toEqual(result);
  });

  it('gives back the object that it does not change', () => {
    const object = deepFreeze({ a: { b: 1 }, c: [1] });
    expect(applyMergePatch(object, { a: { b: 1 } })).toBe(object);
    expect(applyMergePatch(object, { a: { x: 1 } }).c).toBe(object.c);
  });

  it('drops nulls inside objects of lists, and keeps nulls of lists', () => {
    expect(applyMergePatch({}, { a: [{ b: null, c: 1 }, null] })).toEqual({ a: [{ c: 1 }, null] });
  });

  it('answers 400 to anything but an object', () => {
    expect(() => applyMergePatch({}, [])).toThrow(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
    expect(() => applyMergePatch({}, null)).toThrow('Invalid JSON Patch');
  });

  it('takes __proto__ for a plain key', () => {
    const patch = JSON.parse('{"data":{"__proto__":{"polluted":"yes"}}}');
    const result = applyMergePatch({ data: { a: '1' } }, patch);
    expect(Object.keys(result.data)).toEqual(['a', '__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('agrees with the pseudocode of RFC 7386 on random values', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = generator(seed);
      const object = deepFreeze(randomObject(random, 3, false));
      const patch = deepFreeze(randomObject(random, 3, true));
      expect(applyMergePatch(object, patch)).toEqual(model(object, patch));
    }
  });
});

/** RFC 7386 section 2. */
function model(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isMap = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isMap ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = model(result[key], value);
  }
  return result;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function randomObject(random: () => number, depth: number, nulls: boolean): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const size = Math.floor(random() * 4);
  for (let i = 0; i < size; i++)
    object['abcd'[Math.floor(random() * 4)] as string] = randomValue(random, depth, nulls);
  return object;
}

function randomValue(random: () => number, depth: number, nulls: boolean): unknown {
  const kind = random();
  if (nulls && kind < 0.25) return null;
  if (depth > 0 && kind < 0.65) return randomObject(random, depth - 1, nulls);
  if (kind < 0.75) return [Math.floor(random() * 3)];
  return Math.floor(random() * 5);
}
