import { isObject } from '@sampan/base';
import { EXTENSION_GVK, META, type OpenApiDefinition, type Part, ref } from './document.ts';

/** `stable.example.com/v1 CronTab` to `com.example.stable.v1.CronTab`. */
export function customModel({
  group,
  version,
  kind,
}: {
  group: string;
  version: string;
  kind: string;
}): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';
const text = (description: string): Part => ({ type: 'string', description });
const typeMeta = (): Part => ({
  apiVersion: text(
    `APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: ${CONVENTIONS}#resources`,
  ),
  kind: text(
    `Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: ${CONVENTIONS}#types-kinds`,
  ),
});
const metadata = (model: string, what: string): Part => ({
  description: `Standard ${what} metadata. More info: ${CONVENTIONS}#${what === 'list' ? 'types-kinds' : 'metadata'}`,
  allOf: [ref(`${META}.${model}`)],
});

const gvk = (definition: OpenApiDefinition, kind: string): Part[] => [
  { group: definition.group, version: definition.version, kind },
];

/** The schema of a custom kind as upstream publishes it (apiextensions controller/openapi/builder). */
export function customDefinition(definition: OpenApiDefinition): Part {
  const schema: unknown = definition.openApiSchema;
  const kinds = { [EXTENSION_GVK]: gvk(definition, definition.kind) };
  if (!isObject(schema) || Object.keys(schema).length === 0) return { type: 'object', ...kinds };
  const { properties, ...rest } = addEmbedded(schema as Part);
  return {
    ...rest,
    properties: {
      ...typeMeta(),
      ...((properties ?? {}) as Part),
      ...typeMeta(),
      metadata: metadata('ObjectMeta', "object's"),
    },
    ...kinds,
  };
}

export function customListDefinition(definition: OpenApiDefinition): Part {
  const listKind = definition.listKind ?? `${definition.kind}List`;
  return {
    type: 'object',
    description: `${listKind} is a list of ${definition.kind}`,
    required: ['items'],
    properties: {
      ...typeMeta(),
      items: {
        type: 'array',
        description: `List of ${definition.resource}. More info: ${CONVENTIONS}`,
        items: ref(customModel(definition)),
      },
      metadata: metadata('ListMeta', 'list'),
    },
    [EXTENSION_GVK]: gvk(definition, listKind),
  };
}

/** Applies `each` to the direct sub-schemas of a schema; returns a changed copy. */
export function mapSubschemas(schema: Part, each: (inner: Part) => Part): Part {
  const copy: Part = { ...schema };
  if (isObject(schema.properties)) {
    copy.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, inner]) => [
        name,
        isObject(inner) ? each(inner as Part) : inner,
      ]),
    );
  }
  for (const key of ['items', 'additionalProperties', 'not']) {
    if (isObject(schema[key])) copy[key] = each(schema[key] as Part);
  }
  for (const key of ['allOf', 'oneOf', 'anyOf']) {
    const list = schema[key];
    if (Array.isArray(list)) copy[key] = list.map((inner) => (isObject(inner) ? each(inner as Part) : inner));
  }
  return copy;
}

/** Embedded objects have the fields of every object. */
function addEmbedded(schema: Part): Part {
  const copy = mapSubschemas(schema, addEmbedded);
  if (copy['x-kubernetes-embedded-resource'] !== true) return copy;
  return {
    ...copy,
    properties: {
      ...((copy.properties ?? {}) as Part),
      ...typeMeta(),
      metadata: metadata('ObjectMeta', "object's"),
    },
    required: [...new Set([...((copy.required ?? []) as string[]), 'kind', 'apiVersion'])],
  };
}

/** What kubectl's v2 reader cannot cope with goes (apiextensions controller/openapi/v2/conversion.go). */
export function customToV2(schema: Part): Part {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return { type: 'object', ...pick(schema, ['description', EXTENSION_GVK]) };
  }
  const made = structuralToV2(schema);
  // The root's own parts were put there by us and stay as they are.
  return { ...made, [EXTENSION_GVK]: schema[EXTENSION_GVK] };
}

const pick = (schema: Part, keys: readonly string[]): Part =>
  Object.fromEntries(keys.filter((key) => key in schema).map((key) => [key, schema[key]]));

function structuralToV2(schema: Part): Part {
  if (Array.isArray(schema.allOf) && schema.allOf.some((one) => isObject(one) && '$ref' in one))
    return schema;
  const { allOf: _all, oneOf: _one, anyOf: _any, not: _not, nullable, ...kept } = schema;
  const copy = mapSubschemas(kept, structuralToV2);
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (nullable === true || preserves) {
    delete copy.items;
    delete copy.properties;
  }
  const type = schema.type;
  if (
    nullable === true ||
    (preserves && type === 'object') ||
    (type === 'array' && copy.items === undefined)
  ) {
    delete copy.type;
  }
  dropNullableFromRequired(schema, copy);
  return copy;
}

function dropNullableFromRequired(schema: Part, copy: Part): void {
  if (!Array.isArray(copy.required) || !isObject(schema.properties)) return;
  const properties = schema.properties as Record<string, Part>;
  const required = (copy.required as string[]).filter((name) => properties[name]?.nullable !== true);
  if (required.length > 0) copy.required = required;
  else delete copy.required;
}
