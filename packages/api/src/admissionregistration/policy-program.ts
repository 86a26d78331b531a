import { type CompiledExpression, compileDynamic } from '../apiextensions/cel/dynamic.ts';
import { type CelValue, startRequestWork } from '../apiextensions/cel/values.ts';
import { type PolicyInput, PolicyRun, policyVariables } from './policy-run.ts';
import type { PolicyValidation, ValidatingPolicySpec } from './policy-types.ts';

const MAX_MESSAGE_BYTES = 5 * 1024;
const MAX_ANNOTATION_BYTES = 10 * 1024;

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
    const run = new PolicyRun(input, this.#variables);
    const { holds, error } = run.conditions(this.#conditions);
    if (error !== undefined) return { failures: this.#failed(error), auditAnnotations: {} };
    if (!holds) return NOTHING;
    const failures = this.#validations.flatMap((compiled, index) => this.#validate(run, compiled, index));
    return this.#annotate(run, failures);
  }

  #failed(message: string, index?: number): PolicyFailure[] {
    return this.#closed ? [{ message, ...(index === undefined ? {} : { index }) }] : [];
  }

  #validate(
    run: PolicyRun,
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

  #annotate(run: PolicyRun, failures: readonly PolicyFailure[]): PolicyOutcome {
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
