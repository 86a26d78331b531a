import type { Pod } from '../workloads/objects.ts';
import type { Ending } from './assess.ts';
import { matchFailurePolicy } from './failure-policy.ts';
import { Intervals } from './intervals.ts';
import {
  earlierFailures,
  earlierIgnored,
  finishedAt,
  indexOf,
  isFailed,
  isSucceeded,
  isTracked,
} from './job-pods.ts';
import type { Job } from './objects.ts';

/** What is known of the indexes of an Indexed Job. */
export interface IndexState {
  /** As the status has them. */
  readonly before: Intervals;
  readonly succeeded: Intervals;
  /** With `backoffLimitPerIndex` only. */
  readonly failed: Intervals | undefined;
  /** Failed pods that stay until their replacements are there, since those take over their failure counts. */
  readonly delayed: ReadonlyMap<number, Pod>;
  readonly ending: Ending | undefined;
}

/** Pure (upstream's calculateSucceededIndexes, calculateFailedIndexes and what follows from them). */
export function assessIndexes(job: Job, pods: readonly Pod[], active: readonly Pod[]): IndexState {
  const completions = job.spec.completions ?? 0;
  const { completedIndexes, failedIndexes } = job.status ?? {};
  const tracked = pods.flatMap((pod) => {
    const index = isTracked(pod) ? indexOf(pod, completions) : undefined;
    return index === undefined ? [] : [{ pod, index }];
  });
  const before = Intervals.parse(completedIndexes, completions);
  const succeeded = before.with(
    Intervals.of(tracked.filter(({ pod }) => isSucceeded(pod)).map(({ index }) => index)),
  );
  if (job.spec.backoffLimitPerIndex === undefined) {
    const ending = successOf(job, succeeded);
    return { before, succeeded, failed: undefined, delayed: new Map(), ending };
  }
  const failed = Intervals.parse(failedIndexes, completions).with(
    Intervals.of(tracked.filter(({ pod }) => failsIndex(job, pod)).map(({ index }) => index)),
  );
  const activeIndexes = new Set(active.map((pod) => indexOf(pod, completions)));
  const delayed = new Map<number, Pod>();
  for (const { pod, index } of tracked) {
    if (!isFailed(pod, job) || succeeded.has(index) || failed.has(index) || activeIndexes.has(index))
      continue;
    const other = delayed.get(index);
    if (!other || isLater(pod, other)) delayed.set(index, pod);
  }
  const ending = failureOf(job, succeeded, failed) ?? successOf(job, succeeded);
  return { before, succeeded, failed, delayed, ending };
}

const failures = (pod: Pod): number => earlierFailures(pod) + earlierIgnored(pod);

const isLater = (pod: Pod, other: Pod): boolean =>
  failures(pod) >= failures(other) && finishedAt(pod) >= finishedAt(other);

function failsIndex(job: Job, pod: Pod): boolean {
  if (!isFailed(pod, job)) return false;
  const { action, counts } = matchFailurePolicy(job, pod);
  if (action === 'FailIndex') return true;
  return counts && earlierFailures(pod) >= (job.spec.backoffLimitPerIndex ?? 0);
}

function failureOf({ spec }: Job, succeeded: Intervals, failed: Intervals): Ending | undefined {
  if (spec.maxFailedIndexes !== undefined && failed.size > spec.maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return { succeeds: false, reason: 'MaxFailedIndexesExceeded', message };
  }
  if (failed.size > 0 && failed.size + succeeded.size >= (spec.completions ?? 0))
    return { succeeds: false, reason: 'FailedIndexes', message: 'Job has failed indexes' };
  return undefined;
}

/** `spec.successPolicy` (KEP-3998). */
function successOf({ spec }: Job, succeeded: Intervals): Ending | undefined {
  if (succeeded.size === 0) return undefined;
  for (const [index, rule] of (spec.successPolicy?.rules ?? []).entries()) {
    const wanted = Intervals.parse(rule.succeededIndexes, spec.completions ?? 0);
    const { succeededIndexes, succeededCount } = rule;
    if (succeededIndexes !== undefined && wanted.size === 0) continue;
    const count = succeededIndexes === undefined ? succeeded.size : wanted.overlap(succeeded);
    const all = succeededIndexes !== undefined && count === wanted.size;
    if (all || (succeededCount !== undefined && count >= succeededCount))
      return { succeeds: true, reason: 'SuccessPolicy', message: `Matched rules at index ${index}` };
  }
  return undefined;
}
