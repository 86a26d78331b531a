export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** 1 = up to twice as long, so that many clients do not come back at once. */
  readonly jitter: number;
}

/** client-go's reflector: 0.8 s doubling to 30 s. */
export const WATCH_BACKOFF: BackoffOptions = { initialMs: 800, maxMs: 30_000, factor: 2, jitter: 1 };

/** Growing pauses between attempts. */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #next: number;

  /** `random`: 0 up to 1. */
  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
    this.#next = options.initialMs;
  }

  /** How long to wait before the next attempt, in milliseconds. */
  next(): number {
    const { factor, jitter, maxMs } = this.#options;
    const base = this.#next;
    this.#next = Math.min(maxMs, base * factor);
    return Math.round(base * (1 + jitter * this.#random()));
  }

  /** An attempt went well. */
  reset(): void {
    this.#next = this.#options.initialMs;
  }
}
