import type { ClusterState } from './cluster-state.ts';
import { type Failure, ReasonCounts } from './failure.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodClass } from './pod-class.ts';
import type { PodInfo } from './pod-info.ts';
import { compile } from './pod-terms.ts';
import type { Budget } from './types.ts';

/** A node that a pod fits once some pods have left. */
export interface Candidate {
  readonly node: NodeInfo;
  /** The most important first; never empty. */
  readonly victims: readonly PodInfo[];
  /** Victims whose disruption budget does not allow it. */
  readonly violations: number;
}

export type PreemptionResult =
  | { readonly candidate: Candidate; readonly message?: undefined }
  | { readonly candidate?: undefined; readonly message: string };

const NOT_HELPFUL = ['Preemption is not helpful for scheduling'];
const NO_VICTIMS = { reasons: ['No preemption victims found for incoming pod'] };
/** Enough candidates to choose from: a tenth of the nodes, at least 100 (upstream's defaults). */
const LEAST_CANDIDATES = 100;

/**
 * Finds the node where the fewest and least important pods must leave for a pod (kubernetes
 * pkg/scheduler/framework/preemption; "Pod Priority and Preemption" in the Kubernetes docs). Changes nothing. `start`: the slot to begin at, so that
 * not always the same nodes are looked at.
 */
export function findVictims(
  pod: PodInfo,
  of: PodClass,
  state: ClusterState,
  start: number,
): PreemptionResult {
  const counts = new ReasonCounts();
  const budgets = [...state.budgets.values()];
  const enough = Math.max(LEAST_CANDIDATES, Math.floor(state.nodeCount / 10));
  const candidates: Candidate[] = [];
  for (const [node, { resolvable }] of of.verdicts(start)) {
    if (!resolvable) {
      counts.add(NOT_HELPFUL);
      continue;
    }
    const found = victimsOn(node, pod, of, state, budgets);
    if ('reasons' in found) counts.add(found.reasons);
    else {
      candidates.push(found);
      if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
    }
  }
  const candidate = best(candidates);
  return candidate ? { candidate } : { message: `preemption: ${counts.message(state.nodeCount)}` };
}

function victimsOn(
  node: NodeInfo,
  pod: PodInfo,
  of: PodClass,
  state: ClusterState,
  budgets: readonly Budget[],
): Candidate | Pick<Failure, 'reasons'> {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority);
  if (lower.length === 0) return NO_VICTIMS;
  const trial = new Trial(node, of, state);
  try {
    for (const other of lower) trial.remove(other);
    const failed = of.tryNode(trial.node);
    if (failed) return failed;
    lower.sort(byImportance);
    const { violating, others } = splitByBudget(lower, budgets);
    const victims: PodInfo[] = [];
    let violations = 0;
    const keep = (other: PodInfo): boolean => {
      trial.restore(other);
      if (!of.tryNode(trial.node)) return true;
      trial.remove(other);
      victims.push(other);
      return false;
    };
    for (const other of violating) if (!keep(other)) violations++;
    for (const other of others) keep(other);
    return victims.length === 0 ? NO_VICTIMS : { node, victims: victims.sort(byImportance), violations };
  } finally {
    trial.undo();
  }
}

/** A copy of a node from which pods are taken, and the counts of a class with them. */
class Trial {
  readonly node: NodeInfo;
  readonly #of: PodClass;
  readonly #state: ClusterState;
  readonly #gone = new Set<PodInfo>();

  constructor(node: NodeInfo, of: PodClass, state: ClusterState) {
    this.node = node.clone();
    this.#of = of;
    this.#state = state;
  }

  remove(pod: PodInfo): void {
    this.node.remove(pod);
    this.#gone.add(pod);
    this.#apply(pod, -1);
  }

  restore(pod: PodInfo): void {
    this.node.add(pod);
    this.#gone.delete(pod);
    this.#apply(pod, 1);
  }

  undo(): void {
    for (const pod of this.#gone) this.#apply(pod, 1);
  }

  #apply(pod: PodInfo, sign: 1 | -1): void {
    this.#of.spread?.apply(pod, this.node.slot, sign);
    this.#of.affinity.apply(pod, this.node.slot, sign);
    this.#state.volumes.use(pod, sign);
  }
}

/** Higher priority first, then the longer running. */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

const startOf = (pod: PodInfo): number => {
  const at = pod.pod.status?.startTime;
  return at ? Date.parse(at) : Number.MAX_SAFE_INTEGER;
};

function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly Budget[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const pod of pods) {
    let violates = false;
    budgets.forEach((budget, i) => {
      if (!covers(budget, pod)) return;
      const allowed = (left[i] ?? 0) - 1;
      left[i] = allowed;
      if (allowed < 0) violates = true;
    });
    (violates ? violating : others).push(pod);
  }
  return { violating, others };
}

function covers({ metadata, spec, status }: Budget, pod: PodInfo): boolean {
  if (metadata.namespace !== pod.namespace || Object.keys(pod.labels).length === 0) return false;
  const selector = compile(spec?.selector);
  if (selector.empty || !selector.matches(pod.labels)) return false;
  // the API server knows already
  const disrupted = status?.disruptedPods;
  return disrupted === undefined || !Object.hasOwn(disrupted, pod.name);
}

/** Upstream's pickOneNodeForPreemption: of equals under one rule the next decides. */
const RULES: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? 0,
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  // of the most important victims the earliest start, the latest of all nodes
  ({ victims }) => -earliestStart(victims),
];

function earliestStart(victims: readonly PodInfo[]): number {
  const top = victims[0]?.priority ?? 0;
  return Math.min(...victims.filter(({ priority }) => priority === top).map(startOf));
}

function best(candidates: readonly Candidate[]): Candidate | undefined {
  let left = candidates;
  for (const rule of RULES) {
    if (left.length <= 1) break;
    const values = left.map(rule);
    const least = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    left = left.filter((_, i) => values[i] === least);
  }
  return left[0];
}
