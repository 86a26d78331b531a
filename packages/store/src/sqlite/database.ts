import { chmodSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, SampanError } from '@sampan/base';
import { StoreCorruptError, StoreLockedError, StoreOpenError, StoreTooNewError } from '../errors.ts';
import { APPLICATION_ID, MIGRATIONS } from './format.ts';
import { migrate } from './migrate.ts';
import { writeNewFile } from './new-file.ts';

export interface DatabaseOptions {
  /** What makes each format of the one before; default: those of this release. */
  readonly migrations?: readonly string[] | undefined;
  /** Default 256. */
  readonly cacheKiB?: number | undefined;
}

/**
 * Opens a store's file, makes it if it is not there, and brings it to the newest format. The connection
 * holds SQLite's exclusive lock until it is closed or the process ends, however it ends. Throws
 * `StoreLockedError`, `StoreCorruptError`, `StoreTooNewError` or `StoreOpenError`.
 */
export function openDatabase(file: string, options: DatabaseOptions = {}): DatabaseSync {
  const { migrations = MIGRATIONS, cacheKiB = 256 } = options;
  let database: DatabaseSync | undefined;
  try {
    prepareFile(file, migrations);
    database = new DatabaseSync(file, { timeout: 0 });
    prepareDatabase(database, file, migrations, cacheKiB);
    return database;
  } catch (error) {
    database?.close();
    throw openingError(file, error);
  }
}

/**
 * Makes the file before SQLite does, for its mode; the write-ahead log gets the same one. An existing file is
 * never opened here: closing it would give up the process's POSIX locks on it
 * (https://sqlite.org/howtocorrupt.html, 2.2).
 */
function prepareFile(file: string, migrations: readonly string[]): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) writeNewFile(file, migrations);
  else if (found.isFile() && found.mode & 0o077) chmodSync(file, 0o600);
}

function prepareDatabase(
  database: DatabaseSync,
  file: string,
  migrations: readonly string[],
  cacheKiB: number,
): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF');
  const version = formatOf(database, file, migrations.length);
  // Only heeded in an empty file, before its first table: lets `tidy` give pages back to the disk.
  if (version === 0) database.exec('PRAGMA auto_vacuum = INCREMENTAL');
  else check(database, file);
  // Reads never come here, so that the cache only serves the pages of a commit.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${cacheKiB};
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 4194304;
    PRAGMA temp_store = MEMORY;
  `);
  migrate(database, version, migrations);
}

/** The format of the file; 0: it is empty. Reading it takes the lock. */
function formatOf(database: DatabaseSync, file: string, supported: number): number {
  const version = pragma(database, 'user_version');
  const owner = pragma(database, 'application_id');
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
  // A new store that was interrupted before its first commit looks like this too.
  if (owner === 0 && version === 0 && tables === 0) return 0;
  if (owner !== APPLICATION_ID) throw new StoreCorruptError(file, 'it is not a Sampan store');
  if (version > supported) throw new StoreTooNewError(file, version, supported);
  return version;
}

/** The structure of all pages; about half a millisecond a megabyte. Rows have checksums of their own. */
function check(database: DatabaseSync, file: string): void {
  const result = String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]);
  if (result !== 'ok') throw new StoreCorruptError(file, result.replaceAll('\n', ' '));
}

export function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** SQLite's primary result codes, https://sqlite.org/rescode.html. */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

function openingError(file: string, error: unknown): unknown {
  if (error instanceof SampanError) return error;
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  if (code === BUSY || code === LOCKED) return new StoreLockedError(file, error);
  if (code === CORRUPT || code === NOT_A_DATABASE) {
    return new StoreCorruptError(file, messageOf(error), error);
  }
  return new StoreOpenError(file, error);
}
