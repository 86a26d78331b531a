import type { Field, ListType, MapType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { keyElement, MAX_CACHED_LENGTH, valueElement } from './path-element.ts';

/** A value that does not fit its type; `path` is the place below the value that was looked at. */
export class TypedError extends Error {}

export type JsonMap = Record<string, unknown>;

/** What a value of unknown type is taken for: maps by their keys, lists and scalars as a whole. */
export const DEDUCED: TypeSchema = { type: 'any' };
const WHOLE: MapType = { type: 'map', values: DEDUCED, atomic: true };
const DEDUCED_MAP: MapType = { type: 'map', values: DEDUCED };

/** The map type by which a value is walked; undefined when it is a leaf or a list. */
export function mapTypeOf(type: TypeSchema, value: unknown): MapType | StructType | undefined {
  if (type.type === 'struct' || type.type === 'map') return type;
  return type.type === 'any' && asMap(value) !== undefined ? DEDUCED_MAP : undefined;
}

export function asMap(value: unknown): JsonMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonMap)
    : undefined;
}

export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function isEmptyMap(map: JsonMap | undefined): boolean {
  if (map === undefined) return true;
  for (const _ in map) return false;
  return true;
}

/** The type of a map's entry. Undeclared fields, which decoding drops, are walked by their value. */
export function entryType(type: MapType | StructType, key: string): TypeSchema {
  if (type.type === 'map') return type.values;
  const declared = type.fields.get(key)?.type;
  if (declared === undefined) return type.unknown ?? DEDUCED;
  // raw JSON inside a built-in type (ControllerRevision's data) has one owner upstream
  return declared.type === 'any' && type.name !== undefined ? WHOLE : declared;
}

export function isNamedField(type: MapType | StructType, key: string): boolean {
  return type.type === 'struct' && type.fields.has(key);
}

export function isAssociative(type: ListType): boolean {
  return type.listType === 'map' || type.listType === 'set';
}

/** Keys in the order of their path elements. */
export function sortedKeys(map: JsonMap): string[] {
  const keys = Object.keys(map);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] as string) > (keys[i] as string)) return keys.sort();
  }
  return keys;
}

interface ListKey {
  readonly name: string;
  readonly fallback: unknown;
  /** Elements by value, as far as known. */
  readonly elements: Map<string, string>;
}

const listKeys = new WeakMap<ListType, readonly ListKey[]>();

function keysOf(type: ListType): readonly ListKey[] {
  let keys = listKeys.get(type);
  if (keys === undefined) {
    const items = type.items.type === 'struct' ? type.items : undefined;
    keys = [...(type.listKeys ?? [])].sort().map((name) => ({
      name,
      fallback: defaultOf(items?.fields.get(name), items?.name !== undefined),
      elements: new Map(),
    }));
    listKeys.set(type, keys);
  }
  return keys;
}

/** What an absent key counts as: its default, else in Go types the zero value of a field that is always written. */
function defaultOf(field: Field | undefined, isGoType: boolean): unknown {
  if (field === undefined || field.default !== undefined) return field?.default;
  if (!isGoType || field.omitEmpty === true || field.pointer === true) return undefined;
  switch (field.type.type) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    default:
      return undefined;
  }
}

/**
 * The path element of an item of an associative list. Absent keys take their defaults (`protocol: TCP`).
 * Throws `TypedError` for items that cannot have one.
 */
export function itemElement(type: ListType, item: unknown): string {
  if (type.listType === 'set') return setElement(item);
  if (item === null || item === undefined) {
    throw new TypedError('associative list with keys may not have a null element');
  }
  const map = asMap(item);
  if (map === undefined) throw new TypedError('associative list with keys may not have non-map elements');
  const keys = keysOf(type);
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) {
    const value = keyValue(map, only);
    if (value !== undefined) return singleKeyElement(only, value);
  }
  const present: [string, unknown][] = [];
  for (const key of keys) {
    const value = keyValue(map, key);
    if (value !== undefined) present.push([key.name, value]);
  }
  if (present.length > 0) return keyElement(present);
  const names = (type.listKeys ?? []).map((name) => JSON.stringify(name)).join(' ');
  throw new TypedError(
    `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  );
}

const CACHED_ELEMENTS = 2_000;

/** Names of containers, volumes and variables repeat from object to object. */
function singleKeyElement({ name, elements }: ListKey, value: unknown): string {
  if (typeof value !== 'string') return keyElement([[name, value]]);
  let element = elements.get(value);
  if (element === undefined) {
    element = keyElement([[name, value]]);
    if (value.length > MAX_CACHED_LENGTH) return element;
    if (elements.size >= CACHED_ELEMENTS) elements.clear();
    elements.set(value, element);
  }
  return element;
}

/** Undefined when the item neither has the key nor gets it by default; other keys may then tell it apart. */
function keyValue(map: JsonMap, { name, fallback }: ListKey): unknown {
  return Object.hasOwn(map, name) && map[name] !== undefined ? map[name] : fallback;
}

function setElement(item: unknown): string {
  if (item === null || item === undefined) {
    throw new TypedError("associative list without keys has an element that's an explicit null");
  }
  if (Array.isArray(item)) throw new TypedError('not supported: associative list with lists as elements');
  if (typeof item === 'object') {
    throw new TypedError("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}

/** The type that lies at a path element; undefined when the type has no such place. */
export function typeAt(type: TypeSchema, element: string): TypeSchema | undefined {
  if (element.startsWith('f:')) {
    const name = element.slice(2);
    if (type.type === 'struct') return type.fields.get(name)?.type ?? type.unknown;
    if (type.type === 'map') return type.values;
    return type.type === 'any' ? type : undefined;
  }
  return type.type === 'list' ? type.items : undefined;
}
