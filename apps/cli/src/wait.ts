import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `check` until it says yes; false when the time is over. */
export async function waitFor(
  check: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 25,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!(await check())) {
    if (performance.now() >= end) return false;
    await sleep(everyMs);
  }
  return true;
}
