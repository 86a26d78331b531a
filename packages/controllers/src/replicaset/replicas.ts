import type { Pod, ReplicaSet } from '../workloads/objects.ts';
import { sortByDeletionRank } from '../workloads/pod-rank.ts';

/** At most so many pods are made or deleted in one go (BurstReplicas). */
export const BURST_REPLICAS = 500;

export interface ReplicaDecision {
  readonly create: number;
  readonly remove: readonly Pod[];
}

/**
 * How many pods to make, or which to delete. `active`: the set's pods that count; `crowd`: how many pods of it and
 * of its siblings are on a node. Pure.
 */
export function decideReplicas(
  set: ReplicaSet,
  active: readonly Pod[],
  crowd: (node: string) => number,
  now: number,
): ReplicaDecision {
  const missing = (set.spec.replicas ?? 1) - active.length;
  if (missing >= 0) return { create: Math.min(missing, BURST_REPLICAS), remove: [] };
  const count = Math.min(-missing, BURST_REPLICAS);
  const ranked = count < active.length ? sortByDeletionRank(active, crowd, now) : active;
  return { create: 0, remove: ranked.slice(0, count) };
}
