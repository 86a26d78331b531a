import type { Clock } from '@sampan/base';

/** A clock that runs `factor` times as fast as the real one, so that hours of grace pass in a test. */
export class FastClock implements Clock {
  readonly #factor: number;
  readonly #start = Date.now();

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): number {
    return this.at(Date.now());
  }

  monotonic(): number {
    return performance.now() * this.#factor;
  }

  schedule(task: () => void, ms: number): () => void {
    const timer = setTimeout(task, Math.max(0, ms) / this.#factor);
    timer.unref();
    return () => clearTimeout(timer);
  }

  /** What this clock showed at a time of the real one, such as a file's. */
  at(real: number): number {
    return Math.round(this.#start + (real - this.#start) * this.#factor);
  }
}
