import { schemaOf } from '../schema/schema-of.ts';
import type { AnyType, Field, ScalarType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { additionalSchema, hasDefault, itemsSchema, type JsonSchema } from './json-schema.ts';

const ANY: AnyType = { type: 'any' };
const objectMeta = (): StructType => schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');

/**
 * A custom resource's structural schema as the type that patches and server-side apply read. apiVersion,
 * kind and metadata are always there and typed as in built-in kinds, also in embedded resources.
 */
export function typeSchemaOf(schema: JsonSchema): StructType {
  const type = structOf(schema, true);
  return type;
}

function structOf(schema: JsonSchema, resource: boolean): StructType {
  const fields = new Map<string, Field>();
  const needed = new Set(schema.required ?? []);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    fields.set(name, {
      name,
      type: convert(property),
      omitEmpty: true,
      pointer: true,
      ...(needed.has(name) ? { required: true } : {}),
      ...(hasDefault(property) ? { default: property.default } : {}),
    });
  }
  if (resource) {
    const text: ScalarType = { type: 'string' };
    for (const name of ['apiVersion', 'kind']) fields.set(name, { name, type: text, omitEmpty: true });
    fields.set('metadata', { name: 'metadata', type: objectMeta() });
  }
  return {
    type: 'struct',
    fields,
    ...(schema['x-kubernetes-preserve-unknown-fields'] ? { unknown: ANY } : {}),
    ...(schema['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {}),
  };
}

const SCALARS: Readonly<Record<string, ScalarType>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer', format: 'int64' },
  number: { type: 'number', format: 'double' },
};

function convert(schema: JsonSchema): TypeSchema {
  if (schema['x-kubernetes-int-or-string']) return { type: 'string', format: 'int-or-string' };
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  if (schema.type === 'array') return listOf(schema);
  if (schema.type === 'object' || embedded || schema.properties) return objectOf(schema, embedded);
  return (schema.type === undefined ? undefined : SCALARS[schema.type]) ?? ANY;
}

function objectOf(schema: JsonSchema, embedded: boolean): TypeSchema {
  const extra = additionalSchema(schema);
  const atomic = schema['x-kubernetes-map-type'] === 'atomic' ? { atomic: true } : {};
  if (extra && !schema.properties) return { type: 'map', values: convert(extra), ...atomic };
  if (schema.additionalProperties === true && !schema.properties)
    return { type: 'map', values: ANY, ...atomic };
  return structOf(schema, embedded);
}

function listOf(schema: JsonSchema): TypeSchema {
  const items = itemsSchema(schema);
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  return {
    type: 'list',
    items: items ? convert(items) : ANY,
    ...(listType === 'set' || listType === 'map' || listType === 'atomic' ? { listType } : {}),
    ...(keys && keys.length > 0 ? { listKeys: keys } : {}),
  };
}
