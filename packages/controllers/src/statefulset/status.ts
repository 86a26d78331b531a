import type { k8s } from '@sampan/api';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { isAvailable, isReady, isTerminating } from '../workloads/pod-state.ts';
import { replicasOf, revisionOf } from './identity.ts';

export interface StatusFacts {
  readonly pods: readonly Pod[];
  /** Names of revisions. */
  readonly current: string;
  readonly update: string;
  readonly collisionCount: number | undefined;
  readonly now: number;
}

/** What the status says of these pods (updateStatus, completeRollingUpdate). Pure. */
export function statefulSetStatus(set: StatefulSet, facts: StatusFacts): k8s.StatefulSetStatus {
  const { pods, current, update, now } = facts;
  const created = pods.filter((pod) => pod.status?.phase);
  const ready = created.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const of = (revision: string) =>
    created.filter((pod) => !isTerminating(pod) && revisionOf(pod) === revision).length;
  const { conditions } = set.status ?? {};
  const status: k8s.StatefulSetStatus = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: created.length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, set.spec.minReadySeconds, now)).length,
    currentReplicas: of(current),
    updatedReplicas: of(update),
    currentRevision: current,
    updateRevision: update,
    collisionCount: facts.collisionCount ?? 0,
    ...(conditions && conditions.length > 0 ? { conditions } : {}),
  };
  return isUpdated(set, status)
    ? { ...status, currentReplicas: status.updatedReplicas ?? 0, currentRevision: update }
    : status;
}

function isUpdated(
  set: StatefulSet,
  { replicas, readyReplicas, updatedReplicas }: k8s.StatefulSetStatus,
): boolean {
  const rolling = set.spec.updateStrategy?.type !== 'OnDelete';
  return (
    rolling && replicas === replicasOf(set) && readyReplicas === replicas && updatedReplicas === replicas
  );
}

/** Counts that are not there are 0. */
export function sameStatefulSetStatus(a: Partial<k8s.StatefulSetStatus>, b: k8s.StatefulSetStatus): boolean {
  return (
    COUNTS.every((name) => (a[name] ?? 0) === (b[name] ?? 0)) &&
    (a.currentRevision ?? '') === b.currentRevision &&
    (a.updateRevision ?? '') === b.updateRevision
  );
}

const COUNTS = [
  'observedGeneration',
  'replicas',
  'readyReplicas',
  'availableReplicas',
  'currentReplicas',
  'updatedReplicas',
  'collisionCount',
] as const;
