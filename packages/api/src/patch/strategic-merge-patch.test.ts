import { deepFreeze } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { Field, StructType, TypeSchema } from '../schema/type-schema.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const text: TypeSchema = { type: 'string' };
const struct = (...fields: Field[]): StructType => ({
  type: 'struct',
  name: 'io.k8s.test.Item',
  fields: new Map(fields.map((field) => [field.name, field])),
});
const field = (name: string, type: TypeSchema, more: Partial<Field> = {}): Field => ({ name, type, ...more });

/** Upstream's MergeItem of patch_test.go: a type with each kind of field, and of itself. */
function mergeItem(): StructType {
  const fields = new Map<string, Field>();
  const type: StructType = { type: 'struct', name: 'io.k8s.test.MergeItem', fields };
  const merged = { patchStrategy: ['merge'], patchMergeKey: 'name' } as const;
  for (const one of [
    field('name', text),
    field('value', text),
    field('other', text),
    field('mergingList', { type: 'list', items: type }, merged),
    field('nonMergingList', { type: 'list', items: type }),
    field('mergingIntList', { type: 'list', items: { type: 'integer' } }, { patchStrategy: ['merge'] }),
    field('nonMergingIntList', { type: 'list', items: { type: 'integer' } }),
    field('simpleMap', { type: 'map', values: text }),
    field('mergeItemPtr', type, { pointer: true }),
    field('replacingItem', type, { patchStrategy: ['replace'] }),
    field('retainKeysMap', type, { patchStrategy: ['retainKeys'] }),
    field(
      'retainKeysMergingList',
      { type: 'list', items: type },
      { patchStrategy: ['merge', 'retainKeys'], patchMergeKey: 'name' },
    ),
    field('keyless', { type: 'list', items: struct(field('name', text)) }, { patchStrategy: ['merge'] }),
  ]) {
    fields.set(one.name, one);
  }
  return type;
}
const schema = mergeItem();
const patched = (object: object, patch: unknown): unknown =>
  applyStrategicMergePatch(deepFreeze(object), deepFreeze(patch), schema);

const a = { name: 'a', value: '1' };
const b = { name: 'b', value: '2' };
const c = { name: 'c', value: '3' };

const cases: readonly (readonly [name: string, object: object, patch: object, result: unknown])[] = [
  ['null deletes a field', { name: 'x', value: 'y' }, { value: null }, { name: 'x' }],
  ['null of a missing field is nothing', { name: 'x' }, { value: null }, { name: 'x' }],
  [
    'maps are merged',
    { simpleMap: { k: '1', l: '2' } },
    { simpleMap: { k: '3', m: '4' } },
    { simpleMap: { k: '3', l: '2', m: '4' } },
  ],
  ['nulls of new maps are dropped', {}, { simpleMap: { k: null, l: '1' } }, { simpleMap: { l: '1' } }],
  [
    '$patch delete empties a map',
    { simpleMap: { k: '1' } },
    { simpleMap: { $patch: 'delete' } },
    { simpleMap: {} },
  ],
  [
    '$patch replace replaces a map',
    { simpleMap: { k: '1' } },
    { simpleMap: { $patch: 'replace', l: '2' } },
    { simpleMap: { l: '2' } },
  ],
  [
    '$patch replace replaces the root',
    { name: 'x', value: 'y' },
    { $patch: 'replace', name: 'z' },
    { name: 'z' },
  ],
  [
    'a replace strategy replaces a map',
    { replacingItem: { name: 'x', value: 'y' } },
    { replacingItem: { name: 'z' } },
    { replacingItem: { name: 'z' } },
  ],
  [
    'lists are merged by key',
    { mergingList: [a, b] },
    { mergingList: [{ name: 'b', other: 'o' }] },
    { mergingList: [a, { ...b, other: 'o' }] },
  ],
  [
    'new items go to the front, in the order of the patch',
    { mergingList: [a] },
    { mergingList: [c, b] },
    { mergingList: [c, b, a] },
  ],
  [
    'items of the patch keep its order',
    { mergingList: [a, b, c] },
    { mergingList: [{ name: 'c' }, { name: 'a' }] },
    { mergingList: [b, c, a] },
  ],
  [
    'items are deleted',
    { mergingList: [a, b] },
    { mergingList: [{ name: 'a', $patch: 'delete' }] },
    { mergingList: [b] },
  ],
  [
    'deleting a missing item is nothing',
    { mergingList: [a] },
    { mergingList: [{ name: 'x', $patch: 'delete' }] },
    { mergingList: [a] },
  ],
  [
    'lists are replaced by directive',
    { mergingList: [a, b] },
    { mergingList: [c, { $patch: 'replace' }] },
    { mergingList: [c] },
  ],
  [
    'lists without strategy are replaced',
    { nonMergingList: [a, b] },
    { nonMergingList: [c] },
    { nonMergingList: [c] },
  ],
  [
    'lists of primitives are merged as sets',
    { mergingIntList: [1, 2] },
    { mergingIntList: [3, 2] },
    { mergingIntList: [3, 1, 2] },
  ],
  [
    'lists of primitives are replaced',
    { nonMergingIntList: [1, 2] },
    { nonMergingIntList: [3] },
    { nonMergingIntList: [3] },
  ],
  [
    'primitives are deleted from lists',
    { mergingIntList: [1, 2, 3] },
    { '$deleteFromPrimitiveList/mergingIntList': [1, 3] },
    { mergingIntList: [2] },
  ],
  [
    'primitives are added and deleted',
    { mergingIntList: [1, 2] },
    { '$deleteFromPrimitiveList/mergingIntList': [1], mergingIntList: [4] },
    { mergingIntList: [4, 2] },
  ],
  [
    '$setElementOrder orders a list',
    { mergingList: [a, b, c] },
    { '$setElementOrder/mergingList': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] },
    { mergingList: [c, a, b] },
  ],
  [
    '$setElementOrder keeps what only the server has in its place',
    { mergingList: [a, { name: 'server' }, b] },
    {
      '$setElementOrder/mergingList': [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
      mergingList: [{ name: 'c', value: '3' }],
    },
    { mergingList: [a, { name: 'server' }, b, c] },
  ],
  [
    '$setElementOrder orders primitives',
    { mergingIntList: [1, 2, 3] },
    { '$setElementOrder/mergingIntList': [3, 1, 4], mergingIntList: [4] },
    { mergingIntList: [2, 3, 1, 4] },
  ],
  [
    '$setElementOrder of a list that is not there',
    {},
    { '$setElementOrder/mergingList': [{ name: 'a' }] },
    {},
  ],
  [
    '$setElementOrder with a new list',
    {},
    { '$setElementOrder/mergingList': [{ name: 'a' }], mergingList: [a, { name: 'z', $patch: 'delete' }] },
    { mergingList: [a] },
  ],
  [
    '$retainKeys clears other fields',
    { retainKeysMap: { name: 'a', value: '1' } },
    { retainKeysMap: { $retainKeys: ['other'], other: 'o' } },
    { retainKeysMap: { other: 'o' } },
  ],
  [
    '$retainKeys in merged items',
    { retainKeysMergingList: [{ name: 'a', value: '1' }] },
    { retainKeysMergingList: [{ $retainKeys: ['name', 'other'], name: 'a', other: 'o' }] },
    { retainKeysMergingList: [{ name: 'a', other: 'o' }] },
  ],
  [
    'nested lists are merged',
    { mergingList: [{ name: 'a', mergingList: [b] }] },
    { mergingList: [{ name: 'a', mergingList: [c] }] },
    { mergingList: [{ name: 'a', mergingList: [c, b] }] },
  ],
  ['a list takes the place of a null', { mergingList: null }, { mergingList: [a] }, { mergingList: [a] }],
  ['a new map with $patch delete is not added', {}, { mergeItemPtr: { $patch: 'delete' } }, {}],
];

const failures: readonly (readonly [name: string, object: object, patch: unknown, message: string])[] = [
  [
    'an item without its key',
    { mergingList: [a] },
    { mergingList: [{ value: '1' }] },
    'map: map[value:1] does not contain declared merge key: name',
  ],
  [
    'a live item without its key',
    { mergingList: [{ value: '2' }] },
    { mergingList: [a] },
    'map: map[value:2] does not contain declared merge key: name',
  ],
  [
    'an unknown directive',
    { simpleMap: { a: '1' } },
    { simpleMap: { $patch: 'wipe' } },
    'unknown patch type: wipe in map: map[$patch:wipe]',
  ],
  [
    'an unknown directive of an item',
    { mergingList: [a] },
    { mergingList: [{ name: 'a', $patch: 'x' }] },
    'unknown patch type: x in map: map[$patch:x name:a]',
  ],
  [
    'a merge directive in a list',
    { mergingList: [a] },
    { mergingList: [{ name: 'a', $patch: 'merge' }] },
    'merging lists cannot yet be specified in the patch',
  ],
  [
    'mixed items',
    { mergingIntList: [1] },
    { mergingIntList: ['a'] },
    'list element types are not identical: [[1] [a]]',
  ],
  [
    'retained keys that miss one',
    { retainKeysMap: { name: 'a' } },
    { retainKeysMap: { $retainKeys: ['value'], other: 'o' } },
    'invalid patch format of retainKeys',
  ],
  [
    'retained keys that are no list',
    { retainKeysMap: { name: 'a' } },
    { retainKeysMap: { $retainKeys: 'x' } },
    'invalid patch format of retainKeys',
  ],
  ['an order without a name', {}, { $setElementOrder: [] }, 'invalid patch format of setElementOrder list'],
  [
    'a deletion without a name',
    { mergingIntList: [1] },
    { $deleteFromPrimitiveList: [1] },
    'invalid patch format of primitive list',
  ],
  [
    'items out of order',
    { mergingIntList: [1] },
    { '$setElementOrder/mergingIntList': [1, 2], mergingIntList: [2, 1] },
    "The order in patch list:\n[2 1]\n doesn't match $setElementOrder list:\n[1 2]\n",
  ],
  [
    'an unknown field',
    { ghost: { a: 1 } },
    { ghost: { a: 2 } },
    'unable to find api field in struct MergeItem for the json field "ghost"',
  ],
  [
    'a list without a key',
    { keyless: [{ name: 'a' }] },
    { keyless: [{ name: 'b' }] },
    'cannot merge lists without merge key for struct',
  ],
  ['a list as patch', {}, [], 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
];

describe('strategic merge patch', () => {
  it.each(cases)('%s', (_, object, patch, result) => {
    expect(patched(object, patch)).toEqual(result);
  });

  it.each(failures)('refuses %s', (_, object, patch, message) => {
    expect(() => patched(object, patch)).toThrow(expect.objectContaining({ message, code: 400 }));
  });

  it('refuses lists of lists with 422', () => {
    expect(() => patched({ mergingIntList: [[1]] }, { mergingIntList: [[2]] })).toThrow(
      expect.objectContaining({ code: 422 }),
    );
  });

  it('gives back the object that it does not change', () => {
    const object = deepFreeze({ mergingList: [a, b], simpleMap: { k: '1' }, mergingIntList: [1] });
    const patch = { mergingList: [{ name: 'b', value: '2' }], simpleMap: { k: '1' }, mergingIntList: [1] };
    expect(applyStrategicMergePatch(object, patch, schema)).toBe(object);
    expect(applyStrategicMergePatch(object, null, schema)).toBe(object);
  });

  it('is linear in the length of lists', () => {
    const list = Array.from({ length: 50_000 }, (_, i) => ({ name: `n${i}` }));
    const start = performance.now();
    applyStrategicMergePatch({ mergingList: list }, { mergingList: list.toReversed() }, schema);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});
