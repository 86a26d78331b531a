import {
  type CompiledExpression,
  compileDynamic,
  fromAny,
  lazyObject,
  objectWith,
  untyped,
  type Variables,
} from '../apiextensions/cel/dynamic.ts';
import { CelError, type CelValue, CostLimitError, startRequestWork } from '../apiextensions/cel/values.ts';
import { ACCESS_VARIABLES, type AccessInput, accessValues } from './access.ts';
import type { PolicyValidation, ValidatingPolicySpec } from './policy-types.ts';

/** Cost of one expression, and of all of one policy (apiserver pkg/apis/cel/config.go). */
const PER_CALL_LIMIT = 1_000_000;
const BUDGET = 10_000_000;
const MAX_MESSAGE_BYTES = 5 * 1024;
const MAX_ANNOTATION_BYTES = 10 * 1024;

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
export function policyVariables(spec: ValidatingPolicySpec, count?: number): Variables {
  const own = (spec.variables ?? []).slice(0, count).map(({ name }) => name);
  const names = spec.paramKind ? [...NAMES, 'params'] : NAMES;
  return new Map([
    ...untyped(names),
    ...ACCESS_VARIABLES,
    ['variables', objectWith('kubernetes.variables', own)],
  ]);
}

export interface PolicyFailure {
  /** Which validation; absent: the policy as a whole. */
  readonly index?: number;
  readonly message: string;
  readonly reason?: string;
}

export interface PolicyOutcome {
  readonly failures: readonly PolicyFailure[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

interface CompiledValidation {
  readonly validation: PolicyValidation;
  readonly expression: CompiledExpression;
  readonly message: CompiledExpression | undefined;
}

const NOTHING: PolicyOutcome = { failures: [], auditAnnotations: {} };

/** The expressions of a ValidatingAdmissionPolicy, compiled once. Source: apiserver plugin/policy/validating/validator.go. */
export class PolicyProgram {
  readonly #conditions: readonly (readonly [string, CompiledExpression])[];
  readonly #variables: readonly (readonly [string, CompiledExpression])[];
  readonly #validations: readonly CompiledValidation[];
  readonly #annotations: readonly (readonly [string, CompiledExpression])[];
  /** An expression that cannot be evaluated refuses the request. */
  readonly #closed: boolean;

  constructor(spec: ValidatingPolicySpec) {
    const variables = policyVariables(spec);
    const compile = (text: string, type: 'bool' | 'string' | 'any') => compileDynamic(text, variables, type);
    this.#closed = spec.failurePolicy !== 'Ignore';
    this.#conditions = (spec.matchConditions ?? []).map(({ name, expression }) => [
      name,
      compile(expression, 'bool'),
    ]);
    this.#variables = (spec.variables ?? []).map(({ name, expression }) => [
      name,
      compile(expression, 'any'),
    ]);
    this.#validations = (spec.validations ?? []).map((validation) => ({
      validation,
      expression: compile(validation.expression, 'bool'),
      message: validation.messageExpression ? compile(validation.messageExpression, 'string') : undefined,
    }));
    this.#annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => [
      key,
      compile(valueExpression, 'any'),
    ]);
  }

  evaluate(input: PolicyInput): PolicyOutcome {
    startRequestWork();
    const run = new Run(input, this.#variables);
    const errors: string[] = [];
    for (const [name, condition] of this.#conditions) {
      const { value, error } = run.evaluate(condition);
      if (error !== undefined) errors.push(`expression '${name}' resulted in error: ${error}`);
      else if (value !== true) return NOTHING;
    }
    if (errors.length > 0) return { failures: this.#failed(errors.join(', ')), auditAnnotations: {} };
    const failures = this.#validations.flatMap((compiled, index) => this.#validate(run, compiled, index));
    return this.#annotate(run, failures);
  }

  #failed(message: string, index?: number): PolicyFailure[] {
    return this.#closed ? [{ message, ...(index === undefined ? {} : { index }) }] : [];
  }

  #validate(
    run: Run,
    { validation, expression, message }: CompiledValidation,
    index: number,
  ): PolicyFailure[] {
    const { value, error } = run.evaluate(expression);
    if (error !== undefined)
      return this.#failed(`expression '${validation.expression}' resulted in error: ${error}`, index);
    if (value === true) return [];
    const text =
      messageOf(message && run.evaluate(message).value) ||
      (validation.message ?? '').trim() ||
      `failed expression: ${validation.expression.trim()}`;
    return [{ index, message: text, reason: validation.reason ?? 'Invalid' }];
  }

  #annotate(run: Run, failures: readonly PolicyFailure[]): PolicyOutcome {
    const auditAnnotations: Record<string, string> = {};
    const all = [...failures];
    for (const [key, expression] of this.#annotations) {
      const { value, error } = run.evaluate(expression);
      if (error !== undefined) all.push(...this.#failed(error));
      else if (typeof value === 'string' && value.trim() !== '')
        auditAnnotations[key] = value.trim().slice(0, MAX_ANNOTATION_BYTES);
    }
    return { failures: all, auditAnnotations };
  }
}

/** A message of one line and no great length; '' for what is none. */
function messageOf(value: CelValue | undefined): string {
  if (typeof value !== 'string') return '';
  const text = value.trim();
  return text.includes('\n') || Buffer.byteLength(text) > MAX_MESSAGE_BYTES ? '' : text;
}

/** One evaluation of a policy: what its variables came to, and what is left of its budget. */
class Run {
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
