import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS, numberIn } from './annotations.ts';
import { byAge, isActiveSet, isRolling, mostReplicas, replicasOf, sum } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';

/**
 * Has the Deployment's size changed since its sets were sized? Not when it recreates and several sets are active
 * (it rolled before): all but one of them are to be emptied anyway, and upstream's never goes on from there.
 */
export function isScaling({ deployment, allSets }: Rollout): boolean {
  const active = allSets.filter(isActiveSet);
  if (active.length > 1 && !isRolling(deployment)) return false;
  return active.some((set) => {
    const desired = numberIn(set.metadata.annotations, DESIRED_REPLICAS);
    return desired !== undefined && desired !== replicasOf(deployment);
  });
}

/**
 * Brings the sets to a new size of the Deployment: the only active one, or all of them in proportion, so that
 * scaling neither hastens nor undoes a rollout (kubernetes deployment sync.go scale).
 */
export function scaleSets(rollout: Rollout): void {
  const { deployment, newSet } = rollout;
  const desired = replicasOf(deployment);
  const only = activeOrLatest(rollout);
  if (only) {
    // also when it has that size already: otherwise it would look like scaling for ever
    rollout.resize(only, desired);
    return;
  }
  if (newSet && isSaturated(deployment, newSet)) {
    for (const old of rollout.oldSets.filter(isActiveSet)) rollout.scale(old, 0);
    return;
  }
  if (!isRolling(deployment)) return;
  const active = rollout.allSets.filter(isActiveSet);
  for (const [set, size] of proportionalSizes(deployment, active)) rollout.resize(set, size);
}

/** The only active set, or the latest when none is. */
function activeOrLatest({ newSet, oldSets, allSets }: Rollout): ReplicaSet | undefined {
  const active = allSets.filter(isActiveSet);
  if (active.length > 1) return undefined;
  return active[0] ?? newSet ?? oldSets.at(-1);
}

function isSaturated(deployment: Deployment, set: ReplicaSet): boolean {
  const desired = replicasOf(deployment);
  return (
    replicasOf(set) === desired &&
    numberIn(set.metadata.annotations, DESIRED_REPLICAS) === desired &&
    (set.status?.availableReplicas ?? 0) === desired
  );
}

/** How large each active set becomes. Largest first; of equal ones newer grow first and older shrink first. Pure. */
export function proportionalSizes(
  deployment: Deployment,
  active: readonly ReplicaSet[],
): Map<ReplicaSet, number> {
  const allowed = replicasOf(deployment) > 0 ? mostReplicas(deployment) : 0;
  const toAdd = allowed - sum(active, replicasOf);
  const age = toAdd > 0 ? (a: ReplicaSet, b: ReplicaSet) => byAge(b, a) : byAge;
  const sets =
    toAdd === 0 ? [...active] : [...active].sort((a, b) => replicasOf(b) - replicasOf(a) || age(a, b));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of sets) {
    const part = proportion(deployment, set, toAdd, added);
    sizes.set(set, replicasOf(set) + part);
    added += part;
  }
  const largest = sets[0];
  if (largest && toAdd !== 0) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

/** GetReplicaSetProportion: the set's share of what is to be added or removed, never more than is left of it. */
function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const size = replicasOf(set);
  if (size === 0 || toAdd === 0 || toAdd === added) return 0;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}

function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (replicasOf(deployment) === 0) return -size;
  const before = numberIn(set.metadata.annotations, MAX_REPLICAS) || deployment.status?.replicas || 0;
  // nothing is known of the size before: the set stays, and the largest takes the rest
  if (before === 0) return 0;
  return Math.round((size * mostReplicas(deployment)) / before) - size;
}
