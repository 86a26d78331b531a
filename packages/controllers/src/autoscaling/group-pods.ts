import type { Pod } from '../workloads/objects.ts';
import { isTerminating, timeOf } from '../workloads/pod-state.ts';
import type { PodMetric, PodMetrics } from './metrics.ts';

/** --horizontal-pod-autoscaler-cpu-initialization-period */
const CPU_INITIALIZATION_MS = 5 * 60_000;
/** --horizontal-pod-autoscaler-initial-readiness-delay */
const READINESS_DELAY_MS = 30_000;

export interface PodGroups {
  readonly ready: number;
  /** Their usage says nothing yet. */
  readonly unready: ReadonlySet<string>;
  /** Nothing is known of their usage. */
  readonly missing: ReadonlySet<string>;
  /** They go, or have failed. */
  readonly ignored: ReadonlySet<string>;
}

/** Which pods' metrics count (upstream's groupPods). Pure. */
export function groupPods(
  pods: readonly Pod[],
  metrics: PodMetrics,
  resource: string | undefined,
  now: number,
): PodGroups {
  let ready = 0;
  const [unready, missing, ignored] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const pod of pods) {
    const { name = '' } = pod.metadata;
    const metric = metrics.get(name);
    if (isTerminating(pod) || pod.status?.phase === 'Failed') ignored.add(name);
    else if (pod.status?.phase === 'Pending') unready.add(name);
    else if (!metric) missing.add(name);
    else if (resource === 'cpu' && isWarmingUp(pod, metric, now)) unready.add(name);
    else ready++;
  }
  return { ready, unready, missing, ignored };
}

/** Starting costs CPU that says nothing about load. */
function isWarmingUp(pod: Pod, metric: PodMetric, now: number): boolean {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const started = timeOf(pod.status?.startTime);
  if (!condition || started === 0) return true;
  const changed = timeOf(condition.lastTransitionTime);
  const unready = condition.status === 'False';
  if (started + CPU_INITIALIZATION_MS > now) return unready || metric.timestamp < changed + metric.windowMs;
  return unready && started + READINESS_DELAY_MS > changed;
}
