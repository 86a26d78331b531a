import { HUB_GROUP, HUB_VERSION } from './group.ts';

/** Pieces of OpenAPI schemas; every field says what it is, for `kubectl explain`. */
export type Schema = Readonly<Record<string, unknown>>;

export const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  description,
  maxLength: 1024,
  ...more,
});

/** No fractions, not below 0. */
export const number = (description: string, more: Schema = {}): Schema => ({
  type: 'integer',
  format: 'int64',
  minimum: 0,
  description,
  ...more,
});

/** RFC 3339. */
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

export const flag = (description: string): Schema => ({ type: 'boolean', description });

export const object = (
  description: string,
  properties: Schema,
  required: readonly string[] = [],
  more: Schema = {},
): Schema => ({
  type: 'object',
  description,
  properties,
  ...(required.length > 0 ? { required } : {}),
  ...more,
});

/** `maxItems` bounds what a request may cost. */
export const list = (description: string, items: Schema, maxItems: number, more: Schema = {}): Schema => ({
  type: 'array',
  description,
  items,
  maxItems,
  ...more,
});

/** A glob as `rules/glob.ts` reads it. */
export const glob = (description: string): Schema =>
  text(`${description} “*”: any letters but “/”, “**”: any, “?”: one, “{a,b}”: one of these.`, {
    maxLength: 256,
    minLength: 1,
  });

export const observedGeneration = number('The generation that this is about.');

export const conditions = (types: string): Schema =>
  list(
    'What is true of it.',
    object(
      'One thing that may be true.',
      {
        type: text(types),
        status: text('True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
        reason: text('Why, in one word.'),
        message: text('Why, for people.', { maxLength: 32_768 }),
        lastTransitionTime: time('Since when.'),
        observedGeneration,
      },
      ['type', 'status', 'reason', 'lastTransitionTime'],
    ),
    32,
    { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  );

export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  /** 1: only with `-o wide`. */
  readonly priority?: number;
}

interface Definition {
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames?: readonly string[];
  readonly description: string;
  /** Of `metadata.name`. */
  readonly name: Schema;
  readonly validations?: readonly { readonly rule: string; readonly message: string }[];
  readonly spec: Schema;
  readonly status: Schema;
  readonly columns: readonly Column[];
}

/** A cluster-scoped CustomResourceDefinition of the group, with a status. */
export function definitionOf(definition: Definition) {
  const { plural, singular, kind, shortNames, description, name, validations, spec, status } = definition;
  const names = { plural, singular, kind, listKind: `${kind}List`, ...(shortNames ? { shortNames } : {}) };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${HUB_GROUP}` },
    spec: {
      group: HUB_GROUP,
      scope: 'Cluster',
      names: { ...names, categories: ['hub'] },
      versions: [
        {
          name: HUB_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: definition.columns,
          schema: {
            openAPIV3Schema: {
              ...object(description, {
                metadata: { type: 'object', properties: { name } },
                spec,
                status,
              }),
              ...(validations ? { 'x-kubernetes-validations': validations } : {}),
            },
          },
        },
      ],
    },
  };
}
