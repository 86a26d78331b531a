import type { k8s } from '@sampan/api';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { timeOf } from '../workloads/pod-state.ts';
import { conditionOf, newCondition, withCondition, withoutCondition } from './conditions.ts';
import { leastAvailable, progressDeadline, replicasOf, sum } from './replica-sets.ts';
import type { Rollout } from './rollout.ts';

type Status = k8s.DeploymentStatus;
type Counts = Required<
  Pick<Status, 'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'observedGeneration'>
>;

/** What the sets' own statuses add up to; says nothing of progress (calculateStatus). */
export function currentStatus(rollout: Rollout): Status {
  const { deployment, newSet, observed } = rollout;
  const counts = countsOf(rollout);
  const { terminating, collisionCount } = {
    terminating: terminatingOf(observed),
    collisionCount: deployment.status?.collisionCount,
  };
  const unavailable = Math.max(0, sum(rollout.allSets, replicasOf) - counts.availableReplicas);
  const enough = counts.availableReplicas >= leastAvailable(deployment);
  rollout.setCondition(
    'Available',
    enough ? 'True' : 'False',
    enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
  );
  return {
    ...counts,
    unavailableReplicas: unavailable,
    // a set that was just made has told nothing yet
    ...(terminating === undefined || (newSet && !observed.some(named(newSet)))
      ? {}
      : { terminatingReplicas: terminating }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: [...rollout.conditions],
  };
}

const named =
  ({ metadata }: ReplicaSet) =>
  (set: ReplicaSet): boolean =>
    set.metadata.name === metadata.name;

function countsOf({ deployment, newSet, observed }: Rollout): Counts {
  const updated = newSet ? observed.filter(named(newSet)) : [];
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(observed, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: sum(updated, ({ status }) => status?.replicas ?? 0),
    readyReplicas: sum(observed, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: sum(observed, ({ status }) => status?.availableReplicas ?? 0),
  };
}

/** Undefined as long as a set does not tell. */
function terminatingOf(sets: readonly ReplicaSet[]): number | undefined {
  let total = 0;
  for (const { status } of sets) {
    if (status?.terminatingReplicas === undefined) return undefined;
    total += status.terminatingReplicas;
  }
  return total;
}

/** Also says whether the rollout moves, has ended, or has taken too long (syncRolloutStatus). */
export function rolloutStatus(rollout: Rollout): Status {
  const { deployment } = rollout;
  const before = conditionOf(rollout.conditions, 'Progressing');
  const status = currentStatus(rollout);
  const deadline = progressDeadline(deployment);
  if (deadline === undefined) rollout.conditions = withoutCondition(rollout.conditions, 'Progressing');
  const wasComplete =
    status.replicas === status.updatedReplicas && before?.reason === 'NewReplicaSetAvailable';
  if (deadline !== undefined && !wasComplete) tellProgress(rollout, status, deadline);
  tellFailures(rollout);
  return { ...status, conditions: [...rollout.conditions] };
}

function tellProgress(rollout: Rollout, status: Status, deadline: number): void {
  const { deployment, newSet } = rollout;
  const what = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`;
  const before = conditionOf(rollout.conditions, 'Progressing');
  if (isComplete(deployment, status)) {
    rollout.setCondition(
      'Progressing',
      'True',
      'NewReplicaSetAvailable',
      `${what} has successfully progressed.`,
    );
  } else if (isProgressing(deployment, status)) {
    const message = `${what} is progressing.`;
    const condition = newCondition('Progressing', 'True', 'ReplicaSetUpdated', message, rollout.now);
    // told anew each time: the deadline counts from the last progress
    const since = before?.status === 'True' ? before.lastTransitionTime : undefined;
    rollout.conditions = withCondition(withoutCondition(rollout.conditions, 'Progressing'), {
      ...condition,
      ...(since === undefined ? {} : { lastTransitionTime: since }),
    });
  } else if (isTimedOut(rollout, deadline)) {
    const message = `${what} has timed out progressing.`;
    rollout.setCondition('Progressing', 'False', 'ProgressDeadlineExceeded', message);
  }
}

/** Why the sets could not make their pods: the new one's reason first. */
function tellFailures(rollout: Rollout): void {
  const { newSet, observed } = rollout;
  const ofNew = newSet ? observed.filter(named(newSet)) : [];
  const failure = [...ofNew, ...observed]
    .flatMap(({ status }) => status?.conditions ?? [])
    .find(({ type }) => type === 'ReplicaFailure');
  if (!failure) {
    rollout.conditions = withoutCondition(rollout.conditions, 'ReplicaFailure');
    return;
  }
  const lastUpdateTime = failure.lastTransitionTime ?? null;
  rollout.conditions = withCondition(rollout.conditions, { ...failure, lastUpdateTime });
}

/** All replicas are of the present template and available, and nothing newer is asked for. */
export function isComplete(deployment: Deployment, status: Status): boolean {
  const desired = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function isProgressing({ status: before = {} }: Deployment, status: Status): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: Status) => replicas - updatedReplicas;
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(status) < old(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut({ conditions, now }: Rollout, deadline: number): boolean {
  const condition = conditionOf(conditions, 'Progressing');
  if (!condition || condition.reason === 'NewReplicaSetAvailable') return false;
  if (condition.reason === 'ProgressDeadlineExceeded') return true;
  return timeOf(condition.lastUpdateTime) + deadline * 1000 < now;
}

/** When to look whether the deadline has passed, in milliseconds from now; undefined: it cannot. */
export function progressCheck(deployment: Deployment, status: Status, now: number): number | undefined {
  const deadline = progressDeadline(deployment);
  const condition = conditionOf(status.conditions ?? [], 'Progressing');
  if (deadline === undefined || !condition) return undefined;
  if (isComplete(deployment, status) || condition.reason === 'ProgressDeadlineExceeded') return undefined;
  if (condition.reason === 'NewReplicaSetAvailable') return undefined;
  // times have whole seconds
  return Math.max(0, timeOf(condition.lastUpdateTime) + deadline * 1000 - now) + 1000;
}
