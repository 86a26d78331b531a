import type { KubeObject, k8s } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';
import { formatTime } from '../time.ts';

export interface Job extends KubeObject {
  spec: k8s.JobSpec;
  status?: k8s.JobStatus;
}

export const JOBS: ResourceRef = {
  group: 'batch',
  version: 'v1',
  resource: 'jobs',
  kind: 'Job',
  namespaced: true,
};

/** Keeps a pod until its Job has counted it (Kubernetes docs "Job tracking with finalizers"). */
export const TRACKING = 'batch.kubernetes.io/job-tracking';
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';
export const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count';
export const INDEX_IGNORED_FAILURES = 'batch.kubernetes.io/job-index-ignored-failure-count';

export const isIndexed = ({ spec }: Job): boolean => spec.completionMode === 'Indexed';
export const isSuspended = ({ spec }: Job): boolean => spec.suspend === true;
export const isManagedByOthers = ({ spec }: Job): boolean =>
  spec.managedBy !== undefined && spec.managedBy !== 'kubernetes.io/job-controller';

/** Are terminating pods no failures yet, and not replaced until they have ended? */
export const replacesOnlyFailed = ({ spec }: Job): boolean =>
  spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined;

export function conditionOf(
  conditions: readonly k8s.JobCondition[] | undefined,
  type: string,
): k8s.JobCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export const hasCondition = (job: Job, type: string): boolean =>
  conditionOf(job.status?.conditions, type)?.status === 'True';

export const isFinished = (job: Job): boolean => hasCondition(job, 'Complete') || hasCondition(job, 'Failed');

/**
 * Conditions with one set; the same array when it says that already. A condition that is not there is not made
 * False.
 */
export function setCondition(
  conditions: readonly k8s.JobCondition[],
  wanted: { type: string; status: string; reason: string; message: string },
  now: number,
): readonly k8s.JobCondition[] {
  const present = conditionOf(conditions, wanted.type);
  const same =
    present?.status === wanted.status &&
    (present.reason ?? '') === wanted.reason &&
    (present.message ?? '') === wanted.message;
  if (same || (!present && wanted.status === 'False')) return conditions;
  const time = formatTime(now);
  const condition = { ...wanted, lastProbeTime: time, lastTransitionTime: time };
  if (!present) return [...conditions, condition];
  return conditions.map((other) => (other === present ? condition : other));
}
