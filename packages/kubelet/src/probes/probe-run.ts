import type { k8s } from '@sampan/api';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export type ProbeResult = 'success' | 'failure';

/** Equal results of one probe in a row. */
export interface ProbeRun {
  readonly result: ProbeResult | undefined;
  readonly count: number;
}

export const NO_RUN: ProbeRun = { result: undefined, count: 0 };

/** A probe's settings with the API's defaults; times in milliseconds. */
export interface ProbeTiming {
  readonly delayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export function probeTiming(probe: k8s.Probe): ProbeTiming {
  return {
    delayMs: (probe.initialDelaySeconds ?? 0) * 1000,
    periodMs: (probe.periodSeconds || 10) * 1000,
    timeoutMs: (probe.timeoutSeconds || 1) * 1000,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
  };
}

/** The run after one more result; `verdict`: when there were enough of them (prober worker.go). */
export function nextRun(
  run: ProbeRun,
  result: ProbeResult,
  { successThreshold, failureThreshold }: ProbeTiming,
): { readonly run: ProbeRun; readonly verdict: ProbeResult | undefined } {
  const count = run.result === result ? run.count + 1 : 1;
  const needed = result === 'success' ? successThreshold : failureThreshold;
  return { run: { result, count }, verdict: count >= needed ? result : undefined };
}

/**
 * When the next probe of a grid is due that starts at `base`: the one after `last`; one that was missed meanwhile is
 * made up for at once, several by one (as Go's tickers do).
 */
export function nextDue(base: number, periodMs: number, last: number, now: number): number {
  const next = last + periodMs;
  return next >= now ? next : base + Math.floor((now - base) / periodMs) * periodMs;
}
