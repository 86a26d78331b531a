import type { ResourceDefinition } from '../kinds/resource.ts';

/** Any part of an OpenAPI document, as JSON. */
export interface Part {
  [key: string]: unknown;
}

/**
 * What is described: a served resource, and of a custom one the schema its author wrote. An absent
 * `openApiSchema` of a custom resource describes any object.
 */
export type OpenApiDefinition = ResourceDefinition & {
  readonly custom?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: JSONSchemaProps of the CRD's author
  readonly openApiSchema?: any;
};

/** Doc texts by model name: `''` for the type, else the field; made by tools/schema/descriptions.ts. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface OpenApiOptions {
  /** `gitVersion` in `info`. Default `unversioned`. */
  readonly version?: string;
  /** Default: none. */
  readonly descriptions?: Descriptions;
}

export const V3_REFS = '#/components/schemas/';
export const V2_REFS = '#/definitions/';

export const EXTENSION_GVK = 'x-kubernetes-group-version-kind';
export const EXTENSION_ACTION = 'x-kubernetes-action';

export const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const ref = (model: string): Part => ({ $ref: `${V3_REFS}${model}` });
