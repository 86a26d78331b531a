import { describe, expect, it } from 'vitest';
import type { PodContainer } from './pod-view.ts';
import { type BackoffEntry, nextEntry, RESTART_BACKOFF, restartAt } from './restart-backoff.ts';

const ended = (id: string, finishedAt: number) => ({ id, state: 'exited', finishedAt }) as PodContainer;

/** Restarts a container that ends `runMs` after each start; answers how long each restart waited. */
function waits(runMs: number, times: number): number[] {
  let entry: BackoffEntry | undefined;
  let now = 1_000_000;
  return Array.from({ length: times }, (_, index) => {
    const finishedAt = now + runMs;
    const run = ended(`run ${index}`, finishedAt);
    const at = Math.max(finishedAt, restartAt(entry, run, RESTART_BACKOFF)?.at ?? 0);
    entry = nextEntry(entry, run, at, RESTART_BACKOFF);
    now = at;
    return (at - finishedAt) / 1000;
  });
}

describe('restarts of a container', () => {
  it('wait 0, 10, 20, 40 … seconds, at most 5 minutes', () => {
    expect(waits(0, 9)).toEqual([0, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('count its run towards the wait only from its end', () => {
    expect(waits(30_000, 4)).toEqual([0, 10, 20, 40]);
  });

  it('begin anew after it ran for more than ten minutes', () => {
    expect(waits(601_000, 4)).toEqual([0, 0, 0, 0]);
  });

  it('are not counted twice when asked about twice', () => {
    const once = nextEntry(undefined, ended('a', 5), 10, RESTART_BACKOFF);
    expect(nextEntry(once, ended('a', 5), 20, RESTART_BACKOFF)).toBe(once);
    expect(restartAt(once, ended('a', 5), RESTART_BACKOFF)).toBeUndefined();
  });
});
