import { isObject, type JsonObject } from '@sampan/base';
import { type FieldError, invalid } from '../meta/field-error.ts';
import { schemaOf } from '../schema/schema-of.ts';
import type { Field, StructType, TypeSchema } from '../schema/type-schema.ts';
import { canonical } from './canonical.ts';
import { childField, indexField, keyField } from './field-path.ts';
import { childNode, type SchemaNode } from './schema-node.ts';

/** Metadata that is no metadata: the text is Go's encoding/json's. */
export class MetadataError extends Error {
  readonly code = 'metadata-invalid';
}

let objectMetaType: StructType | undefined;

/**
 * Makes metadata what decoding it into upstream's ObjectMeta and encoding it again would: unknown fields go,
 * nulls and empty values go, times must be times. In place. Returns the paths of unknown fields; throws
 * MetadataError for a value of a wrong type.
 */
export function coerceMetadata(owner: JsonObject, path = 'metadata'): string[] {
  if (owner.metadata === undefined) return [];
  if (owner.metadata === null) {
    owner.metadata = {};
    return [];
  }
  const unknown: string[] = [];
  objectMetaType ??= schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
  coerceStruct(owner.metadata, objectMetaType, path, '', unknown);
  if ((owner.metadata as JsonObject).creationTimestamp === null)
    delete (owner.metadata as JsonObject).creationTimestamp;
  return unknown;
}

const GO_NAMES: Readonly<Record<string, string>> = {
  string: 'string',
  boolean: 'bool',
  integer: 'int64',
  number: 'float64',
};

function goType(type: TypeSchema): string {
  switch (type.type) {
    case 'struct':
      return `v1.${(type.name ?? '').split('.').at(-1) ?? ''}`;
    case 'map':
      return `map[string]${goType(type.values)}`;
    case 'list':
      return `[]${goType(type.items)}`;
    case 'any':
      return 'interface {}';
    default:
      return GO_NAMES[type.type] ?? type.type;
  }
}

function mismatch(value: unknown, type: TypeSchema, goPath: string): never {
  const found = Array.isArray(value)
    ? 'array'
    : value === null
      ? 'null'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  const where = goPath === '' ? 'Go value' : `Go struct field ${goPath}`;
  throw new MetadataError(`json: cannot unmarshal ${found} into ${where} of type ${goType(type)}`);
}

function coerceStruct(
  value: unknown,
  type: StructType,
  path: string,
  goPath: string,
  unknown: string[],
): void {
  if (!isObject(value)) mismatch(value, type, goPath);
  const short = (type.name ?? '').split('.').at(-1) ?? '';
  for (const key of Object.keys(value)) {
    const field = type.fields.get(key);
    if (!field) {
      unknown.push(`${path}.${key}`);
      delete value[key];
    } else if (value[key] === null || value[key] === undefined) {
      if (field.name !== 'creationTimestamp') delete value[key];
    } else {
      coerceValue(
        value[key],
        field.type,
        `${path}.${key}`,
        `${goPath === '' ? short : goPath}.${key}`,
        unknown,
      );
      if (isEmpty(value[key], field)) delete value[key];
    }
  }
}

function isEmpty(value: unknown, field: Field): boolean {
  if (field.omitEmpty !== true || (field.pointer && typeof value !== 'object')) return false;
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

function coerceValue(
  value: unknown,
  type: TypeSchema,
  path: string,
  goPath: string,
  unknown: string[],
): void {
  switch (type.type) {
    case 'struct':
      coerceStruct(value, type, path, goPath, unknown);
      return;
    case 'map':
      if (!isObject(value)) mismatch(value, type, goPath);
      for (const key of Object.keys(value))
        coerceValue(value[key], type.values, `${path}.${key}`, goPath, unknown);
      return;
    case 'list':
      if (!Array.isArray(value)) mismatch(value, type, goPath);
      value.forEach((item, i) => {
        coerceValue(item, type.items, `${path}[${i}]`, goPath, unknown);
      });
      return;
    case 'any':
      return;
    default:
      coerceScalar(value, type, goPath);
  }
}

function coerceScalar(value: unknown, type: TypeSchema & { type: string }, goPath: string): void {
  const wanted = type.type === 'integer' ? 'number' : type.type;
  if (typeof value !== wanted || (type.type === 'integer' && !Number.isInteger(value))) {
    if ((typeof value === 'number' || typeof value === 'bigint') && type.type === 'integer') {
      throw new MetadataError(
        `json: cannot unmarshal number ${value} into Go struct field ${goPath} of type int64`,
      );
    }
    mismatch(value, type, goPath);
  }
  if ('format' in type && type.format === 'date-time' && typeof value === 'string' && !TIME.test(value)) {
    throw new MetadataError(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    );
  }
}

/** Thrown by `coerceEmbedded`: what was found, as a field error. */
export class CoerceError extends Error {
  readonly code = 'embedded-metadata-invalid';
  readonly error: FieldError;
  constructor(error: FieldError, message: string) {
    super(message);
    this.error = error;
  }
}

/**
 * Checks apiVersion, kind and metadata of embedded resources, and coerces their metadata, in place. Returns
 * paths of unknown metadata fields. Source: apiextensions-apiserver pkg/apiserver/schema/objectmeta.
 */
export function coerceEmbedded(
  value: unknown,
  node: SchemaNode | undefined,
  path = '',
  resource = node?.embedded ?? false,
): string[] {
  if (node === undefined || (!node.embeddedBelow && !resource)) return [];
  const unknown: string[] = [];
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      unknown.push(...coerceEmbedded(item, node.items, indexField(path, i)));
    });
  } else if (isObject(value)) {
    if (resource) unknown.push(...coerceResource(value, path));
    for (const key of Object.keys(value)) {
      const field = node.properties.has(key) ? childField(path, key) : keyField(path, key);
      unknown.push(...coerceEmbedded(value[key], childNode(node, key), field));
    }
  }
  return unknown;
}

function coerceResource(value: JsonObject, path: string): string[] {
  for (const key of ['apiVersion', 'kind']) {
    if (!Object.hasOwn(value, key) || typeof value[key] === 'string') continue;
    refuse(childField(path, key), value[key], 'must be a string');
  }
  const shown = value.metadata;
  try {
    return coerceMetadata(value, childField(path, 'metadata'));
  } catch (error) {
    if (!(error instanceof MetadataError)) throw error;
    return refuse(childField(path, 'metadata'), shown, error.message);
  }
}

function refuse(field: string, value: unknown, detail: string): never {
  const error = invalid(field, canonical(value), detail);
  throw new CoerceError(error, `${field}: Invalid value: ${JSON.stringify(canonical(value))}: ${detail}`);
}
