import { statSync, writeFileSync } from 'node:fs';
import { type DatabaseSync, type StatementSync, backup as sqliteBackup } from 'node:sqlite';
import type { StoredChange } from '../change-log.ts';
import type { Driver, Removal, Row } from '../driver.ts';
import { backupTo } from './backup.ts';
import { openDatabase, pragma } from './database.ts';
import { insertRow, readRows, writeRow } from './rows.ts';

/** Free pages that are worth giving back to the disk: more than so many, and than a quarter of the file. */
const FREE_PAGES = 256;
/** Pages that one call of `tidy` moves at most. */
const VACUUM_STEP = 512;

/** https://sqlite.org/rescode.html */
const SQLITE_CANTOPEN = 14;
/** Of a copy that was refused (SQLITE_LOCKED), which is no error of the new file's. */
const SQLITE_OK = 0;
const MOST_TRIES = 100;

/** Keeps the history in one SQLite file. */
export class SqliteDriver implements Driver {
  readonly file: string;
  readonly database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #setCompacted: StatementSync;

  constructor(file: string, cacheKiB?: number) {
    this.file = file;
    this.database = openDatabase(file, { cacheKiB });
    const prepare = (sql: string): StatementSync => this.database.prepare(sql);
    this.#begin = prepare('BEGIN IMMEDIATE');
    this.#commit = prepare('COMMIT');
    this.#rollback = prepare('ROLLBACK');
    this.#insert = prepare(insertRow);
    this.#remove = prepare('DELETE FROM changes WHERE revision = ?');
    this.#setCompacted = prepare('UPDATE state SET compacted = ?');
  }

  load(): { compacted: number; rows: Iterable<Row> } {
    const state = this.database.prepare('SELECT compacted FROM state').get();
    if (!state) throw new Error('its state is missing');
    return { compacted: Number(state.compacted), rows: readRows(this.database) };
  }

  commit(changes: readonly StoredChange[], removal: Removal | undefined): void {
    // A rollback that failed as well must not make all later commits fail.
    if (this.database.isTransaction) this.#rollback.run();
    if (changes.length === 1 && !removal) {
      this.#write(changes);
      return;
    }
    this.#begin.run();
    try {
      this.#write(changes);
      if (removal) this.#takeOut(removal);
      this.#commit.run();
    } catch (error) {
      // Some errors have rolled back already: https://sqlite.org/lang_transaction.html, 2.3.
      if (this.database.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  tidy(): boolean {
    const free = pragma(this.database, 'freelist_count');
    const spare = Math.floor(pragma(this.database, 'page_count') / 4);
    if (free > FREE_PAGES && free > spare) {
      this.database.exec(`PRAGMA incremental_vacuum(${VACUUM_STEP})`);
      return true;
    }
    if (sizeOf(`${this.file}-wal`) > 0) this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    // Thousands of idle stores may be open.
    this.database.exec('PRAGMA shrink_memory');
    return false;
  }

  /** Copies page by page, a few at a time; SQLite carries over what is written meanwhile. */
  backup(file: string): Promise<void> {
    return backupTo(file, async (partial) => {
      try {
        await this.#copyPages(partial);
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_CANTOPEN) throw error;
        // SQLite goes by whole paths, which may lead through folders that are closed to this process; it itself does not
        writeFileSync(partial, this.database.serialize(), { flush: true });
      }
    });
  }

  /** Another thread copies: it is refused when its first look falls into a commit of this one. */
  async #copyPages(file: string): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await sqliteBackup(this.database, file, { rate: 256 });
        return;
      } catch (error) {
        if ((error as { errcode?: number }).errcode !== SQLITE_OK || tries === MOST_TRIES) throw error;
      }
    }
  }

  fileBytes(): number {
    return sizeOf(this.file) + sizeOf(`${this.file}-wal`);
  }

  close(): void {
    try {
      // SQLite does so itself, but not when this process cannot reach the file by its name any more.
      this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk: what cannot be moved stays in the write-ahead log, where the next opening finds it.
    }
    this.database.close();
  }

  #write(changes: readonly StoredChange[]): void {
    for (const { revision, key, entry } of changes) {
      writeRow(this.#insert, { revision, key, created: entry?.created ?? 0, value: entry?.bytes });
    }
  }

  #takeOut(removal: Removal): void {
    this.#setCompacted.run(removal.compacted);
    for (const revision of removal.revisions) this.#remove.run(revision);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
