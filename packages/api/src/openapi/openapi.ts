import { modelOf } from '../kinds/kinds.ts';
import { apiVersionOf } from '../meta/object.ts';
import { customModel, customToV2, mapSubschemas } from './custom.ts';
import { DefinitionBuilder, hasModel, INT_OR_STRING, kindsOfModels, QUANTITY } from './definitions.ts';
import {
  EXTENSION_ACTION,
  EXTENSION_GVK,
  type OpenApiDefinition,
  type OpenApiOptions,
  type Part,
  ref,
  V2_REFS,
  V3_REFS,
} from './document.ts';
import { type Operation, operationsOf } from './operations.ts';
import { parameterV2, parameterV3 } from './parameters.ts';

/**
 * The OpenAPI v3 document of a group and version, as served at `/openapi/v3/apis/GROUP/VERSION`: paths and
 * schemas of the definitions of that group and version. Built anew at each call: the caller keeps the bytes.
 */
export function openApiV3(
  gv: { readonly group: string; readonly version: string },
  definitions: readonly OpenApiDefinition[],
  options: OpenApiOptions = {},
): Part {
  const own = definitions.filter((d) => d.group === gv.group && d.version === gv.version);
  const { operations, schemas } = describe(own, definitions, options);
  return {
    openapi: '3.0.0',
    info: infoOf(own, options),
    paths: pathsOf(operations, operationV3, parameterV3),
    components: {
      schemas: Object.fromEntries([...schemas].sort(byKey)),
      securitySchemes: { BearerToken: BEARER },
    },
  };
}

/**
 * A text that changes when `openApiV3` of the same arguments would: its hash can stand for the document in the
 * index of `/openapi/v3`, without building the document.
 */
export function openApiV3Fingerprint(
  gv: { readonly group: string; readonly version: string },
  definitions: readonly OpenApiDefinition[],
  options: OpenApiOptions = {},
): string {
  const own = definitions.filter((d) => d.group === gv.group && d.version === gv.version);
  const builtIn = definitions.filter((d) => !d.custom).map((d) => `${d.group}/${d.version}/${d.kind}`);
  const parts = own.map(({ kind, listKind, resource, namespaced, custom, openApiSchema, scale, rules }) => [
    kind,
    listKind,
    resource,
    namespaced,
    ...(custom ? [openApiSchema, scale, rules.status !== undefined] : []),
  ]);
  return JSON.stringify([gv, options.version, options.descriptions !== undefined, builtIn, parts]);
}

/**
 * The one OpenAPI v2 document of all definitions, as served at `/openapi/v2`. With a memory, the parts of built-in
 * kinds are the very objects of the document before.
 */
export function openApiV2(
  definitions: readonly OpenApiDefinition[],
  options: OpenApiOptions = {},
  memory?: OpenApiV2Memory,
): Part {
  const builtIn = definitions.filter((d) => !d.custom);
  const custom = definitions.filter((d) => d.custom);
  const known = memory?.partsOf(builtIn, options) ?? v2Parts(builtIn, definitions, options);
  memory?.keep(builtIn, options, known);
  const own = v2Parts(custom, definitions, options);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: options.version ?? 'unversioned' },
    paths: merged(known.paths, own.paths),
    // what custom kinds share with built-in ones is said by those
    definitions: merged(own.definitions, known.definitions),
    securityDefinitions: { BearerToken: BEARER },
    security: [{ BearerToken: [] }],
  };
}

const merged = (a: Part, b: Part): Part =>
  Object.fromEntries([...new Map([...Object.entries(a), ...Object.entries(b)])].sort(byKey));

interface V2Parts {
  readonly paths: Part;
  readonly definitions: Part;
}

function v2Parts(
  own: readonly OpenApiDefinition[],
  all: readonly OpenApiDefinition[],
  options: OpenApiOptions,
): V2Parts {
  const { operations, schemas } = describe(own, all, options);
  const custom = new Set(own.filter((d) => d.custom).map(customModel));
  const converted = [...schemas].map(([name, schema]) => [
    name,
    toV2(custom.has(name) ? customToV2(schema) : specialToV2(name, schema), true),
  ]);
  return {
    paths: pathsOf(operations, operationV2, parameterV2),
    definitions: Object.fromEntries(converted) as Part,
  };
}

/** What of the last v2 document serves for the next: the parts of built-in kinds, and how parts are encoded. */
export class OpenApiV2Memory {
  /** For `openApiV2Protobuf`. */
  readonly encoded: WeakMap<object, Buffer> = new WeakMap();
  #last: { definitions: readonly OpenApiDefinition[]; options: OpenApiOptions; parts: V2Parts } | undefined;

  partsOf(definitions: readonly OpenApiDefinition[], options: OpenApiOptions): V2Parts | undefined {
    const last = this.#last;
    if (!last || last.options.descriptions !== options.descriptions) return undefined;
    const same =
      last.definitions.length === definitions.length &&
      last.definitions.every((definition, i) => definition === definitions[i]);
    return same ? last.parts : undefined;
  }

  keep(definitions: readonly OpenApiDefinition[], options: OpenApiOptions, parts: V2Parts): void {
    this.#last = { definitions, options, parts };
  }
}

const BEARER = {
  description: 'Bearer Token authentication',
  type: 'apiKey',
  name: 'authorization',
  in: 'header',
};

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);

function infoOf(own: readonly OpenApiDefinition[], options: OpenApiOptions): Part {
  return own.length > 0 && own.every((d) => d.custom)
    ? { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' }
    : { title: 'Kubernetes', version: options.version ?? 'unversioned' };
}

function describe(
  own: readonly OpenApiDefinition[],
  all: readonly OpenApiDefinition[],
  options: OpenApiOptions,
): { operations: Operation[]; schemas: Map<string, Part> } {
  const builder = new DefinitionBuilder(options.descriptions ?? {}, kindsOfModels(all));
  const operations: Operation[] = [];
  for (const definition of own) {
    operations.push(...operationsOf(definition));
    if (definition.custom) builder.addCustom(definition);
    else addBuiltIn(builder, definition);
  }
  for (const { body, answer } of operations) {
    for (const model of [body, answer]) if (model?.startsWith('io.k8s.')) builder.add(model);
  }
  return { operations, schemas: builder.definitions };
}

function addBuiltIn(builder: DefinitionBuilder, definition: OpenApiDefinition): void {
  const { group, version, kind } = definition;
  const list = definition.listKind ?? `${kind}List`;
  builder.add(modelOf(definition));
  if (hasModel(group, version, list)) builder.add(modelOf({ group, version, kind: list }));
}

function pathsOf(
  operations: readonly Operation[],
  write: (operation: Operation) => Part,
  parameter: (parameter: Operation['parameters'][number]) => Part,
): Part {
  const paths = new Map<string, Part>();
  for (const operation of operations) {
    let item = paths.get(operation.path);
    if (!item) {
      item = {};
      paths.set(operation.path, item);
      item.parameters = operation.pathParameters.map(parameter);
    }
    item[operation.method] = write(operation);
  }
  return Object.fromEntries([...paths].sort(byKey));
}

const CODES: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function responses(operation: Operation, content: Part): Part {
  const made: Part = {};
  for (const code of [200, ...operation.codes]) made[code] = { description: CODES[code], ...content };
  return { ...made, 401: { description: 'Unauthorized' } };
}

const common = (operation: Operation): Part => ({
  tags: [operation.tag],
  description: operation.description,
  operationId: operation.id,
});

const extensions = (operation: Operation): Part => ({
  [EXTENSION_ACTION]: operation.action,
  [EXTENSION_GVK]: operation.gvk,
});

function operationV3(operation: Operation): Part {
  const schema = operation.answer ? ref(operation.answer) : { type: 'string' };
  const content = Object.fromEntries(operation.produces.map((type) => [type, { schema }]));
  const { body } = operation;
  return {
    ...common(operation),
    ...(operation.parameters.length > 0 ? { parameters: operation.parameters.map(parameterV3) } : {}),
    ...(body
      ? {
          requestBody: {
            content: Object.fromEntries(operation.consumes.map((type) => [type, { schema: ref(body) }])),
            ...(operation.bodyRequired ? { required: true } : {}),
          },
        }
      : {}),
    responses: responses(operation, { content }),
    ...extensions(operation),
  };
}

function operationV2(operation: Operation): Part {
  const schema = operation.answer ? { $ref: V2_REFS + operation.answer } : { type: 'string' };
  const body = operation.body
    ? [
        {
          name: 'body',
          in: 'body',
          ...(operation.bodyRequired ? { required: true } : {}),
          schema: { $ref: V2_REFS + operation.body },
        },
      ]
    : [];
  const parameters = [...body, ...operation.parameters.map(parameterV2)];
  return {
    ...common(operation),
    consumes: operation.consumes,
    produces: operation.produces,
    schemes: ['https'],
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: responses(operation, { schema }),
    ...extensions(operation),
  };
}

/** What v2 says of the types that are one of several. */
const SPECIAL_V2: Readonly<Record<string, Part>> = {
  [QUANTITY]: { type: 'string' },
  [INT_OR_STRING]: { type: 'string', format: 'int-or-string' },
};

function specialToV2(name: string, schema: Part): Part {
  const special = SPECIAL_V2[name];
  return special ? { description: schema.description, ...special } : schema;
}

/** v3 to v2: references move, defaults go (upstream's PruneDefaults), `allOf` of one reference becomes it. */
function toV2(schema: Part, root = false): Part {
  const { default: _, allOf, ...rest } = mapSubschemas(schema, toV2);
  const only = Array.isArray(allOf) && allOf.length === 1 ? (allOf[0] as Part) : undefined;
  const made: Part =
    only && '$ref' in only && !root ? { ...only, ...rest } : allOf ? { ...rest, allOf } : rest;
  if (typeof made.$ref === 'string' && made.$ref.startsWith(V3_REFS)) {
    made.$ref = V2_REFS + made.$ref.slice(V3_REFS.length);
  }
  return made;
}

/** The path part below `/openapi/v3/`: `api/v1`, `apis/apps/v1`. */
export function openApiV3Path(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? `api/${gv.version}` : `apis/${apiVersionOf(gv)}`;
}
