import type { k8s } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { Deployment, Pod, ReplicaSet } from '../workloads/objects.ts';
import { type Annotations, REVISION } from './annotations.ts';
import { conditionOf } from './conditions.ts';
import { recreateStep } from './recreate.ts';
import { isRolling, progressDeadline } from './replica-sets.ts';
import { rollStep } from './rolling.ts';
import { Rollout, type SetAction } from './rollout.ts';
import { isScaling, scaleSets } from './scaling.ts';
import { currentStatus, isComplete, progressCheck, rolloutStatus } from './status.ts';

export interface DeploymentState {
  readonly deployment: Deployment;
  /** The ReplicaSets that it controls. */
  readonly sets: readonly ReplicaSet[];
  /** All pods that a set controls, those that are ending too. */
  readonly podsOf: (set: ReplicaSet) => readonly Pod[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface DeploymentDecision {
  /** To be written in this order; what fails ends it. */
  readonly actions: readonly SetAction[];
  /** Of the Deployment, to be written with its status. */
  readonly annotations: Annotations;
  readonly status: k8s.DeploymentStatus;
  /** When to look again though nothing happened, in milliseconds. */
  readonly afterMs: number | undefined;
}

/**
 * The next step of a Deployment (kubernetes deployment_controller.go syncDeployment). Each step leaves a state that
 * keeps the limits of the strategy; the changes that it causes lead to the next one. Pure.
 */
export function decideDeployment({ deployment, sets, podsOf, now }: DeploymentState): DeploymentDecision {
  const rollout = new Rollout(deployment, sets, now);
  const status = step(rollout, podsOf);
  return {
    actions: rollout.actions,
    annotations: rollout.annotations,
    status,
    afterMs: deployment.spec.paused ? undefined : progressCheck(deployment, status, now),
  };
}

function step(rollout: Rollout, podsOf: DeploymentState['podsOf']): k8s.DeploymentStatus {
  const { deployment } = rollout;
  if (deployment.metadata.deletionTimestamp !== undefined) return currentStatus(rollout);
  tellPaused(rollout);
  if (deployment.spec.paused || isScaling(rollout)) {
    rollout.syncNewSet(false);
    scaleSets(rollout);
    if (deployment.spec.paused) rollout.cleanUp();
    return currentStatus(rollout);
  }
  const quiet = isRolling(deployment) ? !rollStep(rollout) : recreateStep(rollout, podsOf);
  if (quiet && isComplete(deployment, deployment.status ?? {})) rollout.cleanUp();
  return rolloutStatus(rollout);
}

/** A pause does not count as lack of progress (checkPausedConditions). */
function tellPaused(rollout: Rollout): void {
  const { deployment, conditions } = rollout;
  if (progressDeadline(deployment) === undefined) return;
  const reason = conditionOf(conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return;
  const told = reason === 'DeploymentPaused';
  if (deployment.spec.paused && !told) {
    rollout.setCondition('Progressing', 'Unknown', 'DeploymentPaused', 'Deployment is paused');
  } else if (!deployment.spec.paused && told) {
    rollout.setCondition('Progressing', 'Unknown', 'DeploymentResumed', 'Deployment is resumed');
  }
}

/** Does the decision say anything that the Deployment does not say yet? */
export function isToldAlready(deployment: Deployment, { annotations, status }: DeploymentDecision): boolean {
  const before = deployment.status ?? {};
  const counts = COUNTS.every((name) => (before[name] ?? 0) === (status[name] ?? 0));
  return (
    counts &&
    before.terminatingReplicas === status.terminatingReplicas &&
    deployment.metadata.annotations?.[REVISION] === annotations[REVISION] &&
    deepEqual(before.conditions ?? [], status.conditions ?? [])
  );
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'updatedReplicas',
  'readyReplicas',
  'availableReplicas',
  'unavailableReplicas',
  'collisionCount',
] as const;
