import {
  type CompiledExpression,
  compileDynamic,
  fromAny,
  untyped,
  type Variables,
} from '../apiextensions/cel/dynamic.ts';
import { CelError, CostLimitError, startRequestWork } from '../apiextensions/cel/values.ts';
import { duplicate, type FieldError, invalid, required, tooMany } from '../meta/field-error.ts';
import { isQualifiedName } from '../validation/label-syntax.ts';
import { ACCESS_VARIABLES, type AccessInput, accessValues } from './access.ts';
import type { MatchCondition } from './types.ts';

const MAX_CONDITIONS = 64;
/** Cost of one expression, and of all of one webhook or policy (apiserver pkg/apis/cel/config.go). */
const PER_CALL_LIMIT = 1_000_000;
const BUDGET = 10_000_000 / 4;

/** What expressions of admission can read (KEP-3716). */
const VARIABLES: Variables = new Map([...untyped(['object', 'oldObject', 'request']), ...ACCESS_VARIABLES]);

export interface AdmissionVariables {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly access: AccessInput;
}

/** Source: pkg/apis/admissionregistration/validation validateMatchConditions. */
export function matchConditionErrors(
  conditions: readonly MatchCondition[],
  field: string,
  variables: Variables = VARIABLES,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  if (conditions.length > MAX_CONDITIONS) errors.push(tooMany(field, conditions.length, MAX_CONDITIONS));
  conditions.forEach(({ name = '', expression = '' }, i) => {
    const path = `${field}[${i}]`;
    if (expression.trim() === '') errors.push(required(`${path}.expression`));
    else {
      const compiled = compileDynamic(expression, variables, 'bool');
      if ('error' in compiled) errors.push(invalid(`${path}.expression`, expression, compiled.error));
    }
    if (name === '') errors.push(required(`${path}.name`));
    else for (const text of isQualifiedName(name)) errors.push(invalid(`${path}.name`, name, text));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
  });
  return errors;
}

/** All conditions hold, one does not, or evaluating them failed and none is false. */
export type ConditionsOutcome = 'match' | 'no match' | { readonly error: string };

/** The match conditions of one webhook, compiled once. */
export class MatchConditions {
  readonly #compiled: readonly { readonly name: string; readonly expression: CompiledExpression }[];

  constructor(conditions: readonly MatchCondition[]) {
    this.#compiled = conditions.map(({ name, expression }) => ({
      name,
      expression: compileDynamic(expression, VARIABLES, 'bool'),
    }));
  }

  get empty(): boolean {
    return this.#compiled.length === 0;
  }

  /** A condition that is false decides before one that fails (apiserver plugin/webhook/matchconditions/matcher.go). */
  evaluate(variables: AdmissionVariables): ConditionsOutcome {
    startRequestWork();
    const values = {
      object: fromAny(variables.object),
      oldObject: fromAny(variables.oldObject),
      request: fromAny(variables.request),
      ...accessValues(variables.access),
    };
    const failures: string[] = [];
    let budget = BUDGET;
    for (const { name, expression } of this.#compiled) {
      const outcome = run(expression, values, Math.min(PER_CALL_LIMIT, budget));
      budget -= outcome.cost;
      if (outcome.error !== undefined)
        failures.push(`expression '${name}' resulted in error: ${outcome.error}`);
      else if (outcome.value !== true) return 'no match';
    }
    return failures.length === 0 ? 'match' : { error: failures.join(', ') };
  }
}

function run(
  expression: CompiledExpression,
  values: Parameters<Extract<CompiledExpression, { program: unknown }>['program']['run']>[0],
  limit: number,
): { value: unknown; error: string | undefined; cost: number } {
  if ('error' in expression) return { value: undefined, error: expression.error, cost: 0 };
  const { value, error, cost } = expression.program.run(values, limit);
  if (error instanceof CostLimitError)
    return { value, error: 'validation failed due to running out of cost budget', cost };
  if (error instanceof CelError) return { value, error: error.message, cost };
  return { value, error: undefined, cost };
}
