import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { TypeSchema } from '../schema/type-schema.ts';
import { changed, compare } from './compare.ts';
import {
  difference,
  equalSets,
  type FieldSet,
  inOrder,
  intersection,
  isEmpty,
  LEAF,
  pathsOf,
  recursiveDifference,
  setOf,
  union,
} from './field-set.ts';
import { decodeFieldsV1 } from './fields-v1.ts';
import { merge } from './merge.ts';
import { compareOrders, orderOf } from './path-element.ts';
import { removeItems } from './remove-items.ts';
import { withNamedFields } from './schema-sets.ts';
import { toFieldSet } from './to-field-set.ts';

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** A random set as its members' paths. */
function randomPaths(random: () => number): Set<string> {
  const paths = new Set<string>();
  const size = Math.floor(random() * 8);
  for (let i = 0; i < size; i++) {
    const length = 1 + Math.floor(random() * 3);
    paths.add(Array.from({ length }, () => 'abc'[Math.floor(random() * 3)]).join('/'));
  }
  return paths;
}

const toSet = (paths: Iterable<string>): FieldSet => setOf(...[...paths].map((path) => path.split('/')));
const members = (set: FieldSet): Set<string> =>
  new Set(pathsOf(set).map((path) => path.slice(1).replaceAll('.', '/')));
const isBelow = (path: string, others: Set<string>): boolean =>
  [...others].some((other) => path === other || path.startsWith(`${other}/`));

describe('field sets', () => {
  it('do as sets of paths do', () => {
    for (let seed = 1; seed <= 3_000; seed++) {
      const random = generator(seed);
      const [a, b] = [randomPaths(random), randomPaths(random)];
      const [setA, setB] = [deepFreeze(toSet(a)), deepFreeze(toSet(b))];
      expect(members(setA)).toEqual(a);
      expect(members(union(setA, setB))).toEqual(a.union(b));
      expect(members(difference(setA, setB))).toEqual(a.difference(b));
      expect(members(intersection(setA, setB))).toEqual(a.intersection(b));
      const rest = [...a].filter((path) => !isBelow(path, b));
      expect(members(recursiveDifference(setA, setB))).toEqual(new Set(rest));
      // canonical: equal sets have equal trees
      expect(difference(setA, setB)).toEqual(toSet(a.difference(b)));
      expect(JSON.stringify(union(setA, setB))).toBe(JSON.stringify(union(setB, setA)));
      expect(equalSets(setA, setB)).toBe(a.symmetricDifference(b).size === 0);
    }
  });

  it('give back their first argument when that is the answer', () => {
    const set = toSet(['a', 'b/c']);
    expect(union(set, toSet(['a']))).toBe(set);
    expect(difference(set, toSet(['x']))).toBe(set);
    expect(intersection(set, toSet(['a', 'b/c', 'd']))).toBe(set);
  });

  it('list members of a level before those below', () => {
    expect(pathsOf(toSet(['a/b', 'c', 'a']))).toEqual(['.a', '.c', '.a.b']);
  });

  it('are read from and written to FieldsV1 without loss', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const value = deepFreeze(randomObject(generator(seed), 3));
      const set = toFieldSet(value, TYPE);
      expect(decodeFieldsV1(JSON.parse(JSON.stringify(set)))).toEqual(set);
      expect(JSON.stringify(decodeFieldsV1(shuffled(set)))).toBe(JSON.stringify(set));
    }
  });

  it('have upstream order of elements', () => {
    const sorted = [
      '.',
      'f:a',
      'f:b',
      'k:{"a":1}',
      'k:{"a":10}',
      'k:{"a":"x"}',
      'v:2',
      'v:10',
      'v:"a"',
      'v:true',
      'i:2',
      'i:10',
    ];
    expect(sorted.toReversed().sort((a, b) => compareOrders(orderOf(a), orderOf(b)))).toEqual(sorted);
    expect(Object.keys(inOrder({ 'v:10': LEAF, 'v:2': LEAF }))).toEqual(['v:2', 'v:10']);
  });
});

const TEXT: TypeSchema = { type: 'string' };
const ITEM: TypeSchema = {
  type: 'struct',
  fields: new Map([
    ['name', { name: 'name', type: TEXT }],
    ['value', { name: 'value', type: TEXT }],
  ]),
};
const TYPE: TypeSchema = {
  type: 'struct',
  fields: new Map([
    ['items', { name: 'items', type: { type: 'list', items: ITEM, listType: 'map', listKeys: ['name'] } }],
    ['set', { name: 'set', type: { type: 'list', items: TEXT, listType: 'set' } }],
    ['atomic', { name: 'atomic', type: { type: 'list', items: TEXT } }],
    ['map', { name: 'map', type: { type: 'map', values: TEXT } }],
    ['any', { name: 'any', type: { type: 'any' } }],
  ]),
};

const pick = (random: () => number): string => 'abcd'[Math.floor(random() * 4)] as string;

function randomObject(random: () => number, size: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  const some = () => Array.from({ length: 1 + Math.floor(random() * size) }, () => pick(random));
  if (random() < 0.6) object.items = [...new Set(some())].map((name) => ({ name, value: pick(random) }));
  if (random() < 0.5) object.set = [...new Set(some())];
  if (random() < 0.5) object.atomic = some();
  if (random() < 0.6) object.map = Object.fromEntries(some().map((key) => [key, pick(random)]));
  if (random() < 0.5)
    object.any = random() < 0.5 ? pick(random) : { a: pick(random), b: { c: pick(random) } };
  return object;
}

function shuffled(set: FieldSet): FieldSet {
  return Object.fromEntries(
    Object.keys(set)
      .reverse()
      .map((key) => [key, shuffled(set[key] as FieldSet)]),
  );
}

describe('typed values', () => {
  it('are quick to own in great numbers', () => {
    const items = Array.from({ length: 40_000 }, (_, i) => ({ name: `n${(i * 7_919) % 40_000}` }));
    const start = performance.now();
    const set = toFieldSet({ items }, TYPE);
    expect(pathsOf(set)).toHaveLength(80_000);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  const pairs = function* () {
    for (let seed = 1; seed <= 1_000; seed++) {
      const random = generator(seed);
      yield [deepFreeze(randomObject(random, 4)), deepFreeze(randomObject(random, 4))] as const;
    }
  };

  it('differ from themselves in nothing', () => {
    for (const [a] of pairs()) expect(isEmpty(changed(compare(a, structuredClone(a), TYPE)))).toBe(true);
  });

  it('have what was added to one removed from the other', () => {
    for (const [a, b] of pairs()) {
      const there = compare(a, b, TYPE);
      const back = compare(b, a, TYPE);
      expect(there.added).toEqual(back.removed);
      expect(there.modified).toEqual(back.modified);
    }
  });

  it('merge so that all that was applied is there, and nothing is lost', () => {
    for (const [live, config] of pairs()) {
      const merged = merge(live, config, TYPE);
      const fromConfig = compare(config, merged, TYPE);
      expect(isEmpty(fromConfig.removed)).toBe(true);
      const kept = compare(live, merged, TYPE).removed;
      // only a map that the configuration made a scalar goes
      expect(pathsOf(kept).filter((path) => !path.startsWith('.any'))).toEqual([]);
      expect(merge(merged, config, TYPE)).toBe(merged);
    }
  });

  it('are empty without all their fields', () => {
    for (const [value] of pairs()) {
      expect(removeItems(value, withNamedFields(toFieldSet(value, TYPE), TYPE), TYPE) ?? {}).toEqual({});
    }
  });

  it('keep the order of the configuration, and the rest in its place', () => {
    const list = (names: string) => ({ items: [...names].map((name) => ({ name })) });
    const merged = (live: string, config: string) =>
      (merge(list(live), list(config), TYPE) as { items: { name: string }[] }).items
        .map(({ name }) => name)
        .join('');
    expect(merged('abc', 'cb')).toBe('acb');
    expect(merged('abc', 'd')).toBe('abcd');
    expect(merged('abc', 'dc')).toBe('abdc');
    expect(merged('abcd', 'da')).toBe('bcda');
  });

  it('own a duplicated item by its key only', () => {
    const set = toFieldSet(
      {
        items: [
          { name: 'a', value: '1' },
          { name: 'a', value: '2' },
        ],
      },
      TYPE,
    );
    expect(set).toEqual({ 'f:items': { 'k:{"name":"a"}': {} } });
  });
});
