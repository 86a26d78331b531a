import { messageOf, SampanError } from '@sampan/base';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { RecordsClosedError, RecordsOpenError, RecordsWriteError } from '../errors.ts';
import { type ColumnTypes, MIGRATIONS_TABLE, migrate } from '../migrate.ts';
import type { Migration, Records } from '../records.ts';

/** The collation "C" orders by bytes, as SQLite does, whatever the database's own is. */
const TYPES: ColumnTypes = [
  [/\bSERIAL PRIMARY KEY\b/g, 'BIGSERIAL PRIMARY KEY'],
  [/\bTEXT\b/g, 'text COLLATE "C"'],
  [/\bINTEGER\b/g, 'bigint'],
  [/\bREAL\b/g, 'double precision'],
  [/\bBLOB\b/g, 'bytea'],
];

/** Any number; held while migrations run, so that two processes do not both run them. */
const MIGRATION_LOCK = 6443;

/** How often a transaction is tried that others came in between; each try waits longer. */
const TRIES = 10;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';

export interface PostgresRecordsOptions {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with the parameters of libpq. */
  readonly url: string;
  readonly migrations: readonly Migration[];
  /** Most connections; default 10. */
  readonly connections?: number | undefined;
}

/** Opens a PostgreSQL database. Throws `RecordsOpenError` or `RecordsTooNewError`. */
export async function openPostgresRecords<DB>(options: PostgresRecordsOptions): Promise<Records<DB>> {
  const { url, migrations, connections = 10 } = options;
  const pool = new pg.Pool({ connectionString: url, max: connections, types: { getTypeParser } });
  // an idle connection that ends is replaced by the next query, which meets the error if it lasts
  pool.on('error', () => undefined);
  try {
    await migrateDatabase(pool, placeOf(url), migrations);
  } catch (error) {
    await pool.end();
    throw error instanceof SampanError ? error : new RecordsOpenError(placeOf(url), error);
  }
  return new PostgresRecords<DB>(pool);
}

/** bigint as a number; `pg` gives a text by default. Numbers beyond 2^53 are errors rather than wrong. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): ReturnType<typeof pg.types.getTypeParser> {
  if (oid !== pg.types.builtins.INT8) return pg.types.getTypeParser(oid, format);
  return (text: string) => {
    const number = Number(text);
    if (!Number.isSafeInteger(number)) throw new Error(`${text} is beyond 2^53`);
    return number;
  };
}

/** The database's address without the password, for messages. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'the database';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

async function migrateDatabase(
  pool: pg.Pool,
  where: string,
  migrations: readonly Migration[],
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
    const target = {
      where,
      types: TYPES,
      run: async (sql: string) => void (await client.query(sql)),
      applied: async () =>
        (await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS_TABLE}`)).rows.map(
          ({ name }) => name,
        ),
      remember: async (name: string) =>
        void (await client.query(`INSERT INTO ${MIGRATIONS_TABLE} VALUES ($1)`, [name])),
    };
    await migrate(target, migrations);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    // closes the connection, and so rolls back
    client.release(true);
    throw error;
  }
}

class PostgresRecords<DB> implements Records<DB> {
  readonly dialect = 'postgres';
  readonly read: Kysely<DB>;
  readonly #writes = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.read = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  }

  write<T>(task: (transaction: Transaction<DB>) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new RecordsClosedError());
    const writing = this.#try(task);
    this.#writes.add(writing);
    const forget = (): void => void this.#writes.delete(writing);
    writing.then(forget, forget);
    return writing;
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#writes).then(() => this.read.destroy());
    return this.#closed;
  }

  async #try<T>(task: (transaction: Transaction<DB>) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.read.transaction().setIsolationLevel('serializable').execute(task);
      } catch (error) {
        if (!mayTryAgain(error)) throw isConnectionLoss(error) ? new RecordsWriteError(error) : error;
        if (tries === TRIES) throw new RecordsWriteError(error);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 2 ** tries));
      }
    }
  }
}

function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function mayTryAgain(error: unknown): boolean {
  return [SERIALIZATION_FAILURE, DEADLOCK_DETECTED].includes(sqlState(error));
}

/** Classes 08 (connection), 53 (no resources, a full disk), 57 (shutdown), 58 (I/O), or the socket's own errors. */
function isConnectionLoss(error: unknown): boolean {
  return (
    /^(08|53|57|58)...$|^E[A-Z]+$/.test(sqlState(error)) || /^Connection terminated/.test(messageOf(error))
  );
}
