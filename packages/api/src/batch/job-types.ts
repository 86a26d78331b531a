import type * as k8s from '../generated/types.ts';
import type { KubeObject } from '../meta/object.ts';

export type JobSpec = Partial<k8s.JobSpec>;
export type JobStatus = k8s.JobStatus;

export const jobSpecOf = (job: KubeObject): JobSpec => (job.spec ?? {}) as JobSpec;
export const jobStatusOf = (job: KubeObject): JobStatus => (job.status ?? {}) as JobStatus;

export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
export const JOB_NAME = 'batch.kubernetes.io/job-name';
/** The same before labels of the project got a domain. */
export const LEGACY_CONTROLLER_UID = 'controller-uid';
export const LEGACY_JOB_NAME = 'job-name';

export const isIndexed = (spec: JobSpec): boolean => spec.completionMode === 'Indexed';

export function isConditionTrue(status: JobStatus, type: string): boolean {
  return (status.conditions ?? []).some(
    (condition) => condition.type === type && condition.status === 'True',
  );
}
