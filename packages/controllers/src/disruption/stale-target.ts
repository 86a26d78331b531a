import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';
import type { Pod } from '../workloads/objects.ts';
import { isTerminal, isTerminating, timeOf } from '../workloads/pod-state.ts';

const TARGET = 'DisruptionTarget';
const STALE_MS = 2 * 60_000;

/** A pod whose disruption was announced by somebody other than its node agent and has not begun. */
export function announcedDisruption(pod: Pod): k8s.PodCondition | undefined {
  if (isTerminating(pod) || isTerminal(pod)) return undefined;
  return pod.status?.conditions?.find(
    ({ type, status, reason }) => type === TARGET && status === 'True' && reason !== 'TerminationByKubelet',
  );
}

/**
 * The conditions of a pod whose announced disruption did not come within two minutes (KEP-3329), or how long to wait
 * for it; undefined when none is announced. Pure.
 */
export function staleTarget(
  pod: Pod,
  now: number,
): { afterMs: number } | { conditions: k8s.PodCondition[] } | undefined {
  const announced = announcedDisruption(pod);
  if (!announced) return undefined;
  const afterMs = timeOf(announced.lastTransitionTime) + STALE_MS - now;
  if (afterMs > 0) return { afterMs };
  const over = { type: TARGET, status: 'False', lastTransitionTime: formatTime(now) };
  return {
    conditions: (pod.status?.conditions ?? []).map((condition) =>
      condition === announced ? over : condition,
    ),
  };
}
