import type { Pod } from '../workloads/objects.ts';
import { isTerminating, timeOf } from '../workloads/pod-state.ts';
import {
  COMPLETION_INDEX,
  INDEX_FAILURES,
  INDEX_IGNORED_FAILURES,
  type Job,
  replacesOnlyFailed,
  TRACKING,
} from './objects.ts';

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(TRACKING) === true;

/** The pod's completion index; undefined when it has none below `completions`. */
export function indexOf(pod: Pod, completions: number): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX] ?? '';
  const index = /^\d{1,10}$/.test(text) ? Number(text) : completions;
  return index < completions ? index : undefined;
}

export const isSucceeded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded';

/** Deleted pods count as failed unless they may still end well (upstream's isPodFailed). */
export function isFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  return !replacesOnlyFailed(job) && isTerminating(pod) && !isSucceeded(pod);
}

const MAX_INT32 = 2 ** 31 - 1;

function countOf(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation] ?? '';
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return count > MAX_INT32 ? 0 : count;
}

/** How often pods of the same index failed before this one. */
export const earlierFailures = (pod: Pod): number => countOf(pod, INDEX_FAILURES);
export const earlierIgnored = (pod: Pod): number => countOf(pod, INDEX_IGNORED_FAILURES);

/** When the pod ended, as far as can be told, in milliseconds since the epoch (upstream's getFinishedTime). */
export function finishedAt(pod: Pod): number {
  const { containerStatuses = [], conditions = [] } = pod.status ?? {};
  const ends = containerStatuses.map(({ state }) => timeOf(state?.terminated?.finishedAt));
  if (ends.length > 0 && ends.every((end) => end > 0)) return Math.max(...ends);
  const unready = conditions.find(({ type, status }) => type === 'Ready' && status === 'False');
  if (timeOf(unready?.lastTransitionTime) > 0) return timeOf(unready?.lastTransitionTime);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, creationTimestamp } = pod.metadata;
  if (deletionTimestamp) return timeOf(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return timeOf(creationTimestamp);
}
