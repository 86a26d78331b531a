import type { Pod } from './objects.ts';

/** metav1.Time or none as milliseconds since the epoch; 0 when there is none. */
export function timeOf(value: string | null | undefined): number {
  const time = Date.parse(value ?? '');
  return Number.isNaN(time) ? 0 : time;
}

export const isTerminating = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;

/** Its containers have ended for good. */
export function isTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === 'Succeeded' || phase === 'Failed';
}

/** Counts as a replica: neither ended nor being deleted (controller.IsPodActive). */
export const isActive = (pod: Pod): boolean => !isTerminal(pod) && !isTerminating(pod);

/** Since when the pod is ready, in milliseconds since the epoch; undefined while it is not. */
export function readySince(pod: Pod): number | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return condition?.status === 'True' ? timeOf(condition.lastTransitionTime) : undefined;
}

export const isReady = (pod: Pod): boolean => readySince(pod) !== undefined;

/**
 * When the pod has been ready for long enough (`minReadySeconds`), in milliseconds since the epoch; undefined while
 * it is not ready.
 */
export function availableAt(pod: Pod, minReadySeconds: number | undefined): number | undefined {
  const since = readySince(pod);
  return since === undefined ? undefined : since + (minReadySeconds ?? 0) * 1000;
}

/** podutil.IsPodAvailable. */
export function isAvailable(pod: Pod, minReadySeconds: number | undefined, now: number): boolean {
  const at = availableAt(pod, minReadySeconds);
  return at !== undefined && at <= now;
}

/**
 * In how many milliseconds the next of the pods becomes available just by staying ready; undefined when none waits
 * for that.
 */
export function nextAvailability(
  pods: readonly Pod[],
  minReadySeconds: number | undefined,
  now: number,
): number | undefined {
  let next: number | undefined;
  for (const pod of pods) {
    const at = availableAt(pod, minReadySeconds);
    if (at !== undefined && at > now && (next === undefined || at < next)) next = at;
  }
  return next === undefined ? undefined : next - now;
}
