import { type Conditions, setCondition } from './conditions.ts';
import { type History, limit, remember, stabilize } from './limits.ts';
import type { Autoscaler, MetricStatus } from './objects.ts';
import { MetricError, type MetricProposal } from './propose.ts';

export interface ScaleDecision {
  /** How many there should be. */
  readonly replicas: number;
  /** Why they change. */
  readonly reason: string;
  readonly conditions: Conditions;
  readonly metrics: readonly MetricStatus[];
  readonly history: History;
  /** What could not be told; the decision holds all the same. */
  readonly failure: MetricError | undefined;
}

/**
 * How many replicas the target should have (upstream's reconcileAutoscaler). `proposals`: one for each metric of the
 * spec, or why it gives none; undefined: they were not asked for (`needsMetrics`). Pure.
 */
export function decideScale(
  scaler: Autoscaler,
  current: number,
  proposals: readonly (MetricProposal | MetricError)[],
  history: History,
  before: Conditions,
  now: number,
): ScaleDecision {
  const { maxReplicas, minReplicas: least = 1 } = scaler.spec;
  const rest = { conditions: before, metrics: [], history, failure: undefined };
  if (current === 0 && least !== 0) {
    const message = 'scaling is disabled since the replica count of the target is zero';
    const told = { reason: 'ScalingDisabled', message };
    return {
      ...rest,
      replicas: 0,
      reason: '',
      conditions: setCondition(before, 'ScalingActive', false, told, now),
    };
  }
  if (current > maxReplicas)
    return changed(
      scaler,
      current,
      maxReplicas,
      'Current number of replicas above Spec.MaxReplicas',
      rest,
      now,
    );
  if (current < least)
    return changed(scaler, current, least, 'Current number of replicas below Spec.MinReplicas', rest, now);
  return byMetrics(scaler, current, proposals, rest, now);
}

/** Are metrics of any use with so many replicas? */
export const needsMetrics = ({ spec }: Autoscaler, current: number): boolean =>
  current <= spec.maxReplicas &&
  current >= (spec.minReplicas ?? 1) &&
  !(current === 0 && spec.minReplicas !== 0);

type Rest = Omit<ScaleDecision, 'replicas' | 'reason'>;

function changed(
  scaler: Autoscaler,
  current: number,
  replicas: number,
  reason: string,
  rest: Rest,
  now: number,
): ScaleDecision {
  const history =
    current === replicas ? rest.history : remember(scaler, rest.history, current, replicas, now);
  return { ...rest, replicas, reason, history };
}

function byMetrics(
  scaler: Autoscaler,
  current: number,
  all: readonly (MetricProposal | MetricError)[],
  rest: Rest,
  now: number,
): ScaleDecision {
  const failed = all.filter((one) => one instanceof MetricError);
  const proposals = all.filter((one): one is MetricProposal => !(one instanceof MetricError));
  const best = proposals.reduce<MetricProposal | undefined>(
    (most, one) => (most && most.replicas >= one.replicas ? most : one),
    undefined,
  );
  const metrics = proposals.map(({ status }) => status);
  const [first] = failed;
  // with metrics missing, fewer replicas are not to be trusted
  if (!best || (first && best.replicas < current)) {
    const told = first ?? new MetricError('FailedGetMetrics', 'no metrics');
    const message = `the HPA was unable to compute the replica count: ${told.message}`;
    const conditions = setCondition(
      rest.conditions,
      'ScalingActive',
      false,
      { reason: told.reason, message },
      now,
    );
    const note = `invalid metrics (${failed.length} invalid out of ${all.length}), first error is: ${told.message}`;
    const failure = new MetricError('FailedComputeMetricsReplicas', note, { cause: told });
    return { ...rest, replicas: current, reason: '', conditions, metrics, failure };
  }
  const message = `the HPA was able to successfully calculate a replica count from ${best.name}`;
  let conditions = setCondition(
    rest.conditions,
    'ScalingActive',
    true,
    { reason: 'ValidMetricFound', message },
    now,
  );
  const stable = stabilize(scaler, current, best.replicas, rest.history, now);
  conditions = setCondition(conditions, 'AbleToScale', true, stable.told, now);
  const history = { ...rest.history, recommendations: stable.recommendations };
  const { replicas, limited, told } = limit(scaler, current, stable.replicas, history, now);
  conditions = setCondition(conditions, 'ScalingLimited', limited, told, now);
  const reason = replicas > current ? `${best.name} above target` : 'All metrics below target';
  return changed(
    scaler,
    current,
    replicas,
    reason,
    { ...rest, conditions, metrics, history, failure: first },
    now,
  );
}
