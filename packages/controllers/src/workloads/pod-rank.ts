import type { Pod } from './objects.ts';
import { isReady, readySince, timeOf } from './pod-state.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/** What is asked of each pod once, before sorting. */
interface Facts {
  readonly pod: Pod;
  readonly assigned: number;
  readonly phase: number;
  readonly ready: number;
  readonly cost: number;
  /** How many pods of its siblings share its node. */
  readonly crowd: number;
  readonly readyTime: number;
  readonly restarts: number;
  readonly sidecarRestarts: number;
  readonly created: number;
}

/**
 * Sorts pods so that those come first whose loss costs least (kubernetes ActivePodsWithRanks.Less, KEP-2185 and
 * KEP-2255): not assigned, not running, not ready, low deletion cost, on a crowded node, ready for a shorter time,
 * restarted more often, younger. Times are compared by their order of magnitude, so that age alone does not decide.
 * `crowd`: how many related pods are on a node.
 */
export function sortByDeletionRank(
  pods: readonly Pod[],
  crowd: (node: string) => number,
  now: number,
): Pod[] {
  const facts = pods.map((pod) => factsOf(pod, crowd(pod.spec.nodeName ?? '')));
  return facts.sort((a, b) => compare(a, b, now)).map(({ pod }) => pod);
}

function factsOf(pod: Pod, crowd: number): Facts {
  return {
    pod,
    crowd,
    assigned: pod.spec.nodeName ? 1 : 0,
    phase: PHASES[pod.status?.phase ?? ''] ?? 0,
    ready: isReady(pod) ? 1 : 0,
    cost: deletionCost(pod),
    readyTime: readySince(pod) ?? 0,
    ...restartsOf(pod),
    created: timeOf(pod.metadata.creationTimestamp),
  };
}

/** Not valid texts count as 0; the API server lets none through. */
function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : 0;
}

function restartsOf(pod: Pod): { restarts: number; sidecarRestarts: number } {
  const most = (statuses: readonly { restartCount?: number }[] | undefined) =>
    Math.max(0, ...(statuses ?? []).map(({ restartCount }) => restartCount ?? 0));
  const sidecars = new Set(
    (pod.spec.initContainers ?? [])
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  return {
    restarts: most(pod.status?.containerStatuses),
    sidecarRestarts: most((pod.status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))),
  };
}

function compare(a: Facts, b: Facts, now: number): number {
  const plain =
    a.assigned - b.assigned || a.phase - b.phase || a.ready - b.ready || a.cost - b.cost || b.crowd - a.crowd;
  if (plain !== 0) return plain;
  if (a.ready === 1 && a.readyTime !== b.readyTime) return compareTimes(a.readyTime, b.readyTime, a, b, now);
  const restarts = b.restarts - a.restarts || b.sidecarRestarts - a.sidecarRestarts;
  if (restarts !== 0) return restarts;
  return a.created === b.created ? compareUids(a, b) : compareTimes(a.created, b.created, a, b, now);
}

/** The later time first, unless both are of the same order of magnitude; no time counts as latest. */
function compareTimes(left: number, right: number, a: Facts, b: Facts, now: number): number {
  if (left === 0 || right === 0) return left === 0 ? -1 : 1;
  return magnitude(now - left) - magnitude(now - right) || compareUids(a, b);
}

/** Binary logarithm of nanoseconds, as upstream takes it. */
const magnitude = (ms: number): number => (ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1);

function compareUids(a: Facts, b: Facts): number {
  const [left, right] = [a.pod.metadata.uid ?? '', b.pod.metadata.uid ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}
