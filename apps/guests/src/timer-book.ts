import type { Clock } from '@sampan/base';

const SOON_MS = 30_000;

/**
 * A clock that knows what waits for it. Controllers wait for what they do later (the next run of a CronJob, the end of
 * a Job's life) by nothing but a clock: the earliest of it is when a cluster that sleeps must wake.
 */
export class TimerBook implements Clock {
  readonly #clock: Clock;
  /** Due times, milliseconds since the epoch. */
  readonly #due = new Set<{ readonly at: number }>();
  readonly #planned: (at: number) => void;

  /** `planned` is told of each due time that is not soon. */
  constructor(clock: Clock, planned: (at: number) => void = () => {}) {
    this.#clock = clock;
    this.#planned = planned;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  schedule(task: () => void, ms: number): () => void {
    const entry = { at: this.#clock.now() + Math.max(0, ms) };
    this.#due.add(entry);
    if (ms >= SOON_MS) this.#planned(entry.at);
    const cancel = this.#clock.schedule(() => {
      this.#due.delete(entry);
      task();
    }, ms);
    return () => {
      this.#due.delete(entry);
      cancel();
    };
  }

  /** undefined: nothing waits. */
  earliest(): number | undefined {
    let earliest: number | undefined;
    for (const { at } of this.#due) if (earliest === undefined || at < earliest) earliest = at;
    return earliest;
  }
}
