import { isObject, type Json } from '@sampan/base';

/** A CEL rule of a schema (apiextensions.k8s.io/v1 ValidationRule). */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** apiextensions.k8s.io/v1 JSONSchemaProps as it comes in JSON. */
export interface JsonSchema {
  readonly id?: string;
  readonly $schema?: string;
  readonly $ref?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly title?: string;
  readonly nullable?: boolean;
  readonly default?: Json;
  readonly example?: Json;
  readonly enum?: readonly Json[];
  readonly maximum?: number;
  readonly exclusiveMaximum?: boolean;
  readonly minimum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly minItems?: number;
  readonly uniqueItems?: boolean;
  readonly multipleOf?: number;
  readonly maxProperties?: number;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly items?: JsonSchema | readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly dependencies?: Readonly<Record<string, JsonSchema | readonly string[]>>;
  readonly additionalItems?: JsonSchema | boolean;
  readonly definitions?: Readonly<Record<string, JsonSchema>>;
  readonly externalDocs?: { readonly description?: string; readonly url?: string };
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** The single schema of `items`, absent when it is missing or a list of schemas. */
export function itemsSchema(schema: JsonSchema): JsonSchema | undefined {
  const items = schema.items;
  return items !== undefined && !Array.isArray(items) ? (items as JsonSchema) : undefined;
}

/** The schemas of an `items` list (which custom resources may not use). */
export function itemsList(schema: JsonSchema): readonly JsonSchema[] {
  return Array.isArray(schema.items) ? (schema.items as readonly JsonSchema[]) : [];
}

/** `additionalProperties` when it is a schema. */
export function additionalSchema(schema: JsonSchema): JsonSchema | undefined {
  const extra = schema.additionalProperties;
  return isObject(extra) ? (extra as JsonSchema) : undefined;
}

/** The property's schema, never one of Object.prototype. */
export function propertySchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  return schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : undefined;
}

/** A default that counts: upstream treats `default: null` as none. */
export function hasDefault(schema: JsonSchema): boolean {
  return schema.default !== undefined && schema.default !== null;
}

/** Does the predicate hold for the schema or any schema in it? Upstream's SchemaHas. */
export function schemaHas(schema: JsonSchema | undefined, predicate: (s: JsonSchema) => boolean): boolean {
  if (schema === undefined) return false;
  if (predicate(schema)) return true;
  for (const child of subschemas(schema)) if (schemaHas(child, predicate)) return true;
  return false;
}

/** All direct subschemas, wherever they stand. */
export function* subschemas(schema: JsonSchema): Generator<JsonSchema> {
  const one = itemsSchema(schema);
  if (one) yield one;
  yield* itemsList(schema);
  for (const list of [schema.allOf, schema.anyOf, schema.oneOf]) if (list) yield* list;
  if (schema.not) yield schema.not;
  yield* Object.values(schema.properties ?? {});
  const extra = additionalSchema(schema);
  if (extra) yield extra;
  yield* Object.values(schema.patternProperties ?? {});
  if (isObject(schema.additionalItems)) yield schema.additionalItems as JsonSchema;
  yield* Object.values(schema.definitions ?? {});
  for (const value of Object.values(schema.dependencies ?? {}))
    if (isObject(value)) yield value as JsonSchema;
}
