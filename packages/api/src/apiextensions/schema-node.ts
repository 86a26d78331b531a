import type { Json } from '@sampan/base';
import { additionalSchema, hasDefault, itemsSchema, type JsonSchema } from './json-schema.ts';

/**
 * A structural schema prepared for the mechanisms that walk objects along it (pruning, defaulting,
 * metadata coercion, list types, CEL): properties are a Map, so names such as `__proto__` are plain.
 */
export interface SchemaNode {
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly items: SchemaNode | undefined;
  /** `additionalProperties` as schema; `true` when any value is allowed; undefined when it is not set or false. */
  readonly additional: SchemaNode | true | undefined;
  readonly embedded: boolean;
  readonly preserveUnknown: boolean;
  readonly nullable: boolean;
  /** Undefined when there is none (also for `default: null`). */
  readonly default: Json | undefined;
  /** Characters of the default in JSON. */
  readonly defaultSize: number;
  readonly listType: string | undefined;
  readonly listKeys: readonly string[];
  readonly mapType: string | undefined;
  /** Something below has a default. */
  readonly defaultsBelow: boolean;
  /** Something at or below is an embedded resource. */
  readonly embeddedBelow: boolean;
  /** Something at or below is a list of type set or map. */
  readonly listTypesBelow: boolean;
  /** Something at or below has CEL rules. */
  readonly rulesBelow: boolean;
}

export function schemaNode(schema: JsonSchema): SchemaNode {
  const properties = new Map<string, SchemaNode>();
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    properties.set(name, schemaNode(property));
  }
  const itemSchema = itemsSchema(schema);
  const items = itemSchema && schemaNode(itemSchema);
  const extra = additionalSchema(schema);
  const additional = extra ? schemaNode(extra) : schema.additionalProperties === true ? true : undefined;
  const children = [...properties.values(), ...(items ? [items] : [])];
  if (additional !== undefined && additional !== true) children.push(additional);
  const embedded = schema['x-kubernetes-embedded-resource'] === true;
  const listType = schema['x-kubernetes-list-type'];
  const rules = schema['x-kubernetes-validations'] ?? [];
  return {
    rulesBelow: rules.length > 0 || children.some((child) => child.rulesBelow),
    schema,
    properties,
    items,
    additional,
    embedded,
    preserveUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
    nullable: schema.nullable === true,
    default: hasDefault(schema) ? schema.default : undefined,
    defaultSize: hasDefault(schema) ? JSON.stringify(schema.default).length : 0,
    listType,
    listKeys: schema['x-kubernetes-list-map-keys'] ?? [],
    mapType: schema['x-kubernetes-map-type'],
    defaultsBelow: children.some((child) => child.default !== undefined || child.defaultsBelow),
    embeddedBelow: embedded || children.some((child) => child.embeddedBelow),
    listTypesBelow:
      listType === 'set' || listType === 'map' || children.some((child) => child.listTypesBelow),
  };
}

/** The schema of a key of an object: its property, else the additional one. */
export function childNode(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  if (node === undefined) return undefined;
  const property = node.properties.get(key);
  if (property !== undefined) return property;
  return node.additional === true ? undefined : node.additional;
}
