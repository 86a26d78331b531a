import {
  compileLabelSelector,
  type MatchResources,
  type MutatingPolicy,
  MutationProgram,
  type PolicyBinding,
  PolicyProgram,
  type ValidatingPolicy,
} from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { Criteria } from '../webhooks/matching.ts';

/** A policy of either sort. */
type AnyPolicy = ValidatingPolicy | MutatingPolicy;

/** A policy that is bound, compiled. */
export interface BoundPolicy<P extends AnyPolicy, Program> {
  readonly policy: P;
  readonly criteria: Criteria;
  readonly program: Program;
  readonly bindings: readonly Binding[];
}

export type BoundValidatingPolicy = BoundPolicy<ValidatingPolicy, PolicyProgram>;
export type BoundMutatingPolicy = BoundPolicy<MutatingPolicy, MutationProgram>;

export interface Binding {
  readonly binding: PolicyBinding;
  /** Undefined: all that the policy is about. */
  readonly criteria: Criteria | undefined;
}

const GROUP = 'admissionregistration.k8s.io';

/** All policies of one sort that have bindings; kept by watch, so that asking costs nothing. */
export class PolicyList<P extends AnyPolicy, Program> {
  #policies: readonly BoundPolicy<P, Program>[] = [];
  readonly #reader: ObjectReader;
  readonly #sort: string;
  readonly #compile: (spec: P['spec']) => Program;
  readonly #compiled = new WeakMap<P, Program>();
  readonly #stops: readonly (() => void)[];

  constructor(reader: ObjectReader, sort: 'validating' | 'mutating', compile: (spec: P['spec']) => Program) {
    this.#reader = reader;
    this.#sort = sort;
    this.#compile = compile;
    const rebuild = () => this.#rebuild();
    this.#stops = [this.#policyCollection, this.#bindingCollection].map((collection) =>
      reader.watch(collection, rebuild),
    );
    rebuild();
  }

  get policies(): readonly BoundPolicy<P, Program>[] {
    return this.#policies;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  get #policyCollection(): string {
    return `${this.#sort}admissionpolicies.${GROUP}`;
  }

  get #bindingCollection(): string {
    return `${this.#sort}admissionpolicybindings.${GROUP}`;
  }

  #rebuild(): void {
    const bindings = Map.groupBy(
      this.#reader.list<PolicyBinding>(this.#bindingCollection),
      ({ spec }) => spec.policyName ?? '',
    );
    this.#policies = this.#reader.list<P>(this.#policyCollection).flatMap((policy) => {
      const bound = bindings.get(policy.metadata.name ?? '');
      if (!bound) return [];
      const program = this.#compiled.getOrInsertComputed(policy, () => this.#compile(policy.spec));
      const criteria = criteriaOf(policy.spec.matchConstraints ?? {}, []);
      return [{ policy, criteria, program, bindings: bound.map(bindingOf) }];
    });
  }
}

/** Policies that validate. */
export const validatingPolicyList = (reader: ObjectReader) =>
  new PolicyList<ValidatingPolicy, PolicyProgram>(reader, 'validating', (spec) => new PolicyProgram(spec));

/** Policies that mutate. */
export const mutatingPolicyList = (reader: ObjectReader) =>
  new PolicyList<MutatingPolicy, MutationProgram>(reader, 'mutating', (spec) => new MutationProgram(spec));

function bindingOf(binding: PolicyBinding): Binding {
  const { matchResources } = binding.spec;
  return { binding, criteria: matchResources && criteriaOf(matchResources, undefined) };
}

/** `none`: what no rules mean. */
function criteriaOf(match: MatchResources, none: [] | undefined): Criteria {
  const { resourceRules, excludeResourceRules = [] } = match;
  return {
    namespaces: compileLabelSelector(match.namespaceSelector ?? {}),
    objects: compileLabelSelector(match.objectSelector ?? {}),
    rules: resourceRules?.length ? resourceRules : none,
    excluded: excludeResourceRules,
    equivalent: match.matchPolicy !== 'Exact',
  };
}
