import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 50;

/** Waits until `look` gives something; throws with `what` when that takes longer than `timeoutMs`. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`after ${timeoutMs} ms, still not: ${what}`);
    await sleep(EVERY_MS);
  }
}
