/** Builders for custom resources. */
import { namespace as coreNamespace, get, post } from '../build.ts';
import type { Body, Step } from '../step.ts';

export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** This oracle knows no namespaces and so asks for none. */
export const namespace = (name: string): Step => ({ ...coreNamespace(name), oursOnly: true });

/** A structural schema of an object. */
export const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

export interface Definition {
  /** First part of the group, which ends in `.trial.example.com`. */
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
  /** The schema of `spec`, or, with `root`, more properties of the root. */
  readonly spec?: object;
  readonly root?: object;
  /** More members of the version. */
  readonly version?: object;
  /** More members of the CRD's spec. */
  readonly more?: object;
}

export function definition({ group, plural, kind, spec, root, version, more }: Definition) {
  const fullGroup = `${group}.trial.example.com`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${fullGroup}` },
    spec: {
      group: fullGroup,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: object({ ...(spec && { spec }), ...root }) },
          ...version,
        },
      ],
      ...more,
    },
  };
}

/** The path of the collection of a definition's kind. */
export const collectionOf = ({ group, plural }: Definition, inNamespace = group, version = 'v1') =>
  `/apis/${group}.trial.example.com/${version}/namespaces/trial-${inNamespace}/${plural}`;

/** Steps that define a kind and wait until it is served. */
export function define(kind: Definition): Step[] {
  return [
    post(`define ${kind.plural}`, CRDS, definition(kind), { prepare: true }),
    get(`wait for ${kind.plural}`, collectionOf(kind), { until: 200, prepare: true }),
  ];
}

/** An object of a definition's kind. */
export const instance = (
  { group, kind }: Definition,
  name: string,
  members: object = {},
): Body & { readonly metadata: { readonly name: string } } => ({
  apiVersion: `${group}.trial.example.com/v1`,
  kind,
  metadata: { name },
  ...members,
});
