import type { Pod } from '../workloads/objects.ts';
import { isAvailable, isTerminating } from '../workloads/pod-state.ts';
import { scaledValue } from '../workloads/scaled.ts';
import type { DaemonSetState } from './decision.ts';
import { eligibility } from './eligibility.ts';
import { isUpdated } from './pod-template.ts';

type Step = { readonly create: readonly string[]; readonly remove: readonly Pod[] };

/**
 * The next pods to replace: old ones go first, up to `maxUnavailable` nodes at a time, or new ones come first, up to
 * `maxSurge` nodes at a time. What is not available anyway costs nothing (kubernetes daemon/update.go). Pure.
 */
export function rollDaemonSet(state: DaemonSetState, byNode: ReadonlyMap<string, readonly Pod[]>): Step {
  const { surge, unavailable } = limitsOf(state);
  return surge === 0 ? replaceInPlace(state, byNode, unavailable) : replaceBySurge(state, byNode, surge);
}

function limitsOf({ set, nodes }: DaemonSetState): { surge: number; unavailable: number } {
  const desired = nodes.filter((node) => eligibility(set, node).run).length;
  const { maxSurge, maxUnavailable } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const surge = scaledValue(maxSurge, desired, true);
  const unavailable = scaledValue(maxUnavailable, desired, true);
  return { surge, unavailable: desired > 0 && surge + unavailable === 0 ? 1 : unavailable };
}

/** The new and the old pod of a node; undefined when there are more of a kind, which is tidied up elsewhere. */
function pairOf(
  { set, hash }: DaemonSetState,
  pods: readonly Pod[],
): { fresh?: Pod; stale?: Pod } | undefined {
  const pair: { fresh?: Pod; stale?: Pod } = {};
  for (const pod of pods) {
    if (isTerminating(pod)) continue;
    const part = isUpdated(set, pod, hash) ? 'fresh' : 'stale';
    if (pair[part]) return undefined;
    pair[part] = pod;
  }
  return pair;
}

/** In a fixed order, so that the same state always leads to the same step. */
const sorted = (byNode: ReadonlyMap<string, readonly Pod[]>) =>
  [...byNode].sort(([a], [b]) => (a < b ? -1 : 1));

function replaceInPlace(
  state: DaemonSetState,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  most: number,
): Step {
  const available = (pod: Pod) => isAvailable(pod, state.set.spec.minReadySeconds, state.now);
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  let unavailable = 0;
  for (const [, pods] of sorted(byNode)) {
    const { fresh, stale } = pairOf(state, pods) ?? {};
    if (stale && !fresh) {
      if (available(stale)) candidates.push(stale);
      else {
        broken.push(stale);
        unavailable++;
      }
    } else if (!fresh || stale || !available(fresh)) unavailable++;
  }
  return { create: [], remove: [...broken, ...candidates.slice(0, Math.max(0, most - unavailable))] };
}

function replaceBySurge(
  state: DaemonSetState,
  byNode: ReadonlyMap<string, readonly Pod[]>,
  most: number,
): Step {
  const available = (pod: Pod) => isAvailable(pod, state.set.spec.minReadySeconds, state.now);
  const known = new Map(state.nodes.map((node) => [node.metadata.name ?? '', node]));
  const remove: Pod[] = [];
  const broken: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  for (const [name, pods] of sorted(byNode)) {
    const pair = pairOf(state, pods);
    if (!pair) surging++;
    if (!pair?.stale) continue;
    const { fresh, stale } = pair;
    const node = known.get(name);
    if (!node || !eligibility(state.set, node).run) {
      // an old pod that only may stay gets no successor
      if (node) remove.push(stale);
    } else if (!fresh) (available(stale) ? candidates : broken).push(name);
    else if (available(fresh)) remove.push(stale);
    else surging++;
  }
  return { create: [...broken, ...candidates.slice(0, Math.max(0, most - surging))], remove };
}
