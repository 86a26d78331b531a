import type * as k8s from '../../generated/types.ts';
import { forbidden, invalid, required } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { isDNS1123Label } from '../../validation/dns.ts';
import {
  type LabelSelector,
  validateLabelName,
  validateLabelSelector,
} from '../../validation/label-selector.ts';
import { addMessages } from './checks.ts';
import type { Errors, PodContext } from './types.ts';

/** validatePodAffinity and validatePodAntiAffinity. */
export function validatePodAffinity(
  affinity: k8s.PodAffinity | k8s.PodAntiAffinity,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    validateTerm(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, context, errors);
  });
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    const weight = term.weight ?? 0;
    if (weight <= 0 || weight > 100)
      errors.push(invalid(`${at}.weight`, weight, 'must be in the range 1-100'));
    validateTerm(term.podAffinityTerm ?? { topologyKey: '' }, `${at}.podAffinityTerm`, context, errors);
  });
}

function validateTerm(term: k8s.PodAffinityTerm, path: string, context: PodContext, errors: Errors): void {
  const options = { allowInvalidLabelValueInSelector: context.allowed.invalidLabelValueInSelector === true };
  append(errors, validateLabelSelector(term.labelSelector, `${path}.labelSelector`, options));
  append(errors, validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, options));
  for (const name of term.namespaces ?? [])
    addMessages(errors, `${path}.namespace`, name, isDNS1123Label(name));
  validateLabelKeys(term, path, errors);
  const key = term.topologyKey ?? '';
  if (key === '') errors.push(required(`${path}.topologyKey`, 'can not be empty'));
  append(errors, validateLabelName(key, `${path}.topologyKey`));
}

/** Keys whose values come from the pod's own labels (KEP-3633). */
function validateLabelKeys(term: k8s.PodAffinityTerm, path: string, errors: Errors): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  for (const [field, keys] of Object.entries({ matchLabelKeys, mismatchLabelKeys })) {
    if (keys.length === 0) continue;
    if (labelSelector === undefined) {
      errors.push(forbidden(`${path}.${field}`, 'must not be specified when labelSelector is not set'));
      continue;
    }
    keys.forEach((key, i) => {
      append(errors, validateLabelName(key, `${path}.${field}[${i}]`));
    });
  }
  if (labelSelector !== undefined && matchLabelKeys.length > 0) {
    checkRepeatedKeys(matchLabelKeys, labelSelector, path, errors);
  }
  matchLabelKeys.forEach((key, i) => {
    if (mismatchLabelKeys.includes(key)) {
      const detail = 'exists in both matchLabelKeys and mismatchLabelKeys';
      errors.push(invalid(`${path}.matchLabelKeys[${i}]`, key, detail));
    }
  });
}

/** At creation the keys have been merged into the selector once; a second use is the client's own. */
function checkRepeatedKeys(
  keys: readonly string[],
  selector: LabelSelector,
  path: string,
  errors: Errors,
): void {
  const seen = new Set(Object.keys(selector.matchLabels ?? {}));
  for (const { key } of selector.matchExpressions ?? []) {
    const index = keys.lastIndexOf(key);
    if (index >= 0 && seen.has(key)) {
      errors.push(invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
}
