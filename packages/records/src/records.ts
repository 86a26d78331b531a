import type { Kysely, Transaction } from 'kysely';

/**
 * One SQL database. `DB` is Kysely's map from table to columns. Both databases keep these promises:
 * integers are numbers (up to 2^53), `BLOB`s are `Uint8Array`s, texts order by code units of UTF-8, there are no
 * booleans (use 0 and 1), no dates (use milliseconds) and no JSON columns (use TEXT).
 */
export interface Records<DB> {
  readonly dialect: 'sqlite' | 'postgres';
  /** For queries only; never waits for a `write`, and sees all that have returned. */
  readonly read: Kysely<DB>;
  /**
   * Runs `task` as one transaction, as if no other ran at the same time, and commits durably; when `task` throws,
   * nothing of it stays and the error is handed on. `task` may be run again when another transaction came in between
   * (PostgreSQL), and others wait while it runs (SQLite): it must do nothing but queries on the transaction it gets.
   * Throws `RecordsWriteError` when the commit fails.
   */
  write<T>(task: (transaction: Transaction<DB>) => Promise<T>): Promise<T>;
  /** Waits for writes that were begun. May be called twice. */
  close(): Promise<void>;
}

/**
 * One step from the tables of a release to those of the next; never changed once released. `sql`: statements that
 * both databases understand, with the column types TEXT, INTEGER (64 bits), REAL, BLOB and `SERIAL PRIMARY KEY`
 * (numbers of its own, never used again), all in upper case.
 */
export interface Migration {
  /** Unique in its list. */
  readonly name: string;
  readonly sql: string;
}
