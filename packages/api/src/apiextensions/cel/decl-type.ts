import {
  additionalSchema,
  hasDefault,
  itemsSchema,
  type JsonSchema,
  propertySchema,
} from '../json-schema.ts';
import { escapeName } from './escape.ts';
import { type CelType, DYN, listOf, mapOf, STRING, simple } from './types.ts';

/** Largest request that sizes are estimated for (apiserver pkg/apis/cel/config.go), whatever the server takes. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;

/**
 * The type of a schema in rules, with what cost estimation needs: how many elements it can have, and how
 * small it can be written. Source: apiserver pkg/cel/common/schemas.go.
 */
export interface DeclType {
  readonly type: CelType;
  /** Elements of a list or map, bytes of a string; 0 = does not apply. */
  readonly maxElements: number;
  readonly minSerializedSize: number;
  readonly element?: DeclType;
  /** By escaped name. */
  readonly fields?: ReadonlyMap<string, DeclType>;
}

const scalar = (type: CelType, minSerializedSize: number, maxElements = 0): DeclType => ({
  type,
  minSerializedSize,
  maxElements,
});
const STRING_TYPE = scalar(STRING, 2, MAX_REQUEST_BYTES - 2);

/** Adds what every resource has: apiVersion, kind and metadata with name and generateName. */
export function withTypeAndObjectMeta(schema: JsonSchema): JsonSchema {
  const text = { type: 'string' };
  return {
    ...schema,
    properties: {
      ...schema.properties,
      kind: text,
      apiVersion: text,
      metadata: { type: 'object', properties: { name: text, generateName: text } },
    },
  };
}

/** What messages call the type of `self`; upstream's is this with a number that changes all the time. */
const SELF_TYPE = 'selfType1';

/** The declaration of a schema, or undefined when rules cannot see it. `name` names object types in messages. */
export function declTypeOf(
  schema: JsonSchema,
  resourceRoot: boolean,
  name = SELF_TYPE,
): DeclType | undefined {
  if (resourceRoot) return makeDecl(schema, true, name);
  let decl = known.get(schema);
  if (decl === undefined) {
    decl = makeDecl(schema, false, name) ?? null;
    known.set(schema, decl);
  }
  return decl ?? undefined;
}

/** Types by schema: nested schemas with rules and defaults ask for the same ones again. */
const known = new WeakMap<JsonSchema, DeclType | null>();

function makeDecl(schema: JsonSchema, resourceRoot: boolean, name: string): DeclType | undefined {
  if (schema['x-kubernetes-int-or-string']) {
    return scalar(
      DYN,
      1,
      schema.maxLength === undefined ? MAX_REQUEST_BYTES - 2 : 4 * Math.max(0, schema.maxLength),
    );
  }
  const full = resourceRoot ? withTypeAndObjectMeta(schema) : schema;
  switch (full.type) {
    case 'array':
      return listDecl(full, name);
    case 'object':
      return additionalSchema(full) ? mapDecl(full, name) : objectDecl(full, name);
    case 'string':
      return stringDecl(full);
    case 'boolean':
      return scalar(simple('bool'), 4);
    case 'number':
      return scalar(simple('double'), 1);
    case 'integer':
      return scalar(simple('int'), 1);
    default:
      return undefined;
  }
}

const embedded = (schema: JsonSchema): boolean => schema['x-kubernetes-embedded-resource'] === true;

function listDecl(schema: JsonSchema, name: string): DeclType | undefined {
  const items = itemsSchema(schema);
  const element = items && declTypeOf(items, embedded(items), `${name}.@idx`);
  if (!element) return undefined;
  const fit = Math.floor((MAX_REQUEST_BYTES - 2) / (element.minSerializedSize + 1));
  return {
    type: listOf(element.type),
    element,
    minSerializedSize: 2,
    maxElements: schema.maxItems === undefined ? fit : Math.max(0, schema.maxItems),
  };
}

function mapDecl(schema: JsonSchema, name: string): DeclType | undefined {
  const values = additionalSchema(schema);
  const element = values && declTypeOf(values, embedded(values), `${name}.@elem`);
  if (!element) return undefined;
  const fit = Math.floor((MAX_REQUEST_BYTES - 2) / (element.minSerializedSize + 6));
  return {
    type: mapOf(STRING, element.type),
    element,
    minSerializedSize: 2,
    maxElements: schema.maxProperties === undefined ? fit : Math.max(0, schema.maxProperties),
  };
}

function objectDecl(schema: JsonSchema, name: string): DeclType {
  const fields = new Map<string, DeclType>();
  const types = new Map<string, CelType>();
  const needed = new Set(schema.required ?? []);
  let minSerializedSize = 2;
  for (const property of Object.keys(schema.properties ?? {})) {
    const sub = propertySchema(schema, property);
    const decl = sub && declTypeOf(sub, embedded(sub), `${name}.${escapeName(property) ?? property}`);
    if (!decl) continue;
    const escaped = escapeName(property);
    if (escaped !== undefined) {
      fields.set(escaped, decl);
      types.set(escaped, decl.type);
    }
    if (needed.has(property) && !hasDefault(sub)) {
      minSerializedSize += Buffer.byteLength(property) + decl.minSerializedSize + 4;
    }
  }
  return { type: { kind: 'object', name, fields: types }, fields, minSerializedSize, maxElements: 0 };
}

function stringDecl(schema: JsonSchema): DeclType {
  const max = schema.maxLength === undefined ? undefined : Math.max(0, schema.maxLength);
  switch (schema.format) {
    case 'byte':
      return scalar(simple('bytes'), 2, max ?? MAX_REQUEST_BYTES - 2);
    case 'duration':
      return scalar(simple('duration'), 3, 32);
    case 'date':
      return scalar(simple('timestamp'), 12, 12);
    case 'date-time':
      return scalar(simple('timestamp'), 21, 32);
    default:
      if (max !== undefined) return scalar(STRING, 2, 4 * max);
      if (schema.enum && schema.enum.length > 0) {
        const lengths = schema.enum.map((value) =>
          typeof value === 'string' ? Buffer.byteLength(value) : 0,
        );
        return scalar(
          STRING,
          2,
          lengths.reduce((a, b) => Math.max(a, b), 0),
        );
      }
      return STRING_TYPE;
  }
}

/** How often data of this least size fits a request: the count assumed below unbounded lists and maps. */
export function maxCardinality(decl: DeclType): number {
  return Math.floor(MAX_REQUEST_BYTES / (decl.minSerializedSize + 1));
}

/** The same declaration, called what `self` is called in messages. */
export function asSelf(decl: DeclType): DeclType {
  return decl.type.kind === 'object' ? { ...decl, type: { ...decl.type, name: SELF_TYPE } } : decl;
}
