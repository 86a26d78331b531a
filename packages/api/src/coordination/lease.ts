import { each, nonNegative, qualifiedName } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

const STRATEGIES = ['OldestEmulationVersion'];

function strategyErrors(strategy: string): FieldError[] {
  // Upstream repeats the field's name here.
  const field = 'spec.strategy.strategy';
  if (strategy.includes('/')) return each(field, strategy, qualifiedName(strategy));
  return STRATEGIES.includes(strategy) ? [] : [notSupported(field, strategy, STRATEGIES)];
}

function validate(lease: KubeObject): FieldError[] {
  const spec = lease.spec ?? {};
  const errors: FieldError[] = [];
  const seconds: number | undefined = spec.leaseDurationSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0'));
  }
  errors.push(...nonNegative('spec.leaseTransitions', spec.leaseTransitions));
  if (spec.strategy !== undefined) errors.push(...strategyErrors(spec.strategy));
  if (spec.preferredHolder && !spec.strategy) {
    errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
  }
  return errors;
}

export const leaseRules: KindRules = {
  validate,
  createOnUpdate: true,
  unconditionalUpdate: false,
  generation: false,
};
