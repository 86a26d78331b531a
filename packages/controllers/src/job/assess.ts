import type { Pod } from '../workloads/objects.ts';
import { isActive, isReady, isTerminal, isTerminating, timeOf } from '../workloads/pod-state.ts';
import { type BackoffRecord, nextBackoff } from './backoff.ts';
import { matchFailurePolicy } from './failure-policy.ts';
import { assessIndexes, type IndexState } from './indexes.ts';
import { indexOf, isFailed, isSucceeded, isTracked } from './job-pods.ts';
import { conditionOf, isIndexed, isSuspended, type Job } from './objects.ts';

/** How a Job ends: first told by an interim condition, then, once all is counted, by the final one. */
export interface Ending {
  readonly succeeds: boolean;
  readonly reason: string;
  readonly message: string;
}

/** All there is to know of a Job before anything is done about it. */
export interface Assessment {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  readonly ready: number;
  readonly terminating: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly backoff: BackoffRecord;
  readonly indexes: IndexState | undefined;
  /** It ends, whatever its pods do now. */
  readonly ending: Ending | undefined;
  /** In how many milliseconds its deadline is. */
  readonly deadlineMs: number | undefined;
}

/** `pods`: all that the Job owns. Pure (upstream's syncJob, first half). */
export function assessJob(
  job: Job,
  pods: readonly Pod[],
  backoffBefore: BackoffRecord | undefined,
  now: number,
): Assessment {
  const active = pods.filter(isActive);
  const { uncountedTerminatedPods: uncounted, succeeded = 0, failed = 0 } = job.status ?? {};
  const newSucceeded = uncountedOf(job, pods, uncounted?.succeeded).filter(isSucceeded);
  const newFailed = uncountedOf(job, pods, uncounted?.failed).filter((pod) => isFailed(pod, job));
  const counted = newFailed.filter((pod) => matchFailurePolicy(job, pod).counts);
  const indexes = isIndexed(job) ? assessIndexes(job, pods, active) : undefined;
  const assessment: Assessment = {
    job,
    pods,
    active,
    ready: active.filter(isReady).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)).length,
    succeeded:
      indexes?.succeeded.size ?? succeeded + newSucceeded.length + (uncounted?.succeeded?.length ?? 0),
    failed: failed + counted.length + (uncounted?.failed?.length ?? 0),
    backoff: nextBackoff(backoffBefore, newSucceeded, newFailed),
    indexes,
    ending: undefined,
    deadlineMs: deadlineOf(job, now),
  };
  return { ...assessment, ending: endingOf(assessment) };
}

/** Tracked pods, with a valid index if there are any, that are not among `counted`. */
function uncountedOf(job: Job, pods: readonly Pod[], counted: readonly string[] | undefined): Pod[] {
  const known = new Set(counted);
  const completions = job.spec.completions ?? 0;
  return pods.filter(
    (pod) =>
      isTracked(pod) &&
      !known.has(pod.metadata.uid ?? '') &&
      (!isIndexed(job) || indexOf(pod, completions) !== undefined),
  );
}

function deadlineOf(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds } = job.spec;
  if (activeDeadlineSeconds === undefined || isSuspended(job)) return undefined;
  const { startTime } = job.status ?? {};
  const start = startTime ? timeOf(startTime) : now;
  return start + activeDeadlineSeconds * 1000 - now;
}

function endingOf(assessment: Assessment): Ending | undefined {
  const { job } = assessment;
  for (const [type, succeeds] of [
    ['SuccessCriteriaMet', true],
    ['FailureTarget', false],
  ] as const) {
    const told = conditionOf(job.status?.conditions, type);
    if (told?.status === 'True') return { succeeds, reason: told.reason ?? '', message: told.message ?? '' };
  }
  return failureOf(assessment) ?? assessment.indexes?.ending;
}

const failure = (reason: string, message: string): Ending => ({ succeeds: false, reason, message });

function failureOf({ job, pods, failed, deadlineMs }: Assessment): Ending | undefined {
  if (job.spec.podFailurePolicy) {
    for (const pod of pods) {
      const message = isFailed(pod, job) ? matchFailurePolicy(job, pod).message : undefined;
      if (message !== undefined) return failure('PodFailurePolicy', message);
    }
  }
  if (failed > backoffLimitOf(job) || restartsExceed(job, pods))
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  if (deadlineMs !== undefined && deadlineMs <= 0)
    return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
  return undefined;
}

const backoffLimitOf = ({ spec }: Job): number => spec.backoffLimit ?? 6;

/** With `restartPolicy: OnFailure` the restarts of containers count. */
function restartsExceed(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec?.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      restarts += container.restartCount ?? 0;
  }
  const limit = backoffLimitOf(job);
  return limit === 0 ? restarts > 0 : restarts >= limit;
}
