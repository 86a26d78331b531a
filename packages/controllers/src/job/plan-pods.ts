import type { Pod } from '../workloads/objects.ts';
import { sortByDeletionRank } from '../workloads/pod-rank.ts';
import { isTerminal, isTerminating } from '../workloads/pod-state.ts';
import type { Assessment } from './assess.ts';
import { backoffRemaining, indexBackoffRemaining } from './backoff.ts';
import { Intervals } from './intervals.ts';
import { indexOf } from './job-pods.ts';
import { isIndexed, isSuspended, type Job, replacesOnlyFailed } from './objects.ts';

/** At most so many pods are made or deleted at a time (MaxPodCreateDeletePerSync). */
const MOST_AT_ONCE = 500;

export interface PodPlan {
  readonly remove: readonly Pod[];
  /** Deleted pods are still to be counted. */
  readonly keepTracking: boolean;
  /** The indexes of pods to make; undefined where pods have none. */
  readonly create: readonly (number | undefined)[];
  /** When to look again because of a pause after failures. */
  readonly afterMs: number | undefined;
  /** The Job was looked after as it is specified. */
  readonly managed: boolean;
}

const NOTHING: PodPlan = { remove: [], keepTracking: false, create: [], afterMs: undefined, managed: false };

/** `settled`: the pods are known as they are. Pure (upstream's manageJob). */
export function planPods(assessment: Assessment, settled: boolean, now: number): PodPlan {
  const { job, active, ending } = assessment;
  if (ending) return { ...NOTHING, remove: active, keepTracking: true };
  if (!settled || job.metadata.deletionTimestamp !== undefined) return NOTHING;
  if (isSuspended(job)) return { ...NOTHING, remove: active, managed: true };
  const wanted = wantedActive(assessment);
  const remove = surplus(job, active, Math.max(0, active.length - wanted), now);
  if (remove.length > 0) return { ...NOTHING, remove: remove.slice(0, MOST_AT_ONCE), managed: true };
  const leaving = replacesOnlyFailed(job) ? assessment.terminating : 0;
  const missing = Math.min(wanted - leaving - active.length, MOST_AT_ONCE);
  return { ...NOTHING, ...(missing > 0 ? creations(assessment, missing, now) : {}), managed: true };
}

function wantedActive({ job, active, succeeded }: Assessment): number {
  const { completions, parallelism = 1 } = job.spec;
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Pods without a place of their own, and then those whose loss costs least. */
function surplus(job: Job, active: readonly Pod[], atLeast: number, now: number): Pod[] {
  const ranked = isIndexed(job) || atLeast > 0 ? sortByDeletionRank(active, () => 0, now) : [];
  if (!isIndexed(job)) return ranked.slice(0, atLeast);
  const remove: Pod[] = [];
  const keep: Pod[] = [];
  const taken = new Set<number>();
  for (const pod of ranked.reverse()) {
    const index = indexOf(pod, job.spec.completions ?? 0);
    if (index === undefined || taken.has(index)) remove.push(pod);
    else {
      taken.add(index);
      keep.push(pod);
    }
  }
  keep.reverse();
  return [...remove, ...keep.slice(0, Math.max(0, atLeast - remove.length))];
}

function creations(assessment: Assessment, count: number, now: number): Partial<PodPlan> {
  const { job, backoff, indexes } = assessment;
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  const remaining = perIndex ? 0 : backoffRemaining(backoff, now);
  if (remaining > 0) return { afterMs: remaining };
  if (!indexes) return { create: Array.from({ length: count }, () => undefined) };
  const pending = pendingIndexes(assessment, count);
  if (!perIndex) return { create: pending };
  const pauses = pending.map((index) => indexBackoffRemaining(indexes.delayed.get(index), now));
  const create = pending.filter((_, i) => pauses[i] === 0);
  const waits = pauses.filter((pause) => pause > 0);
  return { create, afterMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

/** The first indexes that have neither ended nor a pod. */
function pendingIndexes({ job, pods, active, indexes }: Assessment, count: number): number[] {
  const completions = job.spec.completions ?? 0;
  const leaving = replacesOnlyFailed(job) ? pods.filter((pod) => isTerminating(pod) && !isTerminal(pod)) : [];
  const busy = [...active, ...leaving].flatMap((pod) => indexOf(pod, completions) ?? []);
  const done = (indexes?.succeeded ?? Intervals.NONE).with(indexes?.failed ?? Intervals.NONE);
  return done.with(Intervals.of(busy)).firstMissing(count, completions);
}
