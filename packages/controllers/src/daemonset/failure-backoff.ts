const FIRST_MS = 1000;
const LONGEST_MS = 15 * 60_000;

/** How long to wait before a pod that failed again and again is replaced: 1 s, doubling to 15 minutes. */
export class FailureBackoff {
  readonly #entries = new Map<string, { pauseMs: number; since: number }>();

  /** Milliseconds until the next attempt may be made; 0: now. */
  delay(key: string, now: number): number {
    const entry = this.#entries.get(key);
    return entry ? Math.max(0, entry.since + entry.pauseMs - now) : 0;
  }

  /** An attempt is made. */
  next(key: string, now: number): void {
    this.#forgetOld(now);
    const entry = this.#entries.get(key);
    // attempts that are far apart are no series
    const goesOn = entry && now - entry.since <= 2 * LONGEST_MS;
    const pauseMs = goesOn ? Math.min(LONGEST_MS, entry.pauseMs * 2) : FIRST_MS;
    this.#entries.delete(key);
    this.#entries.set(key, { pauseMs, since: now });
  }

  /** Entries are in order of their time. */
  #forgetOld(now: number): void {
    for (const [key, { since }] of this.#entries) {
      if (now - since <= 2 * LONGEST_MS) return;
      this.#entries.delete(key);
    }
  }
}
