import type { Pod } from '../workloads/objects.ts';
import { earlierFailures, earlierIgnored, finishedAt } from './job-pods.ts';

/** The first pause after a failure; doubles with each further one (upstream's DefaultJobPodFailureBackOff). */
const FIRST_MS = 10_000;
const MOST_MS = 10 * 60_000;

/** How a Job has failed since it last succeeded. */
export interface BackoffRecord {
  readonly failures: number;
  /** Milliseconds since the epoch. */
  readonly lastFailure: number;
}

const NONE: BackoffRecord = { failures: 0, lastFailure: 0 };

/** The record with pods that have ended since. Pure. */
export function nextBackoff(
  before: BackoffRecord | undefined,
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): BackoffRecord {
  const record = before ?? NONE;
  if (succeeded.length === 0) {
    if (failed.length === 0) return record;
    return { failures: record.failures + failed.length, lastFailure: latest(failed) };
  }
  const lastSuccess = latest(succeeded);
  const since = failed.filter((pod) => finishedAt(pod) > lastSuccess);
  return since.length === 0 ? NONE : { failures: since.length, lastFailure: latest(since) };
}

const latest = (pods: readonly Pod[]): number =>
  pods.reduce((time, pod) => Math.max(time, finishedAt(pod)), 0);

/** How many milliseconds no further pod may be made. */
export function backoffRemaining({ failures, lastFailure }: BackoffRecord, now: number): number {
  if (failures === 0) return 0;
  const pause = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
  return Math.max(0, pause - (now - lastFailure));
}

/** The same for an index whose last pod failed. */
export function indexBackoffRemaining(lastFailed: Pod | undefined, now: number): number {
  if (!lastFailed) return 0;
  const failures = earlierFailures(lastFailed) + earlierIgnored(lastFailed) + 1;
  return backoffRemaining({ failures, lastFailure: finishedAt(lastFailed) }, now);
}
