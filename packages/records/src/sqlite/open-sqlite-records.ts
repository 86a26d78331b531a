import { closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { SampanError } from '@sampan/base';
import { Kysely, type Transaction } from 'kysely';
import { RecordsOpenError } from '../errors.ts';
import { type ColumnTypes, MIGRATIONS_TABLE, migrate } from '../migrate.ts';
import type { Migration, Records } from '../records.ts';
import { GroupCommit } from './group-commit.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

/** AUTOINCREMENT: a number of a deleted row is not used again, as in PostgreSQL. */
const TYPES: ColumnTypes = [[/\bSERIAL PRIMARY KEY\b/g, 'INTEGER PRIMARY KEY AUTOINCREMENT']];

/** How long another process may hold the file, milliseconds; a backup's reader is short. */
const BUSY_MS = 5_000;

export interface SqliteRecordsOptions {
  /** Path of the file; made with mode 0600 when it is not there. */
  readonly file: string;
  readonly migrations: readonly Migration[];
}

/**
 * Opens a database in a file: one connection that writes, with all waiting transactions in one commit, and one that
 * reads meanwhile. Throws `RecordsOpenError` or `RecordsTooNewError`.
 */
export async function openSqliteRecords<DB>({
  file,
  migrations,
}: SqliteRecordsOptions): Promise<Records<DB>> {
  const opened: DatabaseSync[] = [];
  try {
    if (!statSync(file, { throwIfNoEntry: false })) closeSync(openSync(file, 'wx', 0o600));
    const writer = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
    opened.push(writer);
    writer.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    await migrateFile(writer, file, migrations);
    const reader = new DatabaseSync(file, { timeout: BUSY_MS });
    opened.push(reader);
    reader.exec('PRAGMA query_only = ON; PRAGMA trusted_schema = OFF');
    return new SqliteRecords<DB>(writer, reader);
  } catch (error) {
    for (const database of opened) database.close();
    throw error instanceof SampanError ? error : new RecordsOpenError(file, error);
  }
}

async function migrateFile(
  database: DatabaseSync,
  file: string,
  migrations: readonly Migration[],
): Promise<void> {
  database.exec('BEGIN IMMEDIATE');
  try {
    const target = {
      where: file,
      types: TYPES,
      run: (sql: string) => database.exec(sql),
      applied: () =>
        database
          .prepare(`SELECT name FROM ${MIGRATIONS_TABLE}`)
          .all()
          .map(({ name }) => String(name)),
      remember: (name: string) =>
        void database.prepare(`INSERT INTO ${MIGRATIONS_TABLE} VALUES (?)`).run(name),
    };
    await migrate(target, migrations);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

class SqliteRecords<DB> implements Records<DB> {
  readonly dialect = 'sqlite';
  readonly read: Kysely<DB>;
  readonly #write: Kysely<DB>;
  readonly #commits: GroupCommit;
  readonly #databases: readonly DatabaseSync[];

  constructor(writer: DatabaseSync, reader: DatabaseSync) {
    this.read = new Kysely<DB>({ dialect: sqliteDialect(reader) });
    this.#write = new Kysely<DB>({ dialect: sqliteDialect(writer) });
    this.#commits = new GroupCommit(writer);
    this.#databases = [reader, writer];
  }

  write<T>(task: (transaction: Transaction<DB>) => Promise<T>): Promise<T> {
    return this.#commits.run(() => this.#write.transaction().execute(task));
  }

  async close(): Promise<void> {
    await this.#commits.close();
    await this.read.destroy();
    await this.#write.destroy();
    for (const database of this.#databases) if (database.isOpen) database.close();
  }
}
