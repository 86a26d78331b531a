import { type k8s, matcherOfLabels } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { formatTime } from '../time.ts';
import type { Pod, ReplicaSet } from '../workloads/objects.ts';
import { isAvailable, isReady } from '../workloads/pod-state.ts';

const FAILURE = 'ReplicaFailure';

export interface ReplicaFacts {
  /** Pods that count. */
  readonly active: readonly Pod[];
  /** Pods that are being deleted and have not ended; undefined: not told of (ReplicationControllers). */
  readonly terminating: number | undefined;
  /** Why the last attempt to make or delete pods failed. */
  readonly failure?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the status says of these pods (kubernetes replicaset calculateStatus). Pure. */
export function replicaStatus(set: ReplicaSet, facts: ReplicaFacts): k8s.ReplicaSetStatus {
  const { active, terminating, now } = facts;
  const { minReadySeconds, template } = set.spec;
  const labelled = matcherOfLabels(template?.metadata?.labels);
  const conditions = conditionsOf(set, facts);
  const { conditions: _, ...before } = set.status ?? {};
  return {
    ...before,
    observedGeneration: set.metadata.generation ?? 0,
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => labelled.matches(pod.metadata.labels)).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, now)).length,
    ...(terminating === undefined ? {} : { terminatingReplicas: terminating }),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function conditionsOf(set: ReplicaSet, { active, failure, now }: ReplicaFacts): k8s.ReplicaSetCondition[] {
  const before = set.status?.conditions ?? [];
  const failed = before.some(({ type }) => type === FAILURE);
  if (failure === undefined) return failed ? before.filter(({ type }) => type !== FAILURE) : before;
  if (failed) return before;
  const reason = active.length < (set.spec.replicas ?? 1) ? 'FailedCreate' : 'FailedDelete';
  return [
    ...before,
    { type: FAILURE, status: 'True', lastTransitionTime: formatTime(now), reason, message: failure },
  ];
}

/** Counts that are not there are 0, as in upstream's comparison. */
export function sameReplicaStatus(a: Partial<k8s.ReplicaSetStatus>, b: k8s.ReplicaSetStatus): boolean {
  return (
    (a.replicas ?? 0) === b.replicas &&
    (a.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    a.terminatingReplicas === b.terminatingReplicas &&
    (a.observedGeneration ?? 0) === (b.observedGeneration ?? 0) &&
    deepEqual(a.conditions ?? [], b.conditions ?? [])
  );
}
