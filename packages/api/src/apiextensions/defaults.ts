import { deepClone, isObject, type Json, setOwn } from '@sampan/base';
import { childNode, type SchemaNode } from './schema-node.ts';

const isNull = (value: unknown, node: SchemaNode | undefined): boolean =>
  value === null && node !== undefined && !node.nullable;

/**
 * Fills in place what the schema defaults: absent fields, and nulls that the schema does not allow. Defaults
 * are copied. Source: apiextensions-apiserver pkg/apiserver/schema/defaulting.
 */
export function applyDefaults(value: unknown, node: SchemaNode | undefined): void {
  if (node === undefined || !node.defaultsBelow) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (isNull(value[i], node.items)) value[i] = deepClone(node.items?.default ?? null);
      applyDefaults(value[i], node.items);
    }
  } else if (isObject(value)) {
    for (const [key, property] of node.properties) {
      if (property.default === undefined) continue;
      if (!Object.hasOwn(value, key) || isNull(value[key], property)) {
        setOwn(value, key, deepClone(property.default) as Json);
      }
    }
    for (const key of Object.keys(value)) {
      const child = childNode(node, key);
      if (child === undefined) continue;
      if (!node.properties.has(key) && isNull(value[key], child)) {
        setOwn(value, key, deepClone(child.default ?? null) as Json);
      }
      applyDefaults(value[key], child);
    }
  }
}

/**
 * Removes in place the fields that are null though the schema neither allows null nor has a default: as
 * decoding into a Go struct would.
 */
export function pruneNulls(value: unknown, node: SchemaNode | undefined): void {
  if (node === undefined) return;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') pruneNulls(item, node.items);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (typeof item !== 'object') continue;
      const child = childNode(node, key);
      if (item === null && isNull(item, child) && child?.default === undefined) delete value[key];
      else pruneNulls(item, child);
    }
  }
}
