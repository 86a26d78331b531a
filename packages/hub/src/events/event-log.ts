import { randomUUID } from 'node:crypto';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Records } from '@sampan/records';
import type { Writer } from '../metadata/repositories.ts';
import type { HubTables } from '../metadata/schema.ts';
import { projectOf } from '../projects/directory.ts';
import type { HubEvent, NewEvent } from './event.ts';
import { EventQueue, type Listener } from './event-queue.ts';
import { addToOutbox, readOutbox, removeFromOutbox } from './outbox.ts';

/** How long events that are dealt with wait for others, so that one commit forgets them all; milliseconds. */
const FORGET_MS = 250;

interface EventLogOptions {
  readonly records: Records<HubTables>;
  /** Told of what `write` made true, before anyone else: also before `write` returns. Must not throw. */
  readonly written?: (events: readonly HubEvent[]) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Tells listeners what happened. Events of `write` are kept in the transaction that makes them true until every
 * listener has dealt with them, so each comes at least once, whatever dies; events of `tell` live in memory only.
 */
export class EventLog {
  readonly #options: EventLogOptions;
  readonly #queues: EventQueue[] = [];
  /** Of events in the outbox: how many listeners have not dealt with them. */
  readonly #open = new Map<string, number>();
  #done: string[] = [];
  #cancelForget: (() => void) | undefined;
  #forgetting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: EventLogOptions) {
    this.#options = options;
  }

  /**
   * `listener` gets all events from now on, in order, some at a time, and perhaps again. When it throws it gets the
   * same ones again after a while. `name` is for messages. Add listeners before `start`.
   */
  listen(name: string, listener: Listener): void {
    const { clock, logger } = this.#options;
    const dealtWith = (events: readonly HubEvent[]) => this.#dealtWith(events);
    this.#queues.push(new EventQueue({ name, listener, clock, logger, dealtWith }));
  }

  /** Tells again what a process that died did not get dealt with. Once, before the first `write`. */
  async start(): Promise<void> {
    for (const event of await readOutbox(this.#options.records.read)) this.#publish(event, true);
  }

  /**
   * `Records.write` that also tells of what it does: `tell` keeps an event for the commit. Nothing is told when the
   * transaction fails.
   */
  async write<T>(task: (to: Writer, tell: (event: NewEvent) => void) => Promise<T>): Promise<T> {
    let events: HubEvent[] = [];
    const result = await this.#options.records.write(async (to) => {
      // the transaction may be run again
      events = [];
      const value = await task(to, (event) => void events.push(this.#complete(event)));
      await addToOutbox(to, events);
      return value;
    });
    this.#options.written?.(events);
    for (const event of events) this.#publish(event, true);
    return result;
  }

  /** For what writes nothing (a pull, a refusal): told soon, and lost when the process dies before. */
  tell(event: NewEvent): void {
    this.#publish(this.#complete(event), false);
  }

  /** Waits for listeners at work; what is still to be told is told by the next process. May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#queues.map((queue) => queue.close()));
    this.#cancelForget?.();
    await this.#forgetting;
    await this.#forget();
  }

  #complete(event: NewEvent): HubEvent {
    const time = this.#options.clock.now();
    return { id: randomUUID(), time, project: projectOf(event.repository), ...event };
  }

  #publish(event: HubEvent, kept: boolean): void {
    if (kept) {
      this.#open.set(event.id, this.#queues.length);
      if (this.#queues.length === 0) this.#forgetSoon(event.id);
    }
    for (const queue of this.#queues) queue.add(event, kept);
  }

  #dealtWith(events: readonly HubEvent[]): void {
    for (const { id } of events) {
      const open = this.#open.get(id);
      if (open === undefined) continue;
      if (open > 1) this.#open.set(id, open - 1);
      else this.#forgetSoon(id);
    }
  }

  #forgetSoon(id: string): void {
    this.#open.delete(id);
    this.#done.push(id);
    if (this.#closed) return;
    this.#cancelForget ??= this.#options.clock.schedule(() => {
      this.#cancelForget = undefined;
      this.#forgetting = this.#forgetting.then(() => this.#forget());
    }, FORGET_MS);
  }

  /** What cannot be forgotten is told once more by the next process, which listeners bear. */
  async #forget(): Promise<void> {
    const ids = this.#done;
    this.#done = [];
    if (ids.length === 0) return;
    try {
      await this.#options.records.write((to) => removeFromOutbox(to, ids));
    } catch (error) {
      this.#options.logger.warn('events that were dealt with could not be forgotten', {
        error: messageOf(error),
      });
    }
  }
}
