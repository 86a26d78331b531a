import type { ClusterState } from './cluster-state.ts';
import { type Failure, failure } from './failure.ts';
import type { PodInfo } from './pod-info.ts';
import type { PodTerm } from './pod-terms.ts';
import type { Topology } from './topology.ts';

const NOT_NEAR = failure('InterPodAffinity', false, "node(s) didn't match pod affinity rules");
const TOO_NEAR = failure('InterPodAffinity', true, "node(s) didn't match pod anti-affinity rules");
const KEPT_AWAY = failure(
  'InterPodAffinity',
  true,
  "node(s) didn't satisfy existing pods anti-affinity rules",
);

/** How much a required affinity of a pod that is there draws others (HardPodAffinityWeight's default). */
const HARD_WEIGHT = 1;

interface Domains {
  readonly topology: Topology;
  readonly counts: number[];
}

interface TermDomains extends Domains {
  readonly term: PodTerm;
}

/** Which pods draw a pod near or keep it away, by topology domain. Changes with `apply`. */
export class AffinityCounts {
  readonly #pod: PodInfo;
  readonly #state: ClusterState;
  readonly #near: TermDomains[];
  readonly #apart: TermDomains[];
  /** Domains that pods which are there keep the pod out of. */
  readonly #closed = new Map<string, Domains>();
  readonly #weights = new Map<string, Domains>();
  readonly #matchesItself: boolean;
  #nearPods = 0;
  #closing = 0;
  #isInvolved: boolean;

  constructor(pod: PodInfo, state: ClusterState) {
    this.#pod = pod;
    this.#state = state;
    this.#isInvolved = pod.terms.any;
    const of = (term: PodTerm): TermDomains => ({
      term,
      topology: state.topology(term.topologyKey),
      counts: [],
    });
    this.#near = pod.terms.requiredAffinity.map(of);
    this.#apart = pod.terms.requiredAntiAffinity.map(of);
    this.#matchesItself = pod.terms.requiredAffinity.every((term) => term.matches(pod, state));
    if (!pod.terms.any) {
      for (const [other, slot] of state.withTerms) this.apply(other, slot, 1);
      return;
    }
    for (const [namespace, pods] of state.byNamespace) {
      if (!this.#concerns(namespace)) continue;
      for (const [other, slot] of pods) this.apply(other, slot, 1);
    }
    for (const [other, slot] of state.withTerms)
      if (!this.#concerns(other.namespace)) this.apply(other, slot, 1);
  }

  /** Could the pod's own terms match in a namespace? */
  #concerns(namespace: string): boolean {
    return this.#pod.terms.all.some((term) => !term.isLocal || term.namespaces.has(namespace));
  }

  /** Nothing draws or keeps away: nodes need not be asked. */
  get isIdle(): boolean {
    return (
      this.#near.length === 0 && this.#apart.length === 0 && this.#closing === 0 && this.#weights.size === 0
    );
  }

  /** Nodes can only be chosen by score, none is left out. */
  get isSoft(): boolean {
    return this.#near.length === 0 && this.#apart.length === 0 && this.#closing === 0;
  }

  /** Labels of nodes matter: some term speaks of the pod, though maybe of no node yet. */
  get isInvolved(): boolean {
    return this.#isInvolved;
  }

  /** A pod came to or went from a node. */
  apply(other: PodInfo, slot: number, sign: 1 | -1): void {
    const { terms } = this.#pod;
    if (terms.any) this.#applyOwn(other, slot, sign);
    if (!other.terms.any) return;
    for (const term of other.terms.requiredAntiAffinity)
      if (term.matches(this.#pod, this.#state) && this.#count(this.#closed, term, slot, sign))
        this.#closing += sign;
    for (const term of other.terms.requiredAffinity)
      if (term.matches(this.#pod, this.#state)) this.#weigh(term, slot, sign * HARD_WEIGHT);
    for (const term of other.terms.preferredAffinity)
      if (term.matches(this.#pod, this.#state)) this.#weigh(term, slot, sign * term.weight);
    for (const term of other.terms.preferredAntiAffinity)
      if (term.matches(this.#pod, this.#state)) this.#weigh(term, slot, -sign * term.weight);
  }

  #applyOwn(other: PodInfo, slot: number, sign: 1 | -1): void {
    const { terms } = this.#pod;
    // a pod counts only when all terms match it
    if (this.#near.length > 0 && this.#near.every(({ term }) => term.matches(other, this.#state))) {
      for (const { topology, counts } of this.#near)
        if (bump(topology, counts, slot, sign)) this.#nearPods += sign;
    }
    for (const { term, topology, counts } of this.#apart)
      if (term.matches(other, this.#state)) bump(topology, counts, slot, sign);
    for (const term of terms.preferredAffinity)
      if (term.matches(other, this.#state)) this.#weigh(term, slot, sign * term.weight);
    for (const term of terms.preferredAntiAffinity)
      if (term.matches(other, this.#state)) this.#weigh(term, slot, -sign * term.weight);
  }

  check(slot: number): Failure | undefined {
    if (this.#near.length > 0 && !this.#isNear(slot)) return NOT_NEAR;
    for (const { topology, counts } of this.#apart) {
      const domain = topology.idOf(slot);
      if (domain >= 0 && (counts[domain] ?? 0) > 0) return TOO_NEAR;
    }
    if (this.#closing > 0) {
      for (const { topology, counts } of this.#closed.values()) {
        const domain = topology.idOf(slot);
        if (domain >= 0 && (counts[domain] ?? 0) > 0) return KEPT_AWAY;
      }
    }
    return undefined;
  }

  #isNear(slot: number): boolean {
    let found = true;
    for (const { topology, counts } of this.#near) {
      const domain = topology.idOf(slot);
      if (domain < 0) return false;
      if ((counts[domain] ?? 0) <= 0) found = false;
    }
    // the first of a group that wants to be together may be anywhere
    return found || (this.#nearPods === 0 && this.#matchesItself);
  }

  get scores(): boolean {
    return this.#weights.size > 0;
  }

  /** Raw scores of the first `count` slots: more is better. */
  raw(slots: Int32Array, count: number, into: Float64Array): void {
    into.fill(0, 0, count);
    for (const { topology, counts } of this.#weights.values()) {
      for (let i = 0; i < count; i++) {
        const domain = topology.idOf(slots[i] ?? 0);
        if (domain >= 0) into[i] = (into[i] ?? 0) + (counts[domain] ?? 0);
      }
    }
  }

  #weigh(term: PodTerm, slot: number, weight: number): void {
    this.#count(this.#weights, term, slot, weight);
  }

  #count(counts: Map<string, Domains>, term: PodTerm, slot: number, by: number): boolean {
    this.#isInvolved = true;
    const domains = counts.getOrInsertComputed(term.topologyKey, (key) => ({
      topology: this.#state.topology(key),
      counts: [],
    }));
    return bump(domains.topology, domains.counts, slot, by);
  }
}

function bump(topology: Topology, counts: number[], slot: number, by: number): boolean {
  const domain = topology.idOf(slot);
  if (domain < 0) return false;
  counts[domain] = (counts[domain] ?? 0) + by;
  return true;
}
