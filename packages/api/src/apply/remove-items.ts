import { setOwn } from '@sampan/base';
import type { ListType, MapType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { childrenOf, type FieldSet, isEmpty, isMember } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { asList, asMap, entryType, isAssociative, itemElement, mapTypeOf } from './typed-value.ts';

/**
 * The value without the fields of a set (structured-merge-diff's RemoveItems); undefined when nothing of it is
 * left. What is not removed is shared.
 */
export function removeItems(value: unknown, items: FieldSet, type: TypeSchema): unknown {
  if (isEmpty(items)) return value;
  const mapType = mapTypeOf(type, value);
  if (mapType !== undefined) return removeFromMap(mapType, value, items);
  if (type.type === 'list') return removeFromList(type, value, items);
  return Array.isArray(value) ? undefined : value;
}

function removeFromMap(type: MapType | StructType, value: unknown, items: FieldSet): unknown {
  const map = asMap(value);
  if (map === undefined || type.atomic) return undefined;
  let result = map;
  for (const key of Object.keys(map)) {
    const node = items[fieldElement(key)];
    if (node === undefined) continue;
    const rest = removeNode(map[key], node, entryType(type, key));
    if (rest === map[key]) continue;
    if (result === map) result = { ...map };
    if (rest === undefined) delete result[key];
    else setOwn(result, key, rest);
  }
  for (const _ in result) return result;
  return undefined;
}

function removeFromList(type: ListType, value: unknown, items: FieldSet): unknown {
  const list = asList(value);
  if (list === undefined || !isAssociative(type)) return undefined;
  const result: unknown[] = [];
  let same = true;
  for (const item of list) {
    const node = items[itemElement(type, item)];
    const rest = node === undefined ? item : removeNode(item, node, type.items);
    if (rest !== item) same = false;
    if (rest !== undefined) result.push(rest);
  }
  if (same) return value;
  return result.length === 0 ? undefined : result;
}

function removeNode(value: unknown, node: FieldSet, type: TypeSchema): unknown {
  return isMember(node) ? undefined : removeItems(value, childrenOf(node), type);
}
