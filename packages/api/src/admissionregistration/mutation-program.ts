import { isObject } from '@sampan/base';
import { type CompiledExpression, compileDynamic, toJson } from '../apiextensions/cel/dynamic.ts';
import { CelError, startRequestWork } from '../apiextensions/cel/values.ts';
import { type PolicyInput, PolicyRun, policyVariables } from './policy-run.ts';
import type { MutatingPolicySpec } from './policy-types.ts';

/** What one mutation wants, or why it cannot be known. */
export type Mutation =
  | { readonly configuration: Readonly<Record<string, unknown>> }
  | { readonly patch: readonly unknown[] }
  | { readonly error: string };

interface CompiledMutation {
  readonly applies: boolean;
  readonly expression: CompiledExpression;
}

/** The expressions of a MutatingAdmissionPolicy, compiled once (KEP-3962; apiserver plugin/policy/mutating). */
export class MutationProgram {
  readonly #conditions: readonly (readonly [string, CompiledExpression])[];
  readonly #variables: readonly (readonly [string, CompiledExpression])[];
  readonly #mutations: readonly CompiledMutation[];

  constructor(spec: MutatingPolicySpec) {
    const variables = policyVariables(spec);
    this.#conditions = (spec.matchConditions ?? []).map(({ name, expression }) => [
      name,
      compileDynamic(expression, variables, 'bool'),
    ]);
    this.#variables = (spec.variables ?? []).map(({ name, expression }) => [
      name,
      compileDynamic(expression, variables, 'any'),
    ]);
    this.#mutations = (spec.mutations ?? []).map(({ applyConfiguration, jsonPatch }) => ({
      applies: applyConfiguration !== undefined,
      expression: applyConfiguration
        ? compileDynamic(applyConfiguration.expression ?? '', variables, 'map')
        : compileDynamic(jsonPatch?.expression ?? '', variables, 'list'),
    }));
  }

  get count(): number {
    return this.#mutations.length;
  }

  /** Do the match conditions hold? */
  matches(input: PolicyInput): boolean | { readonly error: string } {
    startRequestWork();
    const { holds, error } = new PolicyRun(input, this.#variables).conditions(this.#conditions);
    return error === undefined ? holds : { error };
  }

  /** What the mutation of this number wants of an object as it is by now. */
  mutation(index: number, input: PolicyInput): Mutation {
    const { applies, expression } = this.#mutations[index] as CompiledMutation;
    const { value, error } = new PolicyRun(input, this.#variables).evaluate(expression);
    if (error !== undefined || value === undefined) return { error: error ?? 'no value' };
    try {
      const json = toJson(value);
      if (applies && isObject(json)) return { configuration: json };
      if (!applies && Array.isArray(json)) return { patch: json };
      return { error: `must return ${applies ? 'an Object' : 'a list of JSONPatch'}` };
    } catch (failure) {
      if (failure instanceof CelError) return { error: failure.message };
      throw failure;
    }
  }
}
