import { type Logger, messageOf } from '@sampan/base';
import type { HubParts } from '../api/call.ts';
import { type Collected, type CollectOptions, collectGarbage } from './collect.ts';

/** Often enough for disks, and rare enough that a grace of a day is not asked about all the time. */
const EVERY_MS = 6 * 60 * 60_000;

/** A start is busy enough without it. */
const FIRST_MS = 10 * 60_000;

/** Collects garbage now and then, and when it is asked; one collection at a time. */
export class Collector {
  readonly #parts: HubParts;
  readonly #logger: Logger;
  #running: Promise<unknown> = Promise.resolve();
  #cancel: (() => void) | undefined;
  #closed = false;
  /** Since the process began; `last`: when the last one ended, milliseconds since the epoch. */
  readonly totals = { runs: 0, blobs: 0, bytes: 0, last: undefined as number | undefined };

  constructor(parts: HubParts, logger: Logger) {
    this.#parts = parts;
    this.#logger = logger;
  }

  /** Once. */
  start(): void {
    this.#schedule(FIRST_MS);
  }

  /** After those that were asked for before. */
  run(options: CollectOptions = {}): Promise<Collected> {
    return this.hold(() => this.#collect(options));
  }

  /** Runs a task after collections that were asked for before, and before later ones. */
  hold<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#running.then(task);
    // whoever asked for it learns of its failure
    this.#running = run.catch(() => undefined);
    return run;
  }

  /** Waits for what runs. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#running;
  }

  async #collect(options: CollectOptions): Promise<Collected> {
    const { clock } = this.#parts;
    const begun = clock.monotonic();
    const collected = await collectGarbage(this.#parts, { ...options, stopped: () => this.#closed });
    if (!options.dryRun) this.#add(collected);
    const message = options.dryRun ? 'garbage was looked for' : 'garbage was collected';
    this.#logger.info(message, { ...collected, ms: Math.round(clock.monotonic() - begun) });
    return collected;
  }

  #add({ blobs, bytes }: Collected): void {
    this.totals.runs += 1;
    this.totals.blobs += blobs;
    this.totals.bytes += bytes;
    this.totals.last = this.#parts.clock.now();
  }

  #schedule(ms: number): void {
    if (this.#closed) return;
    this.#cancel = this.#parts.clock.schedule(() => {
      this.run()
        .catch((thrown: unknown) => {
          this.#logger.error('garbage could not be collected', { error: messageOf(thrown) });
        })
        .finally(() => this.#schedule(EVERY_MS));
    }, ms);
  }
}
