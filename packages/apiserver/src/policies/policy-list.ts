import {
  compileLabelSelector,
  type MatchResources,
  PolicyProgram,
  type ValidatingPolicy,
  type ValidatingPolicyBinding,
} from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import type { Criteria } from '../webhooks/matching.ts';

/** A policy that is bound, compiled. */
export interface BoundPolicy {
  readonly policy: ValidatingPolicy;
  readonly criteria: Criteria;
  readonly program: PolicyProgram;
  readonly bindings: readonly Binding[];
}

export interface Binding {
  readonly binding: ValidatingPolicyBinding;
  /** Undefined: all that the policy is about. */
  readonly criteria: Criteria | undefined;
}

const POLICIES = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const BINDINGS = 'validatingadmissionpolicybindings.admissionregistration.k8s.io';

/** All policies that have bindings; kept by watch, so that asking costs nothing. */
export class PolicyList {
  #policies: readonly BoundPolicy[] = [];
  readonly #reader: ObjectReader;
  readonly #stops: readonly (() => void)[];

  constructor(reader: ObjectReader) {
    this.#reader = reader;
    const rebuild = () => this.#rebuild();
    this.#stops = [reader.watch(POLICIES, rebuild), reader.watch(BINDINGS, rebuild)];
    rebuild();
  }

  get policies(): readonly BoundPolicy[] {
    return this.#policies;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  #rebuild(): void {
    const bindings = Map.groupBy(
      this.#reader.list<ValidatingPolicyBinding>(BINDINGS),
      ({ spec }) => spec.policyName ?? '',
    );
    this.#policies = this.#reader.list<ValidatingPolicy>(POLICIES).flatMap((policy) => {
      const bound = bindings.get(policy.metadata.name ?? '');
      return bound ? [{ ...compiled(policy), bindings: bound.map(bindingOf) }] : [];
    });
  }
}

type Compiled = Omit<BoundPolicy, 'bindings'>;
const known = new WeakMap<ValidatingPolicy, Compiled>();

function compiled(policy: ValidatingPolicy): Compiled {
  return known.getOrInsertComputed(policy, () => ({
    policy,
    criteria: criteriaOf(policy.spec.matchConstraints ?? {}, []),
    program: new PolicyProgram(policy.spec),
  }));
}

function bindingOf(binding: ValidatingPolicyBinding): Binding {
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
