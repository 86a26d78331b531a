import { type Clock, type Logger, messageOf } from '@sampan/base';
import { Backoff, type BackoffOptions } from '@sampan/machinery';
import type { HubEvent } from './event.ts';

/** Deals with some events, in order; when it throws it gets the same ones again. */
export type Listener = (events: readonly HubEvent[]) => Promise<void>;

/** Events that a listener gets at once. */
const BATCH = 200;

/** Beyond this, events that nothing keeps are dropped rather than fill the memory. */
const MOST_QUEUED = 10_000;

const RETRY: BackoffOptions = { initialMs: 500, maxMs: 60_000, factor: 2, jitter: 0.5 };

interface EventQueueOptions {
  readonly name: string;
  readonly listener: Listener;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dealtWith: (events: readonly HubEvent[]) => void;
}

/** What one listener has still to deal with; a slow or failing one holds up no other. */
export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #backoff = new Backoff(RETRY);
  #waiting: HubEvent[] = [];
  #dropped = 0;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  /** `kept`: it may not be dropped. */
  add(event: HubEvent, kept: boolean): void {
    if (!kept && this.#waiting.length >= MOST_QUEUED) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(event);
    if (!this.#closed) this.#running ??= this.#run();
  }

  /** Waits for the batch at work; what waits stays undone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    // whatever else this tick tells joins the first batch
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && !this.#closed) await this.#batch(this.#waiting.slice(0, BATCH));
    this.#running = undefined;
  }

  async #batch(events: readonly HubEvent[]): Promise<void> {
    const { name, listener, logger, dealtWith } = this.#options;
    try {
      await listener(events);
    } catch (thrown) {
      if (this.#closed) return;
      logger.warn('events wait for their listener', { listener: name, error: messageOf(thrown) });
      await this.#pause(this.#backoff.next());
      return;
    }
    this.#backoff.reset();
    this.#waiting = this.#waiting.slice(events.length);
    dealtWith(events);
    if (this.#dropped === 0) return;
    logger.warn('events were dropped, since their listener was slow', {
      listener: name,
      count: this.#dropped,
    });
    this.#dropped = 0;
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(resolve, ms);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
