import type * as k8s from '../generated/types.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  OMIT_VALUE,
  required,
  tooLong,
  tooMany,
} from '../meta/field-error.ts';
import { append } from '../validation/append.ts';
import { isQualifiedName } from '../validation/label-syntax.ts';
import { byteLength, IS_NEGATIVE } from '../validation/messages.ts';
import { countIndexes } from './indexes.ts';
import type { JobSpec } from './job-types.ts';

/** When a job has failed (KEP-3329) or succeeded (KEP-3998) before all its pods have ended. */

const MAX_RULES = 20;
const MAX_CODES = 255;
const MAX_PATTERNS = 20;
const MAX_INDEXES = 64 * 1024;
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const OPERATORS = ['In', 'NotIn'];
const STATUSES = ['False', 'True', 'Unknown'];

const valid = (values: readonly string[]): string =>
  `valid values: [${values.map((value) => `"${value}"`).join(' ')}]`;

/** An enumerated value that must be there, with the choices in the message. */
function enumErrors(value: string, supported: readonly string[], field: string): FieldError[] {
  if (value === '') return [required(field, valid(supported))];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
}

/** validatePodFailurePolicy. */
export function podFailurePolicyErrors(
  spec: JobSpec,
  policy: k8s.PodFailurePolicy,
  path: string,
): FieldError[] {
  const rules = policy.rules ?? [];
  const field = `${path}.rules`;
  const pod = spec.template?.spec;
  const names = new Set([...(pod?.containers ?? []), ...(pod?.initContainers ?? [])].map((c) => c.name));
  return [
    ...(rules.length > MAX_RULES ? [tooMany(field, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, i) => ruleErrors(spec, rule, names, `${field}[${i}]`)),
  ];
}

function ruleErrors(
  spec: JobSpec,
  rule: k8s.PodFailurePolicyRule,
  names: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const errors = enumErrors(rule.action ?? '', ACTIONS, `${path}.action`);
  if (rule.action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${path}.action`, rule.action, 'requires the backoffLimitPerIndex to be set'));
  }
  const { onExitCodes, onPodConditions = [] } = rule;
  if (onExitCodes !== undefined) append(errors, exitCodeErrors(onExitCodes, names, `${path}.onExitCodes`));
  const patterns = onPodConditions ?? [];
  if (patterns.length > 0) append(errors, conditionErrors(patterns, `${path}.onPodConditions`));
  if (onExitCodes !== undefined && patterns.length > 0) {
    const detail = 'specifying both OnExitCodes and OnPodConditions is not supported';
    errors.push(invalid(path, OMIT_VALUE, detail));
  }
  if (onExitCodes === undefined && patterns.length === 0) {
    const detail = 'specifying one of OnExitCodes and OnPodConditions is required';
    errors.push(invalid(path, OMIT_VALUE, detail));
  }
  return errors;
}

function conditionErrors(
  patterns: readonly k8s.PodFailurePolicyOnPodConditionsPattern[],
  path: string,
): FieldError[] {
  return [
    ...(patterns.length > MAX_PATTERNS ? [tooMany(path, patterns.length, MAX_PATTERNS)] : []),
    ...patterns.flatMap(({ type = '', status = '' }, i) => [
      ...isQualifiedName(type).map((message) => invalid(`${path}[${i}].type`, type, message)),
      ...enumErrors(status, STATUSES, `${path}[${i}].status`),
    ]),
  ];
}

function exitCodeErrors(
  requirement: k8s.PodFailurePolicyOnExitCodesRequirement,
  names: ReadonlySet<string>,
  path: string,
): FieldError[] {
  const { operator = '', containerName, values: given } = requirement;
  const values = given ?? [];
  const field = `${path}.values`;
  const errors = enumErrors(operator, OPERATORS, `${path}.operator`);
  if (containerName !== undefined && !names.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${path}.containerName`, containerName, detail));
  }
  if (values.length === 0) errors.push(invalid(field, values, 'at least one value is required'));
  else if (values.length > MAX_CODES) errors.push(tooMany(field, values.length, MAX_CODES));
  const seen = new Set<number>();
  let ordered = true;
  values.forEach((value, i) => {
    if (operator === 'In' && value === 0) {
      errors.push(invalid(`${field}[${i}]`, value, 'must not be 0 for the In operator'));
    }
    if (seen.has(value)) errors.push(duplicate(`${field}[${i}]`, value));
    seen.add(value);
    if (i > 0 && (values[i - 1] ?? 0) > value) ordered = false;
  });
  if (!ordered) errors.push(invalid(field, values, 'must be ordered'));
  return errors;
}

/** validateSuccessPolicy. */
export function successPolicyErrors(spec: JobSpec, policy: k8s.SuccessPolicy, path: string): FieldError[] {
  const rules = policy.rules ?? [];
  const field = `${path}.rules`;
  const none = 'at least one rules must be specified when the successPolicy is specified';
  return [
    ...(rules.length === 0 ? [required(field, none)] : []),
    ...(rules.length > MAX_RULES ? [tooMany(field, rules.length, MAX_RULES)] : []),
    ...rules.flatMap((rule, i) => successRuleErrors(spec.completions ?? 0, rule, `${field}[${i}]`)),
  ];
}

function successRuleErrors(completions: number, rule: k8s.SuccessPolicyRule, path: string): FieldError[] {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  const errors: FieldError[] = [];
  if (count === undefined && indexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (indexes !== undefined) {
    const field = `${path}.succeededIndexes`;
    if (byteLength(indexes) > MAX_INDEXES) errors.push(tooLong(field, MAX_INDEXES));
    try {
      total = countIndexes(indexes, completions);
    } catch (error) {
      errors.push(invalid(field, indexes, `error parsing succeededIndexes: ${(error as Error).message}`));
    }
  }
  if (count === undefined) return errors;
  const field = `${path}.succeededCount`;
  const most = (limit: number, what: string): void => {
    if (count > limit) errors.push(invalid(field, count, `must be less than or equal to ${limit} (${what})`));
  };
  if (count < 0) errors.push(invalid(field, count, IS_NEGATIVE));
  most(completions, 'the number of specified completions');
  if (indexes !== undefined) most(total, 'the number of indexes in the specified succeededIndexes field');
  return errors;
}
