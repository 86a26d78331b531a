import type { Clock } from '@sampan/base';

export interface RateLimit {
  /** The first pause of an item that failed; doubles with each failure. Default 5 ms. */
  readonly baseMs: number;
  /** Default 1,000,000 ms. */
  readonly maxMs: number;
}

/** client-go DefaultControllerRateLimiter's per-item part. */
export const DEFAULT_RATE_LIMIT: RateLimit = { baseMs: 5, maxMs: 1_000_000 };

/**
 * Keys to work on (client-go workqueue): each is in the queue at most once; one that is added while it is being
 * worked on comes again afterwards, never at the same time.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  readonly #ready = new Set<string>();
  readonly #processing = new Set<string>();
  // made when first needed: a process holds the queues of thousands of clusters that are idle
  #again: Set<string> | undefined;
  #failures: Map<string, number> | undefined;
  #delayed: Map<string, { due: number; cancel: () => void }> | undefined;
  #onReady: () => void = () => {};
  #closed = false;

  constructor(clock: Clock, limit: RateLimit = DEFAULT_RATE_LIMIT) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Calls `listener` whenever `take` may have something new. One listener only. */
  onReady(listener: () => void): void {
    this.#onReady = listener;
  }

  add(key: string): void {
    if (this.#closed) return;
    if (this.#processing.has(key)) {
      this.#again ??= new Set();
      this.#again.add(key);
      return;
    }
    if (this.#ready.has(key)) return;
    this.#ready.add(key);
    this.#onReady();
  }

  /** Adds a key later; of several times the earliest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const due = this.#clock.monotonic() + ms;
    this.#delayed ??= new Map();
    const present = this.#delayed.get(key);
    if (present && present.due <= due) return;
    present?.cancel();
    const cancel = this.#clock.schedule(() => {
      this.#delayed?.delete(key);
      this.add(key);
    }, ms);
    this.#delayed.set(key, { due, cancel });
  }

  /** Adds a key that failed, after a pause that grows with its failures in a row; returns the pause. */
  addRateLimited(key: string): number {
    this.#failures ??= new Map();
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const pause = Math.min(this.#limit.maxMs, this.#limit.baseMs * 2 ** Math.min(failures, 60));
    this.addAfter(key, pause);
    return pause;
  }

  /** The key went well: its next failure is a first one. */
  forget(key: string): void {
    this.#failures?.delete(key);
  }

  failures(key: string): number {
    return this.#failures?.get(key) ?? 0;
  }

  /** The next key, or undefined; whoever takes it calls `done`. */
  take(): string | undefined {
    const next = this.#ready.values().next();
    if (next.done) return undefined;
    this.#ready.delete(next.value);
    this.#processing.add(next.value);
    return next.value;
  }

  done(key: string): void {
    this.#processing.delete(key);
    if (this.#again?.delete(key)) this.add(key);
  }

  /** Keys that wait, not counting later ones. */
  get length(): number {
    return this.#ready.size;
  }

  /** Forgets everything that waits; adds do nothing from now on. */
  close(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed?.values() ?? []) cancel();
    this.#delayed = undefined;
    this.#ready.clear();
    this.#again = undefined;
  }
}
