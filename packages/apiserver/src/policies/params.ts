import { compileLabelSelector, type KubeObject, type ParamRef, type ValidatingPolicySpec } from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { ResourceTable } from '../registry/resource-table.ts';

/** A policy or binding that cannot be used as it is; the message says why. */
export class PolicyConfigurationError extends Error {}

/**
 * The objects that a policy is evaluated with, once for each; undefined stands for none. Rejects with a
 * PolicyConfigurationError. Source: apiserver plugin/policy/generic CollectParams.
 */
export async function collectParams(
  reader: ObjectReader,
  resources: ResourceTable,
  paramKind: ValidatingPolicySpec['paramKind'],
  ref: ParamRef | undefined,
  namespace: string,
): Promise<(KubeObject | undefined)[]> {
  if (!paramKind || !ref) return [undefined];
  const { apiVersion = '', kind = '' } = paramKind;
  const served = resources.byKind(apiVersion, kind);
  if (!served || served.provided)
    throw new PolicyConfigurationError(`paramKind kind \`${apiVersion}, Kind=${kind}\` not known`);
  const place = placeOf(ref, served.definition.namespaced, namespace);
  const found = ref.name
    ? [reader.get(served.collection, place, ref.name)].filter((object) => object !== undefined)
    : select(reader.list(served.collection, place === '' ? undefined : place), ref);
  if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
    throw new PolicyConfigurationError(
      'no params found for policy binding with `Deny` parameterNotFoundAction',
    );
  }
  return Promise.all(found.map((object) => served.fromStorage(object)));
}

function placeOf(ref: ParamRef, namespaced: boolean, namespace: string): string {
  if (!namespaced) {
    if (!ref.namespace) return '';
    throw new PolicyConfigurationError(
      'paramRef.namespace must not be provided for a cluster-scoped `paramKind`',
    );
  }
  const place = ref.namespace || namespace;
  if (place !== '') return place;
  throw new PolicyConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

function select(objects: KubeObject[], { selector }: ParamRef): KubeObject[] {
  const matcher = compileLabelSelector(selector);
  return objects.filter(({ metadata }) => matcher.matches(metadata.labels));
}
