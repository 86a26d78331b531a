import { createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '@sampan/base';

const REMEMBER_MS = 60_000;
/** More are forgotten, the oldest first. */
const MOST = 10_000;

interface Known<T> {
  readonly until: number;
  readonly value: Promise<T | undefined>;
}

/**
 * What credentials proved a moment ago, so that a client that logs in again and again pays for it once a minute. Kept
 * by a keyed hash: what is in memory is no password. What proved nothing is not remembered.
 */
export class Remembered<T> {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, Known<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What `prove` says of these credentials; those who ask at the same time share it. */
  check(credentials: readonly string[], prove: () => Promise<T | undefined>): Promise<T | undefined> {
    const now = this.#clock.monotonic();
    const hash = createHmac('sha256', this.#key).update(JSON.stringify(credentials)).digest('base64');
    const known = this.#known.get(hash);
    if (known && known.until > now) return known.value;
    const value = this.#proved(hash, prove);
    this.#known.delete(hash);
    this.#known.set(hash, { until: now + REMEMBER_MS, value });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    return value;
  }

  async #proved(hash: string, prove: () => Promise<T | undefined>): Promise<T | undefined> {
    let value: T | undefined;
    try {
      value = await prove();
      return value;
    } finally {
      if (value === undefined) this.#known.delete(hash);
    }
  }
}
