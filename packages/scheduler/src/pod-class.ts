import { AffinityCounts } from './affinity-counts.ts';
import type { Change } from './change-log.ts';
import type { ClusterState } from './cluster-state.ts';
import { type Failure, failure, type Plugin, ReasonCounts } from './failure.ts';
import { checkNode, checkProperties, type FilterContext } from './node-filters.ts';
import { NodeHeap } from './node-heap.ts';
import type { NodeInfo } from './node-info.ts';
import { MOST, preferenceOf, scoreNode, unwantedTaints, WEIGHTS } from './node-scores.ts';
import type { PodInfo } from './pod-info.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { SpreadCounts } from './spread-counts.ts';

const ANOTHER_NODE = failure('NodeAffinity', false, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
/** Slots that may be added before arrays are made anew. */
const SLACK = 64;
/** So many feasible nodes are scored when pods are spread by default. */
const MOST_SPREAD = 500;
/** So many nodes are looked at in order of their scores before all are. */
const EARLY = 32;

/**
 * Equal pods, judged once: what every node says of them is kept and brought up to date by what changed since. Pods
 * that only care for nodes take the best from a heap; where other pods matter (spread, affinity), the feasible nodes
 * are gone through, with counts per topology domain that are kept too.
 */
export class PodClass {
  /** One of them. */
  readonly pod: PodInfo;
  readonly key: string;
  /** Why preemption is of no use, once that was found; void when something changes. */
  hopeless: string | undefined;
  readonly spread: SpreadCounts | undefined;
  readonly affinity: AffinityCounts;
  readonly context: FilterContext;
  readonly #state: ClusterState;
  readonly #generation: number;
  readonly #failures: (Failure | undefined)[] = [];
  readonly #scores: Float64Array;
  readonly #heap: NodeHeap;
  /** Preferences of nodes are judged against the best of them. */
  readonly #usesPreferences: boolean;
  #mostPreferred = 0;
  #mostUnwanted = 0;
  #cursor: number;
  #explanation: Explanation | undefined;

  constructor(pod: PodInfo, key: string, state: ClusterState, volumes: PodVolumes | undefined) {
    this.pod = pod;
    this.key = key;
    this.#state = state;
    this.spread = SpreadCounts.isNeeded(pod) ? new SpreadCounts(pod, state) : undefined;
    this.affinity = new AffinityCounts(pod, state);
    this.context = { names: state.names, volumes, catalog: state.volumes };
    this.#generation = state.generation;
    this.#cursor = state.log.end;
    this.#scores = new Float64Array(state.slots.length + SLACK);
    this.#heap = new NodeHeap(this.#scores);
    this.#usesPreferences = pod.constraints.preferredNodes.length > 0 || state.hasSoftTaints;
    if (this.#usesPreferences) this.#findMost();
    for (const node of state.slots) if (node?.object) this.#judge(node);
  }

  /** Takes what changed since the last call; false: this must be made anew. */
  refresh(): boolean {
    if (this.#generation !== this.#state.generation) return false;
    const changes = this.#state.log.since(this.#cursor);
    if (!changes) return false;
    if (changes.length === 0) return true;
    this.#cursor = this.#state.log.end;
    this.#explanation = undefined;
    this.hopeless = undefined;
    const [only] = changes;
    if (changes.length === 1 && only) return this.#take(only) && this.#judgeSlot(only.slot);
    const slots = new Set<number>();
    for (const change of changes) {
      if (!this.#take(change)) return false;
      slots.add(change.slot);
    }
    for (const slot of slots) if (!this.#judgeSlot(slot)) return false;
    return true;
  }

  #take(change: Change): boolean {
    if (change.kind === 'node') return !this.#dependsOnNodes(change.slot);
    if (change.kind === 'pod') {
      this.spread?.apply(change.pod, change.slot, change.sign);
      this.affinity.apply(change.pod, change.slot, change.sign);
    }
    return true;
  }

  /** Another node changes more than what is judged of that node. */
  #dependsOnNodes(slot: number): boolean {
    if (this.spread || this.affinity.isInvolved || this.#usesPreferences) return true;
    return (this.#state.slots[slot]?.softTaints.length ?? 0) > 0;
  }

  #judgeSlot(slot: number): boolean {
    if (slot >= this.#scores.length) return false;
    const node = this.#state.slots[slot];
    if (node?.object) this.#judge(node);
    else {
      this.#failures[slot] = undefined;
      this.#heap.remove(slot);
    }
    return true;
  }

  #judge(node: NodeInfo): void {
    const { slot } = node;
    const { onlyNodes } = this.pod.constraints;
    const failed =
      onlyNodes && !onlyNodes.has(node.name) ? ANOTHER_NODE : checkNode(this.pod, node, this.context);
    this.#failures[slot] = failed;
    if (failed) {
      this.#heap.remove(slot);
      return;
    }
    this.#scores[slot] = scoreNode(this.pod, node, this.#state) + this.#preference(node);
    this.#heap.update(slot);
  }

  #findMost(): void {
    for (const node of this.#state.slots) {
      if (!node?.object || checkProperties(this.pod, node)) continue;
      this.#mostPreferred = Math.max(this.#mostPreferred, preferenceOf(this.pod, node));
      this.#mostUnwanted = Math.max(this.#mostUnwanted, unwantedTaints(this.pod, node));
    }
  }

  #preference(node: NodeInfo): number {
    if (!this.#usesPreferences) return 0;
    const preferred =
      this.#mostPreferred === 0 ? 0 : Math.floor((MOST * preferenceOf(this.pod, node)) / this.#mostPreferred);
    const wanted =
      this.#mostUnwanted === 0
        ? MOST
        : MOST - Math.floor((MOST * unwantedTaints(this.pod, node)) / this.#mostUnwanted);
    return WEIGHTS.nodeAffinity * preferred + WEIGHTS.taints * wanted;
  }

  /** The best node for a pod of this class; undefined: none. */
  best(): number | undefined {
    if (!this.spread && this.affinity.isIdle) return this.#heap.best;
    if (!this.spread?.scores && !this.affinity.scores) {
      const first = this.#heap.first((slot) => !this.#checkOthers(slot), EARLY);
      if (first !== undefined) return first;
    }
    const candidates = this.#candidates();
    // upstream scores but a tenth of so many nodes, too; those at the front of the heap have the most room
    const most = this.spread?.isDefault && !this.affinity.scores ? MOST_SPREAD : candidates.length;
    const slots = scratch.slots;
    let count = 0;
    const areGood = (this.spread?.isSoft ?? true) && this.affinity.isSoft;
    for (let i = 0; i < candidates.length && count < most; i++) {
      const slot = candidates[i] ?? 0;
      if (areGood || !this.#checkOthers(slot)) slots[count++] = slot;
    }
    if (count <= 1) return count === 0 ? undefined : slots[0];
    const totals = scratch.totals;
    for (let i = 0; i < count; i++) totals[i] = this.#scores[slots[i] ?? 0] ?? 0;
    if (this.spread?.scores) this.#addSpread(this.spread, count);
    if (this.affinity.scores) this.#addAffinity(count);
    let best = 0;
    for (let i = 1; i < count; i++) {
      const difference = (totals[i] ?? 0) - (totals[best] ?? 0);
      if (difference > 0 || (difference === 0 && (slots[i] ?? 0) < (slots[best] ?? 0))) best = i;
    }
    return slots[best];
  }

  #candidates(): readonly number[] {
    const slots = this.#heap.slots();
    if (scratch.slots.length < slots.length) {
      scratch.slots = new Int32Array(slots.length * 2);
      scratch.totals = new Float64Array(slots.length * 2);
      scratch.raw = new Float64Array(slots.length * 2);
    }
    return slots;
  }

  #addSpread(spread: SpreadCounts, count: number): void {
    const { slots, totals, raw } = scratch;
    spread.raw(slots, count, raw);
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    for (let i = 0; i < count; i++) {
      const score = raw[i] ?? 0;
      if (score >= 0 && score < least) least = score;
      if (score > most) most = score;
    }
    // all alike
    if (most === 0 || (least === most && spread.isDefault)) return;
    const factor = (WEIGHTS.spread * MOST) / most;
    const top = most + least;
    for (let i = 0; i < count; i++) {
      const score = raw[i] ?? 0;
      if (score >= 0) totals[i] = (totals[i] ?? 0) + factor * (top - score);
    }
  }

  #addAffinity(count: number): void {
    const { slots, totals, raw } = scratch;
    this.affinity.raw(slots, count, raw);
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      least = Math.min(least, raw[i] ?? 0);
      most = Math.max(most, raw[i] ?? 0);
    }
    if (most === least) return;
    for (let i = 0; i < count; i++) {
      const part = Math.floor((MOST * ((raw[i] ?? 0) - least)) / (most - least));
      totals[i] = (totals[i] ?? 0) + WEIGHTS.podAffinity * part;
    }
  }

  #checkOthers(slot: number): Failure | undefined {
    return this.spread?.check(slot) ?? this.affinity.check(slot);
  }

  /** Why a pod of this class cannot be on a node; undefined: it can. */
  failureOf(slot: number): Failure | undefined {
    return this.#failures[slot] ?? this.#checkOthers(slot);
  }

  /** As `failureOf`, for a node that is a trial copy. */
  tryNode(node: NodeInfo): Failure | undefined {
    return checkNode(this.pod, node, this.context) ?? this.#checkOthers(node.slot);
  }

  /** Every node that exists, with why it is not for these pods; from some node on, once around. */
  *verdicts(start = 0): Generator<readonly [NodeInfo, Failure]> {
    const { slots } = this.#state;
    for (let i = 0; i < slots.length; i++) {
      const node = slots[(start + i) % slots.length];
      if (!node?.object) continue;
      const failed = this.failureOf(node.slot);
      if (failed) yield [node, failed];
    }
  }

  /** Why no node takes a pod of this class; asked only when none does. */
  explain(): Explanation {
    this.#explanation ??= this.#explain();
    return this.#explanation;
  }

  #explain(): Explanation {
    const counts = new ReasonCounts();
    const failedBy = new Set<Plugin>();
    for (const [, { reasons, plugin }] of this.verdicts()) {
      counts.add(reasons);
      failedBy.add(plugin);
    }
    return { message: counts.message(this.#state.nodeCount), failedBy };
  }
}

export interface Explanation {
  /** `0/3 nodes are available: …`. */
  readonly message: string;
  readonly failedBy: ReadonlySet<Plugin>;
}

/** Reused by every class: judging is never interrupted. */
const scratch = {
  slots: new Int32Array(1024),
  totals: new Float64Array(1024),
  raw: new Float64Array(1024),
};
