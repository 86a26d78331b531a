import type { Clock } from '@sampan/base';
import type { PodAction } from '../pods/decision.ts';

/**
 * What is being done to one pod: each thing once at a time, though it is decided again and again meanwhile. Owned by a
 * `PodWorker`.
 */
export class UnderWay {
  readonly #clock: Clock;
  readonly #released: () => void;
  /** By what it is done to; for kills the time by which they will be over. */
  readonly #keys = new Map<string, number>();
  /** Whether it ends something: that may take as long as a grace, and may be begun again by anyone. */
  readonly #tasks = new Map<Promise<void>, 'ends' | 'makes'>();
  readonly #timers = new Set<() => void>();

  /** `released`: called when something may be done again. */
  constructor(clock: Clock, released: () => void) {
    this.#clock = clock;
    this.#released = released;
  }

  /** For `begin`: what is done while the runtime is read may be missing in what it tells. */
  keys(): ReadonlySet<string> {
    return new Set(this.#keys.keys());
  }

  isStarting(container: string): boolean {
    return this.#keys.has(`start ${container}`);
  }

  /**
   * Does an action unless it is being done, or was (`before`) when that was decided. `task` never rejects and tells for
   * how many milliseconds the action must not be repeated.
   */
  begin(action: PodAction, before: ReadonlySet<string>, task: () => Promise<number>): void {
    const key = keyOf(action);
    // what is just being started in it would fail, and seem to have failed by itself
    if (action.do === 'stop-sandbox' && [...this.#keys.keys()].some((each) => each.startsWith('start ')))
      return;
    const grace = action.do === 'kill-container' ? action.graceSeconds * 1000 : Number.POSITIVE_INFINITY;
    const over = this.#clock.now() + grace;
    const present = this.#keys.get(key);
    // a kill with less grace is sent after one with more
    const hurries = present !== undefined && over < present - 1000;
    if ((present !== undefined || before.has(key)) && !hurries) return;
    this.#keys.set(key, over);
    const ends = action.do === 'kill-container' || action.do === 'stop-sandbox';
    const done = task().then((retryMs) => this.#releaseAfter(retryMs, key, over));
    this.#track(done, ends ? 'ends' : 'makes');
  }

  /** Does something else, unless it is being done; `task` never rejects. Nobody is told when it is over. */
  aside(key: string, task: () => Promise<void>): void {
    if (this.#keys.has(key)) return;
    this.#keys.set(key, Number.POSITIVE_INFINITY);
    this.#track(
      task().then(() => void this.#keys.delete(key)),
      'makes',
    );
  }

  /**
   * Resolves when nothing is being done that must not be done twice, or nothing at all. What failed is not waited for
   * to be done again.
   */
  async close(wait: 'makes' | 'all'): Promise<void> {
    for (const cancel of this.#timers) cancel();
    const tasks = [...this.#tasks].filter(([, kind]) => wait === 'all' || kind === wait);
    await Promise.all(tasks.map(([task]) => task));
  }

  #track(task: Promise<void>, kind: 'ends' | 'makes'): void {
    this.#tasks.set(task, kind);
    void task.then(() => this.#tasks.delete(task));
  }

  /** One that failed may be tried again, but not at once. */
  #releaseAfter(retryMs: number, key: string, over: number): void {
    const release = (): void => {
      if (this.#keys.get(key) === over) this.#keys.delete(key);
      this.#released();
    };
    if (retryMs === 0) {
      release();
      return;
    }
    const cancel = this.#clock.schedule(() => {
      this.#timers.delete(cancel);
      release();
    }, retryMs);
    this.#timers.add(cancel);
  }
}

function keyOf(action: PodAction): string {
  switch (action.do) {
    case 'resize':
      return 'resize';
    case 'create-sandbox':
      return 'sandbox';
    case 'stop-sandbox':
      return `stop ${action.id}`;
    case 'kill-container':
      return `kill ${action.id}`;
    case 'start-container':
      return `start ${action.name}`;
  }
}
