import type { ClusterState } from './cluster-state.ts';
import { type Failure, failure } from './failure.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { SpreadConstraint } from './spread-constraints.ts';
import { untolerated } from './taints.ts';
import type { Topology } from './topology.ts';

const HOSTNAME = 'kubernetes.io/hostname';

const NO_LABEL = failure(
  'PodTopologySpread',
  false,
  "node(s) didn't match pod topology spread constraints (missing required label)",
);
const SKEWED = failure('PodTopologySpread', true, "node(s) didn't match pod topology spread constraints");

/** One constraint with the pods that count for it, by topology domain. */
interface Counted {
  readonly constraint: SpreadConstraint;
  readonly topology: Topology;
  /** Matching pods by domain. */
  pods: Int32Array;
  /** Nodes that make a domain count, by domain. */
  readonly nodes: number[];
  /** By slot: does the node count? */
  readonly eligible: boolean[];
  /** 1 when the pod itself matches. */
  readonly self: number;
  /** The smallest count of any domain; -1: to be found anew. */
  least: number;
}

/** How the pods that a pod wants to be spread among are spread. Changes with `apply`. */
export class SpreadCounts {
  readonly #pod: PodInfo;
  readonly #hard: Counted[];
  readonly #soft: Counted[];
  #marks = new Int32Array(64);
  #round = 0;

  constructor(pod: PodInfo, state: ClusterState) {
    this.#pod = pod;
    const { spread, isSpreadByDefault } = pod.constraints;
    const of = (hard: boolean) => spread.filter((one) => one.hard === hard);
    this.#hard = countAll(pod, of(true), state, true);
    this.#soft = countAll(pod, of(false), state, !isSpreadByDefault);
  }

  static isNeeded(pod: PodInfo): boolean {
    return pod.constraints.spread.length > 0;
  }

  /** A pod came to or went from a node. */
  apply(pod: PodInfo, slot: number, sign: 1 | -1): void {
    for (const counted of this.#hard) applyTo(counted, this.#pod, pod, slot, sign);
    for (const counted of this.#soft) applyTo(counted, this.#pod, pod, slot, sign);
  }

  check(slot: number): Failure | undefined {
    for (const counted of this.#hard) {
      const { constraint, topology, pods, self } = counted;
      const domain = topology.idOf(slot);
      if (domain < 0) return NO_LABEL;
      const skew = (pods[domain] ?? 0) + self - leastOf(counted);
      if (skew > constraint.maxSkew) return SKEWED;
    }
    return undefined;
  }

  get scores(): boolean {
    return this.#soft.length > 0;
  }

  /** No node is left out for its labels. */
  get isDefault(): boolean {
    return this.#pod.constraints.isSpreadByDefault;
  }

  /** Nodes can only be chosen by score, none is left out. */
  get isSoft(): boolean {
    return this.#hard.length === 0;
  }

  /** Raw scores of the first `count` slots: fewer is better; negative for nodes without the labels. */
  raw(slots: Int32Array, count: number, into: Float64Array): void {
    into.fill(0, 0, count);
    const strict = !this.isDefault;
    for (const counted of this.#soft) {
      const { pods } = counted;
      const { ids } = counted.topology;
      const weight = Math.log(this.#domains(counted, slots, count) + 2);
      const least = counted.constraint.maxSkew - 1;
      for (let i = 0; i < count; i++) {
        const domain = ids[slots[i] ?? 0] ?? -1;
        if (domain >= 0) into[i] = (into[i] ?? 0) + (pods[domain] ?? 0) * weight + least;
        else if (strict) into[i] = Number.NEGATIVE_INFINITY;
      }
    }
  }

  /** Domains with feasible nodes: few are weighed less. */
  #domains({ topology, constraint }: Counted, slots: Int32Array, count: number): number {
    // as upstream: one node, one host
    if (constraint.topologyKey === HOSTNAME) return count;
    if (this.#marks.length < topology.size) this.#marks = new Int32Array(topology.size * 2);
    const marks = this.#marks;
    const { ids } = topology;
    const round = ++this.#round;
    let domains = 0;
    for (let i = 0; i < count; i++) {
      const domain = ids[slots[i] ?? 0] ?? -1;
      if (domain < 0 || marks[domain] === round) continue;
      marks[domain] = round;
      domains++;
    }
    return domains;
  }
}

function leastOf(counted: Counted): number {
  if (counted.least >= 0) return counted.least;
  let least = Number.POSITIVE_INFINITY;
  let domains = 0;
  counted.nodes.forEach((nodes, domain) => {
    if (nodes <= 0) return;
    domains++;
    least = Math.min(least, counted.pods[domain] ?? 0);
  });
  // too few domains: as if an empty one were still to come (KEP-3022)
  if (domains < counted.constraint.minDomains || domains === 0) least = 0;
  counted.least = least;
  return least;
}

function countAll(
  pod: PodInfo,
  constraints: readonly SpreadConstraint[],
  state: ClusterState,
  needsAll: boolean,
): Counted[] {
  const topologies = constraints.map(({ topologyKey }) => state.topology(topologyKey));
  const all = constraints.map((constraint, i): Counted => {
    const topology = topologies[i] as Topology;
    return {
      constraint,
      topology,
      pods: new Int32Array(topology.size + 16),
      nodes: [],
      eligible: [],
      self: matches(constraint, pod, pod) ? 1 : 0,
      least: -1,
    };
  });
  for (const node of state.slots) {
    if (!node?.object) continue;
    if (needsAll && topologies.some((topology) => topology.idOf(node.slot) < 0)) continue;
    for (const counted of all) {
      const domain = counted.topology.idOf(node.slot);
      if (domain < 0 || !isEligible(pod, node, counted.constraint)) continue;
      counted.eligible[node.slot] = true;
      counted.nodes[domain] = (counted.nodes[domain] ?? 0) + 1;
    }
  }
  for (const [other, slot] of state.byNamespace.get(pod.namespace) ?? [])
    for (const counted of all) applyTo(counted, pod, other, slot, 1);
  return all;
}

function isEligible(pod: PodInfo, node: NodeInfo, constraint: SpreadConstraint): boolean {
  if (constraint.honorsAffinity && !pod.constraints.matchesNode(node.labels, node.name)) return false;
  return !constraint.honorsTaints || untolerated(pod.constraints.tolerations, node.taints) === undefined;
}

function applyTo(counted: Counted, pod: PodInfo, other: PodInfo, slot: number, sign: 1 | -1): void {
  if (!counted.eligible[slot] || !matches(counted.constraint, pod, other)) return;
  const domain = counted.topology.idOf(slot);
  if (domain < 0) return;
  counted.pods[domain] = (counted.pods[domain] ?? 0) + sign;
  counted.least = -1;
}

/** Pods that are being deleted no longer count. */
function matches(constraint: SpreadConstraint, pod: PodInfo, other: PodInfo): boolean {
  if (other.namespace !== pod.namespace || other.isTerminating) return false;
  if (constraint.owner !== undefined) return other.ownerUid === constraint.owner;
  return constraint.selector.matches(other.labels);
}
