import { type FieldError, internal, invalid } from '../../meta/field-error.ts';
import { type CompiledRule, compileRules } from '../cel/compile-rule.ts';
import { asSelf } from '../cel/decl-type.ts';
import { shownRule } from '../crd-internal.ts';
import type { ValidationRule } from '../json-schema.ts';
import { ruleCostErrors } from './rule-budget.ts';
import type { RuleContext } from './rule-context.ts';

/** Where rules stand, as far as what they may say depends on it. */
export interface RulePlace {
  /** The first schema above whose parts cannot be matched with those of the old object. */
  readonly uncorrelatable: string | undefined;
  /** The schema is unchanged: its rules may cost what they cost. */
  readonly suppressCost: boolean;
}

/**
 * Errors of the expressions of a schema's rules: what does not compile, costs too much, or compares with an old
 * value where there is none. Source: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go.
 */
export function compilationErrors(
  rules: readonly ValidationRule[],
  path: string,
  place: RulePlace,
  context: RuleContext,
): FieldError[] {
  const at = `${path}.x-kubernetes-validations`;
  const { decl } = context;
  if (!decl) {
    const text =
      'internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
    return [internal(at, text)];
  }
  return compileRules(rules, asSelf(decl)).flatMap((compiled, i) => [
    ...ruleErrors(compiled, `${at}[${i}].rule`, place, context),
    ...messageErrors(compiled, `${at}[${i}].messageExpression`, place, context),
    ...oldSelfErrors(compiled, `${at}[${i}]`, place),
  ]);
}

function ruleErrors(
  { rule, error, maxCost, maxCardinality }: CompiledRule,
  field: string,
  { suppressCost }: RulePlace,
  context: RuleContext,
): FieldError[] {
  const cost = context.cost(maxCost, maxCardinality);
  context.budget.add(field, cost);
  const errors = suppressCost ? [] : ruleCostErrors(field, 'estimated rule cost', cost);
  return error === undefined ? errors : [...errors, invalid(field, shownRule(rule), error)];
}

/** A message is made once, for the first rule that is broken. */
function messageErrors(
  { rule, message, messageError, messageMaxCost }: CompiledRule,
  field: string,
  { suppressCost }: RulePlace,
  context: RuleContext,
): FieldError[] {
  if (messageError !== undefined) return [invalid(field, shownRule(rule), messageError)];
  if (!message) return [];
  context.budget.add(field, messageMaxCost);
  return suppressCost ? [] : ruleCostErrors(field, 'estimated messageExpression cost', messageMaxCost);
}

function oldSelfErrors({ rule, usesOldSelf }: CompiledRule, path: string, place: RulePlace): FieldError[] {
  if (usesOldSelf) {
    if (place.uncorrelatable === undefined) return [];
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
    return [invalid(`${path}.rule`, rule.rule, text)];
  }
  if (rule.optionalOldSelf === undefined) return [];
  const text = 'may not be set if oldSelf is not used in rule';
  return [invalid(`${path}.optionalOldSelf`, rule.optionalOldSelf, text)];
}
