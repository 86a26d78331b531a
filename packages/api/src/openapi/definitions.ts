import { goPackageOf, modelOf } from '../kinds/kinds.ts';
import { atomicStructs, modelName, shortName, type TableField, table, tableFields } from '../schema/table.ts';
import { customDefinition, customListDefinition, customModel } from './custom.ts';
import {
  type Descriptions,
  EXTENSION_GVK,
  META,
  type OpenApiDefinition,
  type Part,
  ref,
} from './document.ts';

/** Schemas by model name, OpenAPI v3 form with `#/components/schemas/` references. */
export type Definitions = Map<string, Part>;

export const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
export const INT_OR_STRING = 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

/** Types with a JSON form of their own. */
const SPECIAL: Readonly<Record<string, Part>> = {
  [QUANTITY]: {
    description:
      'An amount of a resource: a number with a decimal suffix (m, k, M, G, T, P, E), a binary one (Ki, Mi, Gi, Ti, Pi, Ei) or an exponent (e3).',
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  [INT_OR_STRING]: {
    description: 'An integer of 32 bits or a string, for example a port by number or by name.',
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  [RAW_EXTENSION]: { description: 'An object of any kind.', type: 'object' },
  [`${META}.Time`]: {
    description: 'A time with a precision of seconds (RFC 3339).',
    type: 'string',
    format: 'date-time',
  },
  [`${META}.MicroTime`]: {
    description: 'A time with a precision of microseconds (RFC 3339).',
    type: 'string',
    format: 'date-time',
  },
  [`${META}.Duration`]: { description: 'A duration such as 1h30m.', type: 'string' },
  [`${META}.FieldsV1`]: {
    description: 'A set of fields as a tree of JSON objects (sigs.k8s.io/structured-merge-diff).',
    type: 'object',
  },
  [`${APIEXTENSIONS}.JSON`]: { description: 'Any JSON value.' },
  [`${APIEXTENSIONS}.JSONSchemaPropsOrArray`]: { description: 'A schema or a list of schemas.' },
  [`${APIEXTENSIONS}.JSONSchemaPropsOrBool`]: { description: 'A schema or a boolean.' },
  [`${APIEXTENSIONS}.JSONSchemaPropsOrStringArray`]: { description: 'A schema or a list of strings.' },
};

/** Types of the table that are references to special ones. */
const REFERENCES: Readonly<Record<string, string>> = {
  quantity: QUANTITY,
  intstr: INT_OR_STRING,
  raw: RAW_EXTENSION,
  time: `${META}.Time`,
  microtime: `${META}.MicroTime`,
  duration: `${META}.Duration`,
  fields: `${META}.FieldsV1`,
  json: `${APIEXTENSIONS}.JSON`,
  '(apiextensions.v1.JSONSchemaProps|[]apiextensions.v1.JSONSchemaProps)': `${APIEXTENSIONS}.JSONSchemaPropsOrArray`,
  '(apiextensions.v1.JSONSchemaProps|bool)': `${APIEXTENSIONS}.JSONSchemaPropsOrBool`,
  '(apiextensions.v1.JSONSchemaProps|[]string)': `${APIEXTENSIONS}.JSONSchemaPropsOrStringArray`,
};

const BASIC: Readonly<Record<string, Part>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

const ZERO: Readonly<Record<string, unknown>> = { string: '', bool: false, int32: 0, int64: 0, float64: 0 };

const underlying = (type: string): string => {
  const alias = table.names[type];
  return alias === undefined ? type : underlying(alias);
};

/** Collects the schemas that a document refers to, each with those it refers to itself. */
export class DefinitionBuilder {
  readonly definitions: Definitions = new Map();
  #descriptions: Descriptions;
  #kinds: ReadonlyMap<string, Part[]>;

  constructor(descriptions: Descriptions, kinds: ReadonlyMap<string, Part[]>) {
    this.#descriptions = descriptions;
    this.#kinds = kinds;
  }

  /** Adds a type of the table (or a special one) and what it refers to. */
  add(model: string): void {
    if (this.definitions.has(model)) return;
    const special = SPECIAL[model];
    const description = this.#descriptions[model]?.[''];
    const kinds = this.#kinds.get(model);
    const made: Part = { ...(description ? { description } : {}) };
    this.definitions.set(model, made);
    Object.assign(made, special ? structuredClone(special) : this.#struct(model));
    if (kinds) made[EXTENSION_GVK] = kinds;
  }

  addCustom(definition: OpenApiDefinition): void {
    this.add(`${META}.ObjectMeta`);
    this.add(`${META}.ListMeta`);
    const list = { ...definition, kind: definition.listKind ?? `${definition.kind}List` };
    this.definitions.set(customModel(definition), customDefinition(definition));
    this.definitions.set(customModel(list), customListDefinition(definition));
  }

  #struct(model: string): Part {
    const fields = tableFields(shortName(model));
    if (!fields) throw new Error(`no such type: ${model}`);
    const texts = this.#descriptions[model] ?? {};
    const properties: Part = {};
    for (const field of fields) properties[field.name] = this.#property(field, texts[field.name]);
    const required = fields.filter((field) => field.flags.has('req')).map((field) => field.name);
    return {
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      ...(fields.length > 0 ? { properties } : {}),
      ...(atomicStructs.has(shortName(model)) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    };
  }

  #property({ type, flags }: TableField, description: string | undefined): Part {
    const more: Part = {
      ...(description ? { description } : {}),
      ...this.#defaultOf(type, flags),
      ...extensions(flags),
    };
    return withMore(this.#type(type), more);
  }

  /** `+default`, or the zero value of what is always written. */
  #defaultOf(type: string, flags: ReadonlyMap<string, string>): Part {
    const standard = flags.get('default');
    if (standard !== undefined) return { default: JSON.parse(standard) as unknown };
    return flags.has('omit') ? structDefault(type) : zeroDefault(type);
  }

  #type(type: string): Part {
    if (type.startsWith('*')) return this.#type(type.slice(1));
    if (type.startsWith('[]')) return { type: 'array', items: this.#element(type.slice(2)) };
    if (type.startsWith('{')) {
      return { type: 'object', additionalProperties: this.#element(type.slice(type.indexOf('}') + 1)) };
    }
    const reference = REFERENCES[type];
    if (reference) return this.#reference(reference);
    const basic = BASIC[type];
    if (basic) return { ...basic };
    const values = table.enums[type];
    if (values) return { type: 'string', enum: values };
    const alias = table.names[type];
    return alias === undefined ? this.#reference(modelName(type)) : this.#type(alias);
  }

  #element(type: string): Part {
    return withMore(this.#type(type), zeroDefault(type));
  }

  #reference(model: string): Part {
    this.add(model);
    return ref(model);
  }
}

/** A reference cannot have siblings: it moves into an `allOf`. */
function withMore(schema: Part, more: Part): Part {
  if (Object.keys(more).length === 0) return schema;
  return '$ref' in schema ? { ...more, allOf: [schema] } : { ...schema, ...more };
}

const structDefault = (type: string): Part => (underlying(type) in table.structs ? { default: {} } : {});

function zeroDefault(type: string): Part {
  const base = underlying(type);
  return Object.hasOwn(ZERO, base) ? { default: ZERO[base] } : structDefault(type);
}

function extensions(flags: ReadonlyMap<string, string>): Part {
  const made: Part = {};
  const list = flags.get('list');
  const keys = flags.get('keys');
  const map = flags.get('map') ?? flags.get('struct');
  const key = flags.get('key');
  const patch = flags.get('patch');
  if (keys) made['x-kubernetes-list-map-keys'] = keys.split(',');
  if (list) made['x-kubernetes-list-type'] = list;
  if (map) made['x-kubernetes-map-type'] = map;
  if (key) made['x-kubernetes-patch-merge-key'] = key;
  if (patch) made['x-kubernetes-patch-strategy'] = patch;
  return made;
}

/** Types of meta/v1 that every group knows as kinds of its own. */
const IN_EVERY_GROUP = ['DeleteOptions', 'WatchEvent'];
const IN_CORE = ['APIGroup', 'APIGroupList', 'APIResourceList', 'APIVersions', 'Status'];

/** `x-kubernetes-group-version-kind` of the built-in models. */
export function kindsOfModels(definitions: readonly OpenApiDefinition[]): Map<string, Part[]> {
  const kinds = new Map<string, Part[]>();
  const add = (model: string, group: string, version: string, kind: string): void => {
    const known = kinds.get(model) ?? [];
    if (known.some((one) => one.group === group && one.version === version)) return;
    known.push({ group, version, kind });
    kinds.set(model, known);
  };
  for (const kind of IN_CORE) add(`${META}.${kind}`, '', 'v1', kind);
  for (const definition of definitions) {
    if (definition.custom) continue;
    const { group, version, kind } = definition;
    for (const common of IN_EVERY_GROUP) add(`${META}.${common}`, group, version, common);
    add(modelOf(definition), group, version, kind);
    const list = definition.listKind ?? `${kind}List`;
    if (hasModel(group, version, list)) add(modelOf({ group, version, kind: list }), group, version, list);
    for (const subresource of Object.values(definition.subresources ?? {})) {
      const owner = { group: subresource.group ?? group, version: subresource.version ?? version };
      if (hasModel(owner.group, owner.version, subresource.kind)) {
        add(modelOf({ ...owner, kind: subresource.kind }), owner.group, owner.version, subresource.kind);
      }
    }
    if (definition.scale) add('io.k8s.api.autoscaling.v1.Scale', 'autoscaling', 'v1', 'Scale');
  }
  return kinds;
}

export function hasModel(group: string, version: string, kind: string): boolean {
  return Object.hasOwn(table.structs, `${goPackageOf(group)}.${version}.${kind}`);
}
