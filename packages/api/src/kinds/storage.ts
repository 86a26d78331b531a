import { apiVersionOf, type KubeObject } from '../meta/object.ts';
import { decode } from '../schema/decode.ts';
import { schemaOf } from '../schema/schema-of.ts';
import type { ResourceDefinition } from './resource.ts';

export type StorageConversion = NonNullable<ResourceDefinition['storage']>;

/** Normalizes the parts of a converted object by the target's schema and says its version. */
export function convertTo(
  model: string,
  group: string,
  version: string,
  value: Readonly<Record<string, unknown>>,
): KubeObject {
  const object = decode(schemaOf(model), value).value as KubeObject;
  object.apiVersion = apiVersionOf({ group, version });
  return object;
}

/** A version with the same fields as the stored one, for example batch/v1beta1 CronJobs. */
export function sameFields(
  group: string,
  resource: string,
  model: (version: string) => string,
  served: string,
  stored: string,
): StorageConversion {
  return {
    group,
    version: stored,
    resource,
    fromStorage: (object) => convertTo(model(served), group, served, object),
    toStorage: (object) => convertTo(model(stored), group, stored, object),
  };
}
