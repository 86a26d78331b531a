import { deepEqual } from '@sampan/base';
import type { KubeObject } from '../meta/object.ts';
import { convertTo, type StorageConversion } from './storage.ts';

/**
 * In policy/v1beta1 an empty selector matches no pod, in policy/v1 every pod; upstream tells them apart by
 * expressions on a label that no pod has (pkg/apis/policy/v1beta1/conversion.go).
 */
const KEY = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';
const V1_MATCHES_NONE = { matchExpressions: [{ key: KEY, operator: 'Exists' }] };
const BETA_MATCHES_ALL = { matchExpressions: [{ key: KEY, operator: 'DoesNotExist' }] };
const EMPTY = {};

function withSelector(object: KubeObject, pairs: readonly (readonly [object, object])[]): KubeObject {
  const selector: unknown = object.spec?.selector;
  const pair = selector === undefined ? undefined : pairs.find(([from]) => deepEqual(from, selector));
  return pair ? { ...object, spec: { ...object.spec, selector: pair[1] } } : object;
}

export const pdbBetaStorage: StorageConversion = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  fromStorage: (object) =>
    convertTo(
      'io.k8s.api.policy.v1beta1.PodDisruptionBudget',
      'policy',
      'v1beta1',
      withSelector(object, [
        [V1_MATCHES_NONE, EMPTY],
        [EMPTY, BETA_MATCHES_ALL],
      ]),
    ),
  toStorage: (object) =>
    convertTo(
      'io.k8s.api.policy.v1.PodDisruptionBudget',
      'policy',
      'v1',
      withSelector(object, [
        [EMPTY, V1_MATCHES_NONE],
        [BETA_MATCHES_ALL, EMPTY],
      ]),
    ),
};
