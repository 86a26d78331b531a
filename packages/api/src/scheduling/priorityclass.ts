import { immutable, oneOf } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

const HIGHEST_USER_PRIORITY = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';
const SYSTEM_CLASSES = new Map([
  ['system-node-critical', 2_000_001_000],
  ['system-cluster-critical', 2_000_000_000],
]);
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never'];

/** Why a class with the system prefix is not one of the two that are known; undefined when it is. */
function systemProblem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = SYSTEM_CLASSES.get(name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validate(priority: KubeObject): FieldError[] {
  const name = priority.metadata.name ?? '';
  const value: number = priority.value ?? 0;
  const errors: FieldError[] = [];
  if (name.startsWith(SYSTEM_PREFIX)) {
    const problem = systemProblem(name, value, priority.globalDefault === true);
    if (problem !== undefined) {
      const message = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
      errors.push(forbidden('metadata.name', message));
    }
  } else if (value > HIGHEST_USER_PRIORITY) {
    const message = `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`;
    errors.push(forbidden('value', message));
  }
  if (priority.preemptionPolicy === '') errors.push(required('preemptionPolicy'));
  else errors.push(...oneOf('preemptionPolicy', priority.preemptionPolicy, PREEMPTION_POLICIES));
  return errors;
}

export const priorityClassRules: KindRules = {
  setDefaults(priority) {
    priority.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  // Set once: nothing of a class that counts can change.
  prepareForCreate(priority) {
    priority.metadata.generation = 1;
  },
  validate,
  validateUpdate: (priority, old) => [
    ...((priority.value ?? 0) === (old.value ?? 0)
      ? []
      : [forbidden('Value', 'may not be changed in an update.')]),
    ...immutable('preemptionPolicy', priority.preemptionPolicy, old.preemptionPolicy),
  ],
};
