import {
  type CompiledExpression,
  fromAny,
  lazyObject,
  objectWith,
  untyped,
  type Variables,
} from '../apiextensions/cel/dynamic.ts';
import { CelError, type CelValue, CostLimitError } from '../apiextensions/cel/values.ts';
import { ACCESS_VARIABLES, type AccessInput, accessValues } from './access.ts';
import type { ValidatingPolicySpec } from './policy-types.ts';

/** Cost of one expression, and of all of one policy (apiserver pkg/apis/cel/config.go). */
const PER_CALL_LIMIT = 1_000_000;
const BUDGET = 10_000_000;

type PolicyNames = Pick<ValidatingPolicySpec, 'paramKind' | 'variables'>;

/** What a policy's expressions read; JSON values. */
export interface PolicyInput {
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly request: unknown;
  readonly params: unknown;
  readonly namespaceObject: unknown;
  readonly access: AccessInput;
}

const NAMES = ['object', 'oldObject', 'request', 'namespaceObject'];

/** The variables of a policy's expressions, with the first `count` of its own (default all). */
export function policyVariables(spec: PolicyNames, count?: number): Variables {
  const own = (spec.variables ?? []).slice(0, count).map(({ name }) => name);
  const names = spec.paramKind ? [...NAMES, 'params'] : NAMES;
  return new Map([
    ...untyped(names),
    ...ACCESS_VARIABLES,
    ['variables', objectWith('kubernetes.variables', own)],
  ]);
}

/** One evaluation of a policy: what its variables came to, and what is left of its budget. */
export class PolicyRun {
  readonly #values: Record<string, CelValue>;
  #budget = BUDGET;

  constructor(input: PolicyInput, variables: readonly (readonly [string, CompiledExpression])[]) {
    const fields = new Map(
      variables.map(([name, expression]) => [name, once(() => this.#value(expression))]),
    );
    this.#values = {
      object: fromAny(input.object),
      oldObject: fromAny(input.oldObject),
      request: fromAny(input.request),
      params: fromAny(input.params),
      namespaceObject: fromAny(input.namespaceObject),
      variables: lazyObject(fields),
      ...accessValues(input.access),
    };
  }

  /** Do all hold? One that is false decides before one that fails. */
  conditions(list: readonly (readonly [name: string, CompiledExpression])[]): {
    holds: boolean;
    error: string | undefined;
  } {
    const errors: string[] = [];
    for (const [name, condition] of list) {
      const { value, error } = this.evaluate(condition);
      if (error !== undefined) errors.push(`expression '${name}' resulted in error: ${error}`);
      else if (value !== true) return { holds: false, error: undefined };
    }
    return { holds: errors.length === 0, error: errors.length === 0 ? undefined : errors.join(', ') };
  }

  evaluate(expression: CompiledExpression): { value: CelValue | undefined; error: string | undefined } {
    try {
      return { value: this.#value(expression), error: undefined };
    } catch (error) {
      if (error instanceof CostLimitError)
        return { value: undefined, error: 'validation failed due to running out of cost budget' };
      if (error instanceof CelError) return { value: undefined, error: error.message };
      throw error;
    }
  }

  /** Throws CelError and CostLimitError. */
  #value(expression: CompiledExpression): CelValue {
    if ('error' in expression) throw new CelError(expression.error);
    const { value, error, cost } = expression.program.run(
      this.#values,
      Math.min(PER_CALL_LIMIT, this.#budget),
    );
    this.#budget = Math.max(0, this.#budget - cost);
    if (error) throw error;
    return value as CelValue;
  }
}

/** Computes a value when it is first read; what failed fails again. */
function once(compute: () => CelValue): () => CelValue {
  let made: { value: CelValue } | { error: unknown } | undefined;
  return () => {
    if (!made) {
      try {
        made = { value: compute() };
      } catch (error) {
        made = { error };
      }
    }
    if ('error' in made) throw made.error;
    return made.value;
  };
}
