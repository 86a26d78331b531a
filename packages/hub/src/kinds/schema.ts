import { object, type Schema, text } from '@sampan/api/custom-kinds';
import { HUB_GROUP, HUB_VERSION } from './group.ts';

/** A glob as `rules/glob.ts` reads it. */
export const glob = (description: string): Schema =>
  text(`${description} “*”: any letters but “/”, “**”: any, “?”: one, “{a,b}”: one of these.`, {
    maxLength: 256,
    minLength: 1,
  });

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
