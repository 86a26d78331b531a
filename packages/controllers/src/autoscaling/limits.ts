import type { Autoscaler, ScalingRules } from './objects.ts';

/** --horizontal-pod-autoscaler-downscale-stabilization */
const DOWNSCALE_WINDOW_S = 300;

/** What an autoscaler remembers between its decisions. Lost with the process, as upstream's. */
export interface History {
  readonly recommendations: readonly { readonly replicas: number; readonly at: number }[];
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
}

export interface ScaleEvent {
  /** By how many replicas. */
  readonly change: number;
  readonly at: number;
}

export const NO_HISTORY: History = { recommendations: [], ups: [], downs: [] };

export interface Told {
  readonly reason: string;
  readonly message: string;
}

/** Without `behavior`, only scaling down waits, and scaling up at most doubles. */
function windowsOf({ spec }: Autoscaler): { up: number; down: number } {
  const { scaleUp, scaleDown } = spec.behavior ?? {};
  return {
    up: (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
    down: (scaleDown?.stabilizationWindowSeconds ?? DOWNSCALE_WINDOW_S) * 1000,
  };
}

/** The recommendation that holds for the whole stabilization window (stabilizeRecommendationWithBehaviors). Pure. */
export function stabilize(
  scaler: Autoscaler,
  current: number,
  desired: number,
  { recommendations }: Pick<History, 'recommendations'>,
  now: number,
): { replicas: number; told: Told; recommendations: History['recommendations'] } {
  const windows = windowsOf(scaler);
  let [up, down] = [desired, desired];
  for (const { replicas, at } of recommendations) {
    if (at > now - windows.up) up = Math.min(up, replicas);
    if (at > now - windows.down) down = Math.max(down, replicas);
  }
  const stable = Math.min(Math.max(current, up), down);
  const oldest = now - Math.max(windows.up, windows.down);
  const kept = [...recommendations.filter(({ at }) => at > oldest), { replicas: desired, at: now }];
  return { replicas: stable, told: stabilizationTold(current, desired, stable), recommendations: kept };
}

function stabilizationTold(current: number, desired: number, stable: number): Told {
  if (stable === desired)
    return { reason: 'ReadyForNewScale', message: 'recommended size matches current size' };
  if (desired >= current) {
    const message =
      'recent recommendations were lower than current one, applying the lowest recent recommendation';
    return { reason: 'ScaleUpStabilized', message };
  }
  const message =
    'recent recommendations were higher than current one, applying the highest recent recommendation';
  return { reason: 'ScaleDownStabilized', message };
}

export interface Limited {
  readonly replicas: number;
  readonly limited: boolean;
  readonly told: Told;
}

/** As many as rates and bounds allow (convertDesiredReplicasWithBehaviorRate and …WithRules). Pure. */
export function limit(
  scaler: Autoscaler,
  current: number,
  desired: number,
  history: History,
  now: number,
): Limited {
  const { behavior, maxReplicas, minReplicas: least = 1 } = scaler.spec;
  let most = maxReplicas;
  let floor = least;
  let [tooMany, tooFew] = [TOO_MANY, TOO_FEW];
  if (!behavior || desired > current) {
    const rate = behavior
      ? Math.max(current, upLimit(current, behavior.scaleUp ?? {}, history, now))
      : Math.max(2 * current, 4);
    if (rate < maxReplicas) [most, tooMany] = [rate, TOO_FAST_UP];
  }
  if (behavior && desired < current) {
    const rate = Math.min(current, downLimit(current, behavior.scaleDown ?? {}, history, now));
    if (rate > least) [floor, tooFew] = [rate, TOO_FAST_DOWN];
  }
  if (desired < floor) return { replicas: floor, limited: true, told: tooFew };
  if (desired > most) return { replicas: most, limited: true, told: tooMany };
  return { replicas: desired, limited: false, told: WITHIN };
}

const WITHIN = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' };
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
};
const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
};
const TOO_FAST_UP = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
};
const TOO_FAST_DOWN = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
};

/** Replicas at the beginning of a period. */
function periodStart(current: number, { ups, downs }: History, seconds: number, now: number): number {
  const within = (events: readonly ScaleEvent[]) =>
    events.reduce((sum, { change, at }) => (at > now - seconds * 1000 ? sum + change : sum), 0);
  return current - within(ups) + within(downs);
}

function upLimit(current: number, rules: ScalingRules, history: History, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = periodStart(current, history, periodSeconds, now);
    return type === 'Pods' ? start + value : Math.ceil((start * (100 + value)) / 100);
  });
  if (limits.length === 0) return Number.MAX_SAFE_INTEGER;
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function downLimit(current: number, rules: ScalingRules, history: History, now: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  const limits = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const start = periodStart(current, history, periodSeconds, now);
    return type === 'Pods' ? start - value : Math.trunc((start * (100 - value)) / 100);
  });
  if (limits.length === 0) return 0;
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

/** The history after a change. Events that no policy looks back to are dropped. Pure. */
export function remember(
  scaler: Autoscaler,
  history: History,
  before: number,
  after: number,
  now: number,
): History {
  const { scaleUp, scaleDown } = scaler.spec.behavior ?? {};
  const periods = [scaleUp, scaleDown].flatMap((rules) =>
    (rules?.policies ?? []).map((policy) => policy.periodSeconds),
  );
  const oldest = now - Math.max(0, ...periods) * 1000;
  const recent = (events: readonly ScaleEvent[]) => events.filter(({ at }) => at > oldest);
  const event = { change: Math.abs(after - before), at: now };
  return {
    ...history,
    ups: after > before ? [...recent(history.ups), event] : recent(history.ups),
    downs: after < before ? [...recent(history.downs), event] : recent(history.downs),
  };
}
