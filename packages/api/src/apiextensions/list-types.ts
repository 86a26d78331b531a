import { isObject } from '@sampan/base';
import { duplicate, type FieldError, invalid } from '../meta/field-error.ts';
import { canonical } from './canonical.ts';
import { childField, indexField, keyField } from './field-path.ts';
import { childNode, type SchemaNode } from './schema-node.ts';

/**
 * Errors of lists of type set and map whose items or keys are not unique. Source: apiextensions-apiserver
 * pkg/apiserver/schema/listtype.
 */
export function validateListTypes(value: unknown, node: SchemaNode | undefined, path = ''): FieldError[] {
  if (node === undefined || !node.listTypesBelow) return [];
  const errors: FieldError[] = [];
  if (Array.isArray(value)) {
    if (node.listType === 'set') {
      for (const i of repeated(value)) errors.push(duplicate(indexField(path, i), canonical(value[i])));
    } else if (node.listType === 'map') {
      errors.push(...validateListMap(value, node, path));
    }
    for (let i = 0; i < value.length; i++) {
      errors.push(...validateListTypes(value[i], node.items, indexField(path, i)));
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const child = childNode(node, key);
      const field = node.properties.has(key) ? childField(path, key) : keyField(path, key);
      errors.push(...validateListTypes(value[key], child, field));
    }
  }
  return errors;
}

/** The index of the second of each group of equal items. */
function repeated(items: readonly unknown[]): number[] {
  const seen = new Map<string, number>();
  const found: number[] = [];
  items.forEach((item, i) => {
    const text = JSON.stringify(canonical(item)) ?? 'undefined';
    const times = seen.get(text) ?? 0;
    if (times === 1) found.push(i);
    seen.set(text, times + 1);
  });
  return found;
}

function validateListMap(list: readonly unknown[], node: SchemaNode, path: string): FieldError[] {
  for (let i = 0; i < list.length; i++) {
    if (list[i] !== null && !isObject(list[i])) {
      return [invalid(indexField(path, i), list[i], 'must be an object for an array of list-type map')];
    }
  }
  const keys = list.map((item) => {
    const own: Record<string, unknown> = {};
    if (isObject(item)) for (const key of node.listKeys) if (Object.hasOwn(item, key)) own[key] = item[key];
    return own;
  });
  return repeated(keys).map((i) => duplicate(indexField(path, i), canonical(keys[i])));
}
