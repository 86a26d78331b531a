import { each, labelSelectorErrors, list, nameIsPathSegment, nonNegative, oneOf } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { validateConditions } from '../validation/conditions.ts';
import { isValidPercent } from '../validation/formats.ts';

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget'];
const PERCENT = /^(\d+)%$/;

/** A count, or a percentage of at most 100. */
function amountErrors(value: string | number | undefined, field: string): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return nonNegative(field, value);
  const errors = each(field, value, isValidPercent(value));
  const percent = PERCENT.exec(value)?.[1];
  if (percent !== undefined && Number(percent) > 100) {
    errors.push(invalid(field, value, 'must not be greater than 100%'));
  }
  return errors;
}

function validate(budget: KubeObject): FieldError[] {
  const spec = budget.spec ?? {};
  const errors: FieldError[] = [];
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: spec.minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: spec.maxUnavailable,
      UnhealthyPodEvictionPolicy: spec.unhealthyPodEvictionPolicy ?? null,
    };
    errors.push(invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set'));
  }
  return [
    ...errors,
    ...amountErrors(spec.minAvailable, 'spec.minAvailable'),
    ...amountErrors(spec.maxUnavailable, 'spec.maxUnavailable'),
    ...labelSelectorErrors(spec.selector, 'spec.selector'),
    ...oneOf('spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, EVICTION_POLICIES),
  ];
}

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'];

export const podDisruptionBudgetRules: KindRules = {
  prepareForCreate(budget) {
    budget.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  prepareForUpdate(budget, old) {
    budget.status = old.status;
  },
  validate,
  status: {
    prepareForUpdate(budget, old) {
      budget.spec = old.spec;
    },
    validateUpdate: (budget) => [
      ...validateConditions(list(budget.status?.conditions), 'status.conditions'),
      ...COUNTS.flatMap((key) => nonNegative(`status.${key}`, budget.status?.[key])),
    ],
  },
  // Upstream has never asked more of a budget's name.
  validateName: nameIsPathSegment,
  unconditionalUpdate: false,
  generation: true,
};
