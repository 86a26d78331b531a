import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import { type Amounts, amountsOf, largest } from './amounts.ts';
import type { Evaluator } from './evaluators.ts';
import { matchesRequirement } from './scopes.ts';

const OF_CLASS = '.storageclass.storage.k8s.io/';
const NAMES: ReadonlySet<string> = new Set([
  'count/persistentvolumeclaims',
  'persistentvolumeclaims',
  'requests.storage',
]);

/** Claims and their size, also by class (kubernetes pkg/quota/v1/evaluator/core/persistent_volume_claims.go). */
export const claimEvaluator: Evaluator = {
  counts: (name) =>
    NAMES.has(name) ||
    name.endsWith(`${OF_CLASS}persistentvolumeclaims`) ||
    name.endsWith(`${OF_CLASS}requests.storage`),
  handles: (operation, subresource) =>
    (operation === 'CREATE' || operation === 'UPDATE') && subresource === '',
  usage(claim) {
    const one = Quantity.of(1);
    const usage: Amounts = new Map([
      ['count/persistentvolumeclaims', one],
      ['persistentvolumeclaims', one],
    ]);
    const size = sizeOf(claim);
    const className = classOf(claim);
    if (className !== '') usage.set(`${className}${OF_CLASS}persistentvolumeclaims`, one);
    if (size) {
      usage.set('requests.storage', size);
      if (className !== '') usage.set(`${className}${OF_CLASS}requests.storage`, size);
    }
    return usage;
  },
  inScope: (requirement, claim) =>
    requirement.scopeName === 'VolumeAttributesClass' &&
    matchesRequirement(requirement, claim.spec?.volumeAttributesClassName),
};

/** While a claim grows or could not grow, what its volume already has counts (KEP-1790). */
function sizeOf(claim: KubeObject): Quantity | undefined {
  const asked = amountsOf(claim.spec?.resources?.requests).get('storage');
  const allocated = amountsOf(claim.status?.allocatedResources).get('storage');
  return allocated ? largest(asked, allocated) : asked;
}

const classOf = (claim: KubeObject): string =>
  claim.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ??
  claim.spec?.storageClassName ??
  '';
