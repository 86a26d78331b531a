/** Time as a dependency, so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds that never go back; for durations and deadlines. */
  monotonic(): number;
  /** Runs `task` once after `ms`; the returned function cancels it and may be called twice. */
  schedule(task: () => void, ms: number): () => void;
}

/** setTimeout's longest delay; a longer one would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(task, ms) {
    const timer = setTimeout(task, Math.min(Math.max(0, ms), LONGEST_DELAY_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface Pending {
  due: number;
  task: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: number;
  #pending: Pending[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  schedule(task: () => void, ms: number): () => void {
    const entry = { due: this.#now + Math.max(0, ms), task };
    this.#pending.push(entry);
    return () => {
      this.#pending = this.#pending.filter((other) => other !== entry);
    };
  }

  /** Moves the time and runs what became due, in order of its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#pending.filter((entry) => entry.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!next) break;
      this.#pending = this.#pending.filter((entry) => entry !== next);
      this.#now = next.due;
      next.task();
    }
    this.#now = end;
  }
}
