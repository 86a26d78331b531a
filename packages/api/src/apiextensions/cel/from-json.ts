import { isObject, type JsonObject } from '@sampan/base';
import { isDate } from '../formats.ts';
import { parseLooseDuration } from '../go-duration.ts';
import { childNode, type SchemaNode, schemaNode } from '../schema-node.ts';
import { withTypeAndObjectMeta } from './decl-type.ts';
import { unescapeName } from './escape.ts';
import {
  CelError,
  type CelValue,
  Duration,
  type ListValue,
  type MapValue,
  spend,
  Timestamp,
} from './values.ts';

const rootNodes = new WeakMap<SchemaNode, SchemaNode>();

/** The node of a resource with apiVersion, kind and metadata, made once. */
export function resourceNode(node: SchemaNode): SchemaNode {
  let made = rootNodes.get(node);
  if (!made) {
    made = schemaNode(withTypeAndObjectMeta(node.schema));
    rootNodes.set(node, made);
  }
  return made;
}

/** A whole number; undefined: it is none. */
function toInt(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined;
}

/**
 * A JSON value as rules see it by its schema: lists and maps are views, formats become times, durations and
 * bytes. Source: apiserver pkg/cel/common/valuesunstructured.go.
 */
export function fromJson(value: unknown, node: SchemaNode | undefined): CelValue {
  if (value === null || value === undefined) {
    if (node?.nullable) return null;
    throw new CelError('invalid data, got null for schema with nullable=false');
  }
  const schema = node?.schema ?? {};
  if (schema['x-kubernetes-int-or-string']) {
    const either = typeof value === 'string' ? value : toInt(value);
    if (either !== undefined) return either;
    throw new CelError('invalid data, expected XIntOrString value to be either a string or integer');
  }
  switch (schema.type) {
    case 'object':
      if (!isObject(value))
        throw new CelError('invalid data, expected a map for the provided schema with type=object');
      return new JsonMap(value, node?.embedded ? resourceNode(node) : (node as SchemaNode));
    case 'array':
      if (!Array.isArray(value))
        throw new CelError('invalid data, expected an array for the provided schema with type=array');
      return new JsonList(value, node as SchemaNode);
    case 'string':
      if (typeof value !== 'string') throw new CelError('invalid data, expected string, got another type');
      return fromString(value, schema.format);
    case 'integer': {
      const integer = toInt(value);
      if (integer !== undefined) return integer;
      throw new CelError('invalid data, expected int');
    }
    case 'number':
      if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
      throw new CelError('invalid data, expected float');
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw new CelError('invalid data, expected bool');
    default:
      throw new CelError(
        'invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true',
      );
  }
}

function fromString(value: string, format: string | undefined): CelValue {
  if (format !== undefined) spend(1 + (value.length >> 3));
  switch (format) {
    case 'duration': {
      const nanos = parseLooseDuration(value);
      if (nanos === undefined) throw new CelError(`Invalid duration ${value}`);
      return new Duration(nanos);
    }
    case 'date':
      if (!isDate(value)) throw new CelError(`Invalid date formatted string ${value}`);
      return new Timestamp(BigInt(Date.parse(`${value}T00:00:00Z`)) * 1_000_000n);
    case 'date-time': {
      const time = parseTimestamp(value);
      if (!time) throw new CelError(`Invalid date-time formatted string ${value}`);
      return time;
    }
    case 'byte':
      return Uint8Array.from(Buffer.from(value, 'base64'));
    default:
      return value;
  }
}

const TIMESTAMP =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})?$/;

/** RFC 3339 with nanoseconds; undefined when it is none. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = TIMESTAMP.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  if (!isDate(`${year}-${month}-${day}`) || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)
    return undefined;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  if (Number.isNaN(time)) return undefined;
  return new Timestamp(BigInt(time) * 1_000_000n + BigInt(fraction.padEnd(9, '0') || '0'));
}

class JsonList implements ListValue {
  readonly kind = 'list';
  readonly #items: readonly unknown[];
  readonly #node: SchemaNode;

  constructor(items: readonly unknown[], node: SchemaNode) {
    this.#items = items;
    this.#node = node;
  }
  get size(): number {
    return this.#items.length;
  }
  get(index: number): CelValue {
    return fromJson(this.#items[index], this.#node.items);
  }
  get listType(): 'set' | 'map' | undefined {
    const type = this.#node.listType;
    return type === 'set' || type === 'map' ? type : undefined;
  }
  get listKeys(): readonly string[] {
    return this.#node.listKeys;
  }
}

class JsonMap implements MapValue {
  readonly kind = 'map';
  readonly #object: JsonObject;
  readonly #node: SchemaNode;

  constructor(object: JsonObject, node: SchemaNode) {
    this.#object = object;
    this.#node = node;
  }
  /** An object with properties is read by escaped names, a map by its keys. */
  get object(): boolean {
    return this.#node.properties.size > 0;
  }
  get size(): number {
    return this.#names().length;
  }
  get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined;
    const name = this.object ? unescapeName(key) : key;
    if (name === undefined || !Object.hasOwn(this.#object, name)) return undefined;
    const child = childNode(this.#node, name);
    return child && fromJson(this.#object[name], child);
  }
  keys(): CelValue[] {
    return this.#names();
  }
  #names(): string[] {
    const names = Object.keys(this.#object);
    spend(1 + (names.length >> 1));
    return names;
  }
}
