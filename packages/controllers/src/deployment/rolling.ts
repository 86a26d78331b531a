import type { ReplicaSet } from '../workloads/objects.ts';
import { availableOf, isActiveSet, leastAvailable, replicasOf, sum } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';

/**
 * One step of a rolling update: first the new set grows as far as surging allows, else old sets shrink as far as
 * availability allows (kubernetes deployment rolling.go). True when something was scaled.
 */
export function rollStep(rollout: Rollout): boolean {
  const newSet = rollout.syncNewSet(true);
  if (!newSet) return false;
  const grown = rollout.scale(newSet, Math.min(replicasOf(rollout.deployment), rollout.newReplicas(newSet)));
  return grown || shrinkOldSets(rollout, newSet);
}

function shrinkOldSets(rollout: Rollout, newSet: ReplicaSet): boolean {
  const least = leastAvailable(rollout.deployment);
  const notYet = replicasOf(newSet) - availableOf(newSet);
  const most = sum(rollout.allSets, replicasOf) - least - notYet;
  if (most <= 0 || !rollout.oldSets.some(isActiveSet)) return false;
  const unhealthy = removeUnhealthy(rollout, most);
  const healthy = removeHealthy(rollout, newSet, least);
  return unhealthy || healthy;
}

/** Replicas of old sets that do not work anyway: they only block the way. */
function removeUnhealthy(rollout: Rollout, most: number): boolean {
  let left = most;
  for (const set of rollout.oldSets.filter(isActiveSet)) {
    const remove = Math.min(left, replicasOf(set) - availableOf(set));
    if (remove <= 0) continue;
    rollout.scale(set, replicasOf(set) - remove);
    left -= remove;
  }
  return left < most;
}

/** As many available replicas of old sets as can be spared, oldest sets first. */
function removeHealthy(rollout: Rollout, newSet: ReplicaSet, least: number): boolean {
  const spare = sum(rollout.oldSets.filter(isActiveSet), availableOf) + availableOf(newSet) - least;
  let left = spare;
  for (const set of rollout.oldSets.filter(isActiveSet)) {
    const remove = Math.min(left, replicasOf(set));
    if (remove <= 0) continue;
    rollout.scale(set, replicasOf(set) - remove);
    left -= remove;
  }
  return left < spare;
}
