import type { PodContainer } from './pod-view.ts';

/** What is remembered of a container's restarts. */
export interface BackoffEntry {
  /** Milliseconds that the next restart waits from the container's end. */
  readonly delayMs: number;
  /** When it was last restarted. */
  readonly updatedAt: number;
  /** The id of the container that the restart followed: asking again about the same one changes nothing. */
  readonly after: string;
}

export type BackoffEntries = ReadonlyMap<string, BackoffEntry>;

export interface BackoffLimits {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** The kubelet's: 10 s, doubling to 5 minutes; forgotten when a container ran for 10 minutes. */
export const RESTART_BACKOFF: BackoffLimits = { initialMs: 10_000, maxMs: 300_000 };

/**
 * When a container whose last run ended may start again: now, or at a time with the delay that it waits. The first
 * restart waits for nothing (flowcontrol.Backoff, kuberuntime doBackOff).
 */
export function restartAt(
  entry: BackoffEntry | undefined,
  ended: PodContainer | undefined,
  limits: BackoffLimits,
): { at: number; delayMs: number } | undefined {
  if (!entry || ended?.state !== 'exited' || entry.after === ended.id) return undefined;
  if (expired(entry, ended.finishedAt, limits)) return undefined;
  return { at: ended.finishedAt + entry.delayMs, delayMs: entry.delayMs };
}

/** The entry after a restart at `now` that follows a container that ended. */
export function nextEntry(
  entry: BackoffEntry | undefined,
  { id, finishedAt }: PodContainer,
  now: number,
  limits: BackoffLimits,
): BackoffEntry {
  if (entry?.after === id) return entry;
  const delayMs =
    !entry || expired(entry, finishedAt, limits)
      ? limits.initialMs
      : Math.min(entry.delayMs * 2, limits.maxMs);
  return { delayMs, updatedAt: now, after: id };
}

/** It ran long enough after its last restart to be thought healthy. */
function expired(entry: BackoffEntry, eventAt: number, { maxMs }: BackoffLimits): boolean {
  return eventAt - entry.updatedAt > 2 * maxMs;
}
