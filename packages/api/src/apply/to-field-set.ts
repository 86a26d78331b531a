import type { ListType, MapType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { EMPTY, type FieldSet, inOrder, LEAF, withSelf } from './field-set.ts';
import { fieldElement, SELF } from './path-element.ts';
import {
  asList,
  asMap,
  entryType,
  isAssociative,
  isEmptyMap,
  isNamedField,
  itemElement,
  mapTypeOf,
  sortedKeys,
} from './typed-value.ts';

/**
 * The fields that a value sets: its leaves, list items and map entries (structured-merge-diff's ToFieldSet).
 * A struct is only in the set by its fields. Throws `TypedError` when an item of a list has no key.
 */
export function toFieldSet(value: unknown, type: TypeSchema): FieldSet {
  return fieldsOf(type, value) ?? EMPTY;
}

/** Undefined when the value adds nothing; `LEAF` when it is itself a field. */
function fieldsOf(type: TypeSchema, value: unknown): FieldSet | undefined {
  const mapType = mapTypeOf(type, value);
  if (mapType !== undefined) return mapType.atomic ? LEAF : mapFields(mapType, value);
  if (type.type === 'any' && (value === null || value === undefined)) return undefined;
  if (type.type !== 'list') return LEAF;
  return isAssociative(type) ? listFields(type, value) : LEAF;
}

function mapFields(type: MapType | StructType, value: unknown): FieldSet | undefined {
  const map = asMap(value);
  if (map === undefined) return undefined;
  let set: Record<string, FieldSet> | undefined;
  for (const key of sortedKeys(map)) {
    const entry = map[key];
    if (entry === undefined) continue;
    let node = fieldsOf(entryType(type, key), entry);
    const isSelf = entry === null || isEmptyMapValue(entry) || !isNamedField(type, key);
    if (isSelf) node = node === undefined ? LEAF : withSelf(node);
    if (node === undefined) continue;
    set ??= {};
    set[fieldElement(key)] = node;
  }
  return set;
}

function isEmptyMapValue(value: unknown): boolean {
  const map = asMap(value);
  return map !== undefined && isEmptyMap(map);
}

function listFields(type: ListType, value: unknown): FieldSet | undefined {
  const list = asList(value);
  if (list === undefined || list.length === 0) return undefined;
  const set: Record<string, FieldSet> = {};
  for (const item of list) {
    const element = itemElement(type, item);
    // of items with one key only the key is owned
    set[element] = element in set ? LEAF : withSelf(fieldsOf(type.items, item) ?? LEAF);
  }
  return inOrder(set);
}

/**
 * A value that stands on one side of a comparison only: as `toFieldSet`, but each map, struct and item is in
 * the set itself too. A node below a root.
 */
export function wholeSet(type: TypeSchema, value: unknown): FieldSet {
  const mapType = mapTypeOf(type, value);
  if (mapType !== undefined) return mapType.atomic ? LEAF : wholeMap(mapType, value);
  return type.type === 'list' && isAssociative(type) ? wholeList(type, value) : LEAF;
}

function wholeMap(type: MapType | StructType, value: unknown): FieldSet {
  const map = asMap(value);
  if (map === undefined || isEmptyMap(map)) return LEAF;
  const set: Record<string, FieldSet> = { [SELF]: LEAF };
  for (const key of sortedKeys(map)) {
    const entry = map[key];
    if (entry !== undefined) set[fieldElement(key)] = wholeSet(entryType(type, key), entry);
  }
  return set;
}

function wholeList(type: ListType, value: unknown): FieldSet {
  const list = asList(value);
  if (list === undefined || list.length === 0) return LEAF;
  const set: Record<string, FieldSet> = { [SELF]: LEAF };
  for (const item of list) {
    const element = itemElement(type, item);
    set[element] = element in set ? LEAF : wholeSet(type.items, item);
  }
  return inOrder(set);
}
