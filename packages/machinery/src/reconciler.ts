import { StatusError } from '@sampan/api';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type RateLimit, WorkQueue } from './work-queue.ts';

/**
 * Makes one thing as it should be, whatever happened before: reads the present state, writes what differs. Never
 * called twice at once for one key. What it throws is logged and tried again with growing pauses; `{ afterMs }` asks
 * to be called again without it being a failure.
 */
export type Reconcile = (key: string) => Promise<{ readonly afterMs: number } | undefined>;

export interface ReconcilerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many keys are worked on at once; default 5. */
  readonly workers?: number;
  readonly rateLimit?: RateLimit;
}

/** Races that the next try settles are not worth a line in the log until they last. */
const QUIET_FAILURES = 3;

/** Runs a reconcile function over a work queue: level-triggered, no polling. Works from `start` to `stop`. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #queue: WorkQueue;
  readonly #workers: number;
  readonly #running = new Set<Promise<void>>();
  #started = false;
  #settled: (() => void)[] = [];

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#workers = options.workers ?? 5;
    this.#queue = new WorkQueue(options.clock, options.rateLimit);
    this.#queue.onReady(() => this.#pump());
  }

  enqueue(key: string): void {
    this.#queue.add(key);
  }

  enqueueAfter(key: string, ms: number): void {
    this.#queue.addAfter(key, ms);
  }

  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Takes no more work; resolves when what runs is done. May be called twice. */
  async stop(): Promise<void> {
    this.#started = false;
    this.#queue.close();
    await Promise.all(this.#running);
  }

  /** Nothing is worked on or waits (what is to come later does not count). */
  get idle(): boolean {
    return this.#running.size === 0 && this.#queue.length === 0;
  }

  /** Resolves when it is idle, or when it stops. */
  settled(): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #pump(): void {
    while (this.#started && this.#running.size < this.#workers) {
      const key = this.#queue.take();
      if (key === undefined) return;
      const work = this.#work(key).finally(() => {
        this.#running.delete(work);
        this.#queue.done(key);
        this.#pump();
        if (!this.idle) return;
        for (const resolve of this.#settled.splice(0)) resolve();
      });
      this.#running.add(work);
    }
  }

  async #work(key: string): Promise<void> {
    try {
      const again = await this.#options.reconcile(key);
      this.#queue.forget(key);
      if (again) this.#queue.addAfter(key, again.afterMs);
    } catch (error) {
      this.#failed(key, error);
    }
  }

  #failed(key: string, error: unknown): void {
    if (!this.#started) return;
    const { log, name } = this.#options;
    const pause = this.#queue.addRateLimited(key);
    const race = error instanceof StatusError && error.code === 409;
    const quiet = race && this.#queue.failures(key) <= QUIET_FAILURES;
    const fields = { controller: name, key, error: messageOf(error), pause };
    if (quiet) log.debug('a reconcile is tried again', fields);
    else log.warn('a reconcile failed and is tried again', fields);
  }
}
