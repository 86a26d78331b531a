import type { Clock, Logger } from '@sampan/base';
import { messageOf } from '@sampan/base';
import { RevisionMismatchError, type Store } from '@sampan/store';

export interface EventTtlOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an Event stays after its last write, in milliseconds. Default one hour (upstream's `--event-ttl`). */
  readonly ttlMs?: number;
}

const PREFIX = 'events/';
const HOUR_MS = 3_600_000;
/** Deletes that share one commit; more wait for the next turn, so that requests are not held up. */
const BATCH = 500;
/** Events due within this time of the first are deleted with it. */
const SLACK_MS = 10_000;
const RETRY_MS = 60_000;

/**
 * Deletes Events an hour after their last write. One timer, for the Event that is due first, and none when there are
 * no Events; what was stored before the start counts from the start, since the store keeps no times. Keys are kept
 * in the order of their writes: a write moves its key to the end.
 */
export class EventTtl {
  readonly #options: EventTtlOptions;
  readonly #ttl: number;
  /** When each key is due, in order. */
  readonly #due = new Map<string, number>();
  #stopWatch: () => void = () => {};
  #cancel: (() => void) | undefined;
  #closed = false;

  constructor(options: EventTtlOptions) {
    this.#options = options;
    this.#ttl = options.ttlMs ?? HOUR_MS;
  }

  start(): void {
    const { store, clock } = this.#options;
    this.#stopWatch = store.watch({
      prefix: PREFIX,
      onChanges: (changes) => {
        const due = clock.monotonic() + this.#ttl;
        for (const { key, type } of changes) {
          this.#due.delete(key);
          if (type === 'put') this.#due.set(key, due);
        }
        this.#arm();
      },
    });
    const due = clock.monotonic() + this.#ttl;
    for (const { key } of store.list({ prefix: PREFIX }).entries) this.#due.set(key, due);
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#stopWatch();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(delay?: number): void {
    if (this.#cancel || this.#closed || this.#due.size === 0) return;
    const [first = 0] = this.#due.values();
    const { clock } = this.#options;
    this.#cancel = clock.schedule(
      () => {
        this.#cancel = undefined;
        void this.#sweep().then((done) => this.#arm(done ? undefined : RETRY_MS));
      },
      delay ?? first - clock.monotonic() + Math.min(SLACK_MS, this.#ttl),
    );
  }

  /** False: some could not be deleted. */
  async #sweep(): Promise<boolean> {
    const { store, clock, log } = this.#options;
    const now = clock.monotonic();
    const batch: string[] = [];
    for (const [key, due] of this.#due) {
      if (due > now || batch.length === BATCH) break;
      batch.push(key);
    }
    try {
      await Promise.all(batch.map((key) => expire(store, key)));
      return true;
    } catch (error) {
      if (!this.#closed) log.warn('Events could not be deleted', { error: messageOf(error) });
      return false;
    }
  }
}

/** Deletes it unless it is gone; the watch forgets it. */
async function expire(store: Store, key: string): Promise<void> {
  const entry = store.latest(key);
  if (!entry) return;
  try {
    await store.delete(key, { expected: entry.revision });
  } catch (error) {
    if (!(error instanceof RevisionMismatchError)) throw error;
  }
}
