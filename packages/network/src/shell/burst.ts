import { type Clock, type Logger, messageOf } from '@sampan/base';
import { Backoff } from '@sampan/machinery';

/**
 * Runs one task for many changes: not before they have had a moment to come together, never twice at once, and again
 * after a failure, with growing pauses.
 */
export class Burst {
  readonly #task: () => Promise<void>;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #gatherMs: number;
  readonly #backoff = new Backoff({ initialMs: 200, maxMs: 10_000, factor: 2, jitter: 0.2 });
  /** Who is to be told of the next run; nobody: there is nothing to do. */
  #waiting: (() => void)[] = [];
  #pauseMs: number;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #isOpen = false;
  #isStopped = false;

  constructor(task: () => Promise<void>, options: { clock: Clock; log: Logger; gatherMs: number }) {
    this.#task = task;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#gatherMs = options.gatherMs;
    this.#pauseMs = options.gatherMs;
  }

  /** From now on changes are acted upon. */
  open(): void {
    this.#isOpen = true;
    if (this.#waiting.length > 0) this.#schedule(0);
  }

  /** Something changed. Resolves when the task has run with it; never when it is stopped before. */
  change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    if (this.#isOpen) this.#schedule(this.#pauseMs);
    return promise;
  }

  /** All that changed is done. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#running === undefined;
  }

  /** Resolves when what changed until now is done. */
  async settled(): Promise<void> {
    if (this.#waiting.length === 0) await this.#running;
    // also when that run failed
    if (this.#waiting.length > 0) await this.change();
  }

  /** Resolves when nothing runs any more. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel?.();
    await this.#running;
  }

  #schedule(ms: number): void {
    if (this.#isStopped || this.#cancel || this.#running) return;
    this.#cancel = this.#clock.schedule(() => {
      this.#cancel = undefined;
      // set first: the task itself may report changes before its first pause
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#running = promise;
      void this.#run().finally(() => {
        this.#running = undefined;
        resolve();
        if (this.#waiting.length > 0) this.#schedule(this.#pauseMs);
      });
    }, ms);
  }

  async #run(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      await this.#task();
      this.#backoff.reset();
      this.#pauseMs = this.#gatherMs;
      for (const resolve of waiting) resolve();
    } catch (error) {
      this.#log.error('the network could not be brought up to date; it is tried again', {
        error: messageOf(error),
      });
      this.#pauseMs = this.#backoff.next();
      this.#waiting.push(...waiting);
    }
  }
}
