import {
  type Observation,
  type Observations,
  type PressureCondition,
  SIGNALS,
  type Signal,
} from './signals.ts';

/** The machine is short of something when there is less of it. */
export interface Threshold {
  readonly signal: Signal;
  /** Bytes, inodes, processes; or a part of all of it, as `10%`. */
  readonly least: number | `${number}%`;
  /** So long it must be short before pods are evicted; default 0: at once (a hard threshold). */
  readonly graceMs?: number;
  /** What an evicted pod gets to end, in seconds; default 1. */
  readonly podGraceSeconds?: number;
}

/**
 * The kubelet's (kubelet/apis/config/v1beta1 DefaultEvictionHard), but for disks: a tenth or more of a large disk is
 * much, and people's own machines are often fuller than servers; pods would not start there.
 */
export const DEFAULT_THRESHOLDS: readonly Threshold[] = [
  { signal: 'memory.available', least: 100 * 2 ** 20 },
  { signal: 'nodefs.available', least: '5%' },
  { signal: 'nodefs.inodesFree', least: '5%' },
  { signal: 'imagefs.available', least: '5%' },
  { signal: 'imagefs.inodesFree', least: '5%' },
];

/** What is remembered from look to look. */
export interface PressureState {
  /** Since when a threshold is met without a break, in milliseconds. */
  readonly since: ReadonlyMap<Threshold, number>;
  /** When a condition was last seen. */
  readonly seen: ReadonlyMap<PressureCondition, number>;
}

export const NO_PRESSURE_SEEN: PressureState = { since: new Map(), seen: new Map() };

export interface Pressure {
  readonly state: PressureState;
  /** What is told of the node: also for a while after it is over, so that it does not flap. */
  readonly conditions: readonly PressureCondition[];
  /** What must be reclaimed now, the most urgent first. */
  readonly starved: readonly Threshold[];
}

/**
 * What observations mean after what was seen before (eviction_manager.go synchronize). Pure. `transitionMs`: how long a
 * condition outlasts its cause.
 */
export function judgePressure(
  thresholds: readonly Threshold[],
  observations: Observations,
  { since: before, seen: seenBefore }: PressureState,
  now: number,
  transitionMs: number,
): Pressure {
  const met = thresholds.filter(({ signal, least }) => isShort(observations[signal], least));
  const since = new Map(met.map((threshold) => [threshold, before.get(threshold) ?? now]));
  const seen = new Map(seenBefore);
  for (const { signal } of met) seen.set(SIGNALS[signal].condition, now);
  const order = Object.keys(SIGNALS);
  return {
    state: { since, seen },
    conditions: [...seen].filter(([, at]) => now - at < transitionMs || at === now).map(([name]) => name),
    starved: met
      .filter((threshold) => now - (since.get(threshold) ?? now) >= (threshold.graceMs ?? 0))
      .sort((a, b) => order.indexOf(a.signal) - order.indexOf(b.signal)),
  };
}

function isShort({ available, capacity }: Observation, least: Threshold['least']): boolean {
  // a file system that does not count its inodes has none
  return capacity > 0 && available < thresholdAmount(least, capacity);
}

export function thresholdAmount(least: Threshold['least'], capacity: number): number {
  return typeof least === 'number' ? least : Math.floor((Number.parseFloat(least) / 100) * capacity);
}
