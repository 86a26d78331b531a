import { type Clock, type Logger, messageOf } from '@sampan/base';
import type { Digest } from '@sampan/blobs';
import type { Records } from '@sampan/records';
import type { HubEvent } from '../events/event.ts';
import type { HubTables } from '../metadata/schema.ts';

/** Pulls within so long are written together; a process that dies loses as much. */
const FLUSH_MS = 5000;

/** A manifest that is pulled all the time is written so rarely: days are what counts. */
const RENEW_MS = 10 * 60_000;

/** Manifests of which it is known when they were written last; more are written more often. */
const MOST_KNOWN = 10_000;

interface PullTimesOptions {
  readonly records: Records<HubTables>;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Pull = Pick<HubEvent, 'repository' | 'digest' | 'time'>;

/** Keeps when manifests were pulled last, as it hears of it, so that a pull waits for no disk. */
export class PullTimes {
  readonly #options: PullTimesOptions;
  #waiting = new Map<string, Pull>();
  #written = new Map<string, number>();
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: PullTimesOptions) {
    this.#options = options;
  }

  /** A listener of events. */
  readonly hear = async (events: readonly HubEvent[]): Promise<void> => {
    for (const event of events) if (event.type === 'pull') this.note(event);
  };

  /** Writes what waits. May be called twice. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#flushSoon();
    await this.#flushing;
  }

  /** A manifest was read, or asked for by who has it already. */
  note({ repository, digest, time }: Pull): void {
    const key = `${repository}@${digest}`;
    if (time - (this.#written.get(key) ?? 0) < RENEW_MS) return;
    this.#waiting.set(key, { repository, digest, time });
    this.#cancel ??= this.#options.clock.schedule(() => {
      this.#cancel = undefined;
      this.#flushSoon();
    }, FLUSH_MS);
  }

  #flushSoon(): void {
    this.#flushing = this.#flushing.then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const pulls = this.#waiting;
    if (pulls.size === 0) return;
    this.#waiting = new Map();
    try {
      await this.#write([...pulls.values()]);
    } catch (thrown) {
      this.#options.logger.warn('times of pulls were lost', { count: pulls.size, error: messageOf(thrown) });
      return;
    }
    if (this.#written.size > MOST_KNOWN) this.#written = new Map();
    for (const [key, { time }] of pulls) this.#written.set(key, time);
  }

  #write(pulls: readonly Pull[]): Promise<void> {
    return this.#options.records.write(async (to) => {
      for (const { repository, digest, time } of pulls) {
        await to
          .updateTable('manifests')
          .set({ pulled: time })
          .where('digest', '=', digest as Digest)
          .where('repository', '=', (from) =>
            from.selectFrom('repositories').select('id').where('name', '=', repository),
          )
          .execute();
      }
    });
  }
}
