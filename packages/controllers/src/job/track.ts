import type { k8s } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { formatTime } from '../time.ts';
import type { Pod } from '../workloads/objects.ts';
import type { Assessment, Ending } from './assess.ts';
import { matchFailurePolicy } from './failure-policy.ts';
import { Intervals } from './intervals.ts';
import { indexOf, isFailed, isSucceeded, isTracked } from './job-pods.ts';
import { hasCondition, isIndexed, isSuspended, type Job, setCondition } from './objects.ts';

/** At most so many pods are being counted at a time, so that the status stays small (MaxUncountedPods). */
const MOST_UNCOUNTED = 500;

/** What came of a plan. */
export interface Outcome {
  readonly created: number;
  readonly removed: number;
  readonly removedReady: number;
  /** Everything that was to be removed is; and the pods were known as they are. */
  readonly complete: boolean;
  readonly managed: boolean;
}

export interface Tracking {
  /** To be written before finalizers go: what is being counted must not be forgotten. */
  readonly status: k8s.JobStatus;
  /** Pods that are counted and may go. */
  readonly release: readonly Pod[];
  /** How the Job ends once all is counted. */
  readonly ending: Ending | undefined;
  /** There is more to count. */
  readonly more: boolean;
  readonly events: readonly { reason: string; note: string }[];
}

/** Pure (upstream's trackJobStatusAndRemoveFinalizers up to its first write). */
export function trackPods(assessment: Assessment, outcome: Outcome, now: number): Tracking {
  const { job, pods } = assessment;
  const active = assessment.active.length + outcome.created - outcome.removed;
  const ending = assessment.ending
    ? outcome.complete
      ? assessment.ending
      : undefined
    : completionOf(assessment, active);
  const { conditions, events, startTime } = suspension(job, outcome.managed && !ending, now);
  const tracked = new Set(pods.filter(isTracked).map(({ metadata }) => metadata.uid ?? ''));
  const counters = settleUncounted(job.status ?? {}, tracked);
  const counting = count(assessment, ending, counters.uncountedTerminatedPods ?? {});
  const interim = ending && interimOf(ending);
  const told =
    interim && !hasCondition(job, interim.type) ? setCondition(conditions, interim, now) : conditions;
  const status: k8s.JobStatus = {
    ...counters,
    ...(startTime === undefined ? {} : { startTime }),
    ...(told.length > 0 ? { conditions: [...told] } : {}),
    active,
    ready: assessment.ready - outcome.removedReady,
    terminating: assessment.terminating + outcome.removed,
    uncountedTerminatedPods: counting.uncounted,
    ...indexFields(assessment, counting.indexes),
  };
  return { status, release: counting.release, ending, more: counting.more, events };
}

const interimOf = ({ succeeds, reason, message }: Ending) => ({
  type: succeeds ? 'SuccessCriteriaMet' : 'FailureTarget',
  status: 'True',
  reason,
  message,
});

function completionOf({ job, succeeded }: Assessment, active: number): Ending | undefined {
  const { completions } = job.spec;
  const enough = completions === undefined ? succeeded > 0 : succeeded >= completions;
  // a Job that never started cannot have ended
  const started = job.status?.startTime !== undefined || !isSuspended(job);
  if (!enough || active > 0 || !started) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return { succeeds: true, reason: 'CompletionsReached', message };
}

function suspension(job: Job, managed: boolean, now: number) {
  const before = job.status?.conditions ?? [];
  const suspended = isSuspended(job);
  const startTime = job.status?.startTime ?? (suspended ? undefined : formatTime(now));
  if (!managed) return { conditions: before, events: [], startTime };
  const [status, reason, message] = suspended
    ? ['True', 'JobSuspended', 'Job suspended']
    : ['False', 'JobResumed', 'Job resumed'];
  const conditions = setCondition(before, { type: 'Suspended', status, reason, message }, now);
  if (conditions === before) return { conditions, events: [], startTime };
  const events = [{ reason: suspended ? 'Suspended' : 'Resumed', note: message }];
  // a deadline counts from the resumption
  return { conditions, events, startTime: suspended ? startTime : formatTime(now) };
}

/** What was being counted and has lost its finalizer is counted. `tracked`: uids that still have it. */
export function settleUncounted(status: k8s.JobStatus, tracked: ReadonlySet<string>): k8s.JobStatus {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const left = {
    succeeded: succeeded.filter((uid) => tracked.has(uid)),
    failed: failed.filter((uid) => tracked.has(uid)),
  };
  return {
    ...status,
    succeeded: (status.succeeded ?? 0) + succeeded.length - left.succeeded.length,
    failed: (status.failed ?? 0) + failed.length - left.failed.length,
    uncountedTerminatedPods: left,
  };
}

function count(assessment: Assessment, ending: Ending | undefined, before: k8s.UncountedTerminatedPods) {
  const { job, pods, indexes } = assessment;
  const completions = job.spec.completions ?? 0;
  const uncounted = { succeeded: [...(before.succeeded ?? [])], failed: [...(before.failed ?? [])] };
  const known = { succeeded: new Set(uncounted.succeeded), failed: new Set(uncounted.failed) };
  const newIndexes = new Set<number>();
  const release: Pod[] = [];
  for (const pod of inOrder(job, pods)) {
    const uid = pod.metadata.uid ?? '';
    const index = indexOf(pod, completions);
    if (!isTracked(pod) || !mayRelease(assessment, ending, pod)) continue;
    release.push(pod);
    if (isSucceeded(pod) && !known.failed.has(uid)) {
      if (!indexes) {
        if (!known.succeeded.has(uid)) uncounted.succeeded.push(uid);
      } else if (index !== undefined && !indexes.before.has(index)) newIndexes.add(index);
    } else if (isFailed(pod, job) || ending?.succeeds === false) {
      const valid = !indexes || index !== undefined;
      if (valid && !known.failed.has(uid) && matchFailurePolicy(job, pod).counts) uncounted.failed.push(uid);
    }
    if (newIndexes.size + uncounted.succeeded.length + uncounted.failed.length >= MOST_UNCOUNTED)
      return { uncounted, indexes: newIndexes, release, more: true };
  }
  return { uncounted, indexes: newIndexes, release, more: false };
}

function inOrder(job: Job, pods: readonly Pod[]): readonly Pod[] {
  if (!isIndexed(job)) return pods;
  const completions = job.spec.completions ?? 0;
  const indexed = pods.map((pod) => ({ pod, index: indexOf(pod, completions) ?? -1 }));
  return indexed.sort((a, b) => a.index - b.index).map(({ pod }) => pod);
}

function mayRelease({ job, indexes }: Assessment, ending: Ending | undefined, pod: Pod): boolean {
  if (job.metadata.deletionTimestamp !== undefined || ending || isSucceeded(pod)) return true;
  if (!isFailed(pod, job)) return false;
  const index = indexOf(pod, job.spec.completions ?? 0);
  return index === undefined || indexes?.delayed.get(index)?.metadata.uid !== pod.metadata.uid;
}

/** Indexes are counted when they are written down, and pods without number only when they are released. */
function indexFields({ indexes }: Assessment, newIndexes: ReadonlySet<number>): Partial<k8s.JobStatus> {
  if (!indexes) return {};
  const completed = indexes.before.with(Intervals.of(newIndexes));
  return {
    succeeded: completed.size,
    completedIndexes: completed.toString(),
    ...(indexes.failed ? { failedIndexes: indexes.failed.toString() } : {}),
  };
}

/** Do two statuses say the same? Counts that upstream leaves out when they are 0 are 0 when they are absent. */
export function sameJobStatus(a: k8s.JobStatus, b: k8s.JobStatus): boolean {
  return deepEqual(withZeros(a), withZeros(b));
}

function withZeros({ uncountedTerminatedPods: uncounted, conditions = [], ...status }: k8s.JobStatus) {
  const { active = 0, succeeded = 0, failed = 0, completedIndexes = '', ...rest } = status;
  const counting = [uncounted?.succeeded ?? [], uncounted?.failed ?? []];
  return { active, succeeded, failed, completedIndexes, conditions, counting, ...rest };
}

/** The status once finalizers are gone; with its final condition if the Job ended and all is counted. Pure. */
export function settle(
  { status, ending, more }: Tracking,
  tracked: ReadonlySet<string>,
  now: number,
): { status: k8s.JobStatus; finished: boolean } {
  const next = settleUncounted(status, tracked);
  const { succeeded = [], failed = [] } = next.uncountedTerminatedPods ?? {};
  if (!ending || more || succeeded.length + failed.length > 0 || (next.terminating ?? 0) > 0)
    return { status: next, finished: false };
  const { reason, message } = ending;
  const type = ending.succeeds ? 'Complete' : 'Failed';
  const conditions = setCondition(next.conditions ?? [], { type, status: 'True', reason, message }, now);
  const completion = ending.succeeds ? { completionTime: formatTime(now) } : {};
  return { status: { ...next, conditions: [...conditions], ...completion }, finished: true };
}
