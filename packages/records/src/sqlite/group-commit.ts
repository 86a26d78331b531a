import type { DatabaseSync } from 'node:sqlite';
import { RecordsClosedError, RecordsWriteError } from '../errors.ts';

/** Tasks that share one commit at most, so that the first does not wait for ever. */
const GROUP_LIMIT = 64;

interface Waiting {
  /** Runs the task in a savepoint; gives what is to be called once all of the group is on disk. */
  readonly run: () => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs tasks one after the other, each in a savepoint, and those that wait meanwhile within one transaction: one
 * fsync for all of them. A task that throws takes back its own changes only; a commit that fails fails them all.
 */
export class GroupCommit {
  readonly #database: DatabaseSync;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** `task` uses savepoints, and no commit of its own. */
  run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new RecordsClosedError());
    return new Promise((resolve, reject) => {
      const run = async (): Promise<() => void> => {
        const value = await task();
        return () => resolve(value);
      };
      this.#waiting.push({ run, reject });
      this.#running ??= this.#drain();
    });
  }

  /** Refuses new tasks and waits for those that were given before. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    // whatever else this tick asks for joins the first group
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, GROUP_LIMIT));
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const resolves: (() => void)[] = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const waiting of group) {
        const outcome = await waiting.run().catch((error: unknown) => {
          // a full disk takes back the transaction of all
          if (!this.#database.isTransaction) throw error;
          waiting.reject(isDiskFailure(error) ? new RecordsWriteError(error) : error);
        });
        if (outcome) resolves.push(outcome);
      }
      this.#database.exec('COMMIT');
    } catch (error) {
      // some errors (a full disk) have rolled back already
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const failure = new RecordsWriteError(error);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const resolve of resolves) resolve();
  }
}

/** SQLite's primary result codes, https://sqlite.org/rescode.html: I/O error, full. */
const DISK_FAILURES = [10, 13];

function isDiskFailure(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && DISK_FAILURES.includes(Number(error.errcode) & 0xff);
}
