import type { Clock } from '@sampan/base';
import type { Rate } from './hub-limits.ts';

/** Whose buckets are remembered; those beyond that were used longest ago are full again. */
const MOST_KEYS = 20_000;

interface Bucket {
  tokens: number;
  /** When that was so, by the clock that never goes back; milliseconds. */
  at: number;
}

/** A token bucket for each key: each holds at most the burst, and fills at the rate. */
export class TokenBuckets {
  readonly #rate: Rate;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Takes a token if there is one. Seconds until there is; 0: it was taken. */
  take(key: string): number {
    const bucket = this.#bucket(key);
    const wait = this.#wait(bucket);
    if (wait === 0) bucket.tokens -= 1;
    return wait;
  }

  /** As `take`, and takes nothing. */
  wait(key: string): number {
    return this.#buckets.has(key) ? this.#wait(this.#bucket(key)) : 0;
  }

  /** Tokens that could be taken now. */
  left(key: string): number {
    return this.#buckets.has(key) ? Math.floor(this.#bucket(key).tokens) : this.#rate.burst;
  }

  #wait({ tokens }: Bucket): number {
    return tokens >= 1 ? 0 : (1 - tokens) / this.#rate.perSecond;
  }

  #bucket(key: string): Bucket {
    const { burst, perSecond } = this.#rate;
    const now = this.#clock.monotonic();
    const found = this.#buckets.get(key) ?? { tokens: burst, at: now };
    found.tokens = Math.min(burst, found.tokens + (Math.max(0, now - found.at) / 1000) * perSecond);
    found.at = now;
    // last in order: the first ones are those used longest ago
    this.#buckets.delete(key);
    this.#buckets.set(key, found);
    const [oldest] = this.#buckets.size > MOST_KEYS ? this.#buckets.keys() : [];
    if (oldest !== undefined) this.#buckets.delete(oldest);
    return found;
  }
}
