import type * as k8s from '../../generated/types.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { validateLabelName, validateLabelSelector } from '../../validation/label-selector.ts';
import { isQualifiedName, isValidLabelValue } from '../../validation/label-syntax.ts';
import { NOT_POSITIVE } from '../../validation/messages.ts';
import { addMessages, checkOptionalEnum } from './checks.ts';
import { validateNodeAffinity } from './node-affinity.ts';
import { validatePodAffinity } from './pod-affinity.ts';
import type { Errors, PodContext } from './types.ts';

/** Where a pod may run: affinity, tolerations, spreading, gates. */

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateAffinity(
  affinity: k8s.Affinity,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity !== undefined) validateNodeAffinity(nodeAffinity, `${path}.nodeAffinity`, context, errors);
  if (podAffinity !== undefined) validatePodAffinity(podAffinity, `${path}.podAffinity`, context, errors);
  if (podAntiAffinity !== undefined)
    validatePodAffinity(podAntiAffinity, `${path}.podAntiAffinity`, context, errors);
}

/** ValidateTolerations. */
export function validateTolerations(tolerations: readonly k8s.Toleration[], path: string): FieldError[] {
  const errors: Errors = [];
  tolerations.forEach((toleration, i) => {
    validateToleration(toleration, `${path}[${i}]`, errors);
  });
  return errors;
}

function validateToleration(toleration: k8s.Toleration, at: string, errors: Errors): void {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  if (key !== '') append(errors, validateLabelName(key, `${at}.key`));
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(`${at}.operator`, operator, detail));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(
      invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"),
    );
  }
  if (operator === '' || operator === 'Equal') {
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(`${at}.operator`, value, messages.join(';')));
  } else if (operator !== 'Exists') {
    errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
  } else if (value !== '') {
    errors.push(invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  }
  if (effect !== '' && !TAINT_EFFECTS.includes(effect)) {
    errors.push(notSupported(`${at}.effect`, effect, TAINT_EFFECTS));
  }
}

/** validateTopologySpreadConstraints. */
export function validateTopologySpread(
  constraints: readonly k8s.TopologySpreadConstraint[],
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  const remaining = countPairs(constraints);
  constraints.forEach((constraint, i) => {
    const at = `${path}[${i}]`;
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', minDomains } = constraint;
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, NOT_POSITIVE));
    if (topologyKey === '') errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    if (action !== 'DoNotSchedule' && action !== 'ScheduleAnyway') {
      errors.push(notSupported(`${at}.whenUnsatisfiable`, action, ['DoNotSchedule', 'ScheduleAnyway']));
    }
    const pair = `{${topologyKey}, ${action}}`;
    const left = (remaining.get(pair) ?? 1) - 1;
    remaining.set(pair, left);
    if (left > 0) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair));
    if (minDomains !== undefined) validateMinDomains(minDomains, action, `${at}.minDomains`, errors);
    checkOptionalEnum(errors, `${at}.nodeAffinityPolicy`, constraint.nodeAffinityPolicy, ['Honor', 'Ignore']);
    checkOptionalEnum(errors, `${at}.nodeTaintsPolicy`, constraint.nodeTaintsPolicy, ['Honor', 'Ignore']);
    validateMatchLabelKeys(constraint, `${at}.matchLabelKeys`, errors);
    if (context.allowed.invalidTopologySpreadSelector !== true) {
      append(errors, validateLabelSelector(constraint.labelSelector, `${at}.labelSelector`));
    }
  });
}

/** How often each pair of key and action occurs; each but the last occurrence is an error. */
function countPairs(constraints: readonly k8s.TopologySpreadConstraint[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topologyKey = '', whenUnsatisfiable = '' } of constraints) {
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  return counts;
}

function validateMinDomains(minDomains: number, action: string, field: string, errors: Errors): void {
  if (minDomains <= 0) errors.push(invalid(field, minDomains, NOT_POSITIVE));
  if (action !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    errors.push(invalid(field, minDomains, detail));
  }
}

/** Keys whose values come from the pod's labels, merged into the selector at creation (KEP-3243). */
function validateMatchLabelKeys(
  constraint: k8s.TopologySpreadConstraint,
  field: string,
  errors: Errors,
): void {
  const { matchLabelKeys = [], labelSelector } = constraint;
  if (matchLabelKeys.length === 0) return;
  if (labelSelector === undefined) {
    errors.push(forbidden(field, 'must not be specified when labelSelector is not set'));
  }
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const repeated = new Set<string>();
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    if (seen.has(key)) repeated.add(key);
    seen.add(key);
  }
  matchLabelKeys.forEach((key, i) => {
    append(errors, validateLabelName(key, `${field}[${i}]`));
    if (repeated.has(key)) {
      errors.push(invalid(`${field}[${i}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    }
  });
}

export function validateSchedulingGates(
  gates: readonly k8s.PodSchedulingGate[],
  path: string,
  errors: Errors,
): void {
  const seen = new Set<string>();
  gates.forEach(({ name = '' }, i) => {
    addMessages(errors, `${path}[${i}]`, name, isQualifiedName(name));
    if (seen.has(name)) errors.push(duplicate(`${path}[${i}]`, name));
    seen.add(name);
  });
}

export function validateReadinessGates(
  gates: readonly k8s.PodReadinessGate[],
  path: string,
  errors: Errors,
): void {
  gates.forEach(({ conditionType = '' }, i) => {
    addMessages(errors, `${path}[${i}].conditionType`, conditionType, isQualifiedName(conditionType));
  });
}
