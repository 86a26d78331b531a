import type { Pod, ReplicaSet } from '../workloads/objects.ts';
import { isTerminal } from '../workloads/pod-state.ts';
import { isActiveSet, replicasOf, sum } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';

/**
 * One step of an update that stops all old pods before it starts new ones (kubernetes deployment recreate.go).
 * `podsOf`: all pods a set controls, those that are ending too. True when nothing is left to be done but to tidy up.
 */
export function recreateStep(rollout: Rollout, podsOf: (set: ReplicaSet) => readonly Pod[]): boolean {
  rollout.syncNewSet(false);
  const active = rollout.oldSets.filter(isActiveSet);
  for (const set of active) rollout.scale(set, 0);
  if (active.length > 0 || oldPodsRun(rollout, podsOf)) return false;
  const newSet = rollout.syncNewSet(true);
  if (newSet) rollout.scale(newSet, replicasOf(rollout.deployment));
  return true;
}

function oldPodsRun({ oldSets }: Rollout, podsOf: (set: ReplicaSet) => readonly Pod[]): boolean {
  if (sum(oldSets, (set) => set.status?.replicas ?? 0) > 0) return true;
  return oldSets.some((set) => podsOf(set).some((pod) => !isTerminal(pod)));
}
