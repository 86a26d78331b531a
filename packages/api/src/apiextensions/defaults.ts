import { deepClone, isObject, type Json, setOwn } from '@sampan/base';
import { errors } from '../meta/status.ts';
import { childNode, type SchemaNode } from './schema-node.ts';

const isNull = (value: unknown, node: SchemaNode | undefined): boolean =>
  value === null && node !== undefined && !node.nullable;

/** Most characters of JSON that defaults may add to one object: each item of a long list may get its own. */
export const MAX_DEFAULTS_SIZE = 3 * 1024 * 1024;

/**
 * Fills in place what the schema defaults: absent fields, and nulls that the schema does not allow. Defaults
 * are copied. Throws StatusError RequestEntityTooLarge when they would add more than MAX_DEFAULTS_SIZE.
 * Source: apiextensions-apiserver pkg/apiserver/schema/defaulting.
 */
export function applyDefaults(value: unknown, node: SchemaNode | undefined): void {
  fill(value, node, { size: 0 });
}

function copyOf(node: SchemaNode | undefined, added: { size: number }): Json {
  added.size += node?.defaultSize ?? 0;
  if (added.size > MAX_DEFAULTS_SIZE) {
    throw errors.tooLarge(
      `the defaults of the schema add more than ${MAX_DEFAULTS_SIZE} bytes to the object`,
    );
  }
  return deepClone(node?.default ?? null) as Json;
}

function fill(value: unknown, node: SchemaNode | undefined, added: { size: number }): void {
  if (node === undefined || !node.defaultsBelow) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      if (isNull(value[i], node.items)) value[i] = copyOf(node.items, added);
      fill(value[i], node.items, added);
    }
  } else if (isObject(value)) {
    for (const [key, property] of node.properties) {
      if (property.default === undefined) continue;
      if (!Object.hasOwn(value, key) || isNull(value[key], property))
        setOwn(value, key, copyOf(property, added));
    }
    for (const key of Object.keys(value)) {
      const child = childNode(node, key);
      if (child === undefined) continue;
      if (!node.properties.has(key) && isNull(value[key], child)) setOwn(value, key, copyOf(child, added));
      fill(value[key], child, added);
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
