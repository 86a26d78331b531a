import { RecordsTooNewError } from './errors.ts';
import type { Migration } from './records.ts';

/** What a dialect calls the column types of `Migration.sql`, as regular expressions and what replaces them. */
export type ColumnTypes = readonly (readonly [pattern: RegExp, type: string])[];

/** The few commands that a migration needs; each dialect runs them in one transaction, alone. */
export interface MigrationTarget {
  /** For messages. */
  readonly where: string;
  readonly types: ColumnTypes;
  /** Runs one or more statements that give nothing. */
  run(sql: string): Promise<void> | void;
  /** Names of those that ran. */
  applied(): Promise<readonly string[]> | readonly string[];
  /** Remembers that one ran. */
  remember(name: string): Promise<void> | void;
}

/** Where the names of migrations that ran are kept. */
export const MIGRATIONS_TABLE = 'sampan_migrations';

/** Runs what has not run yet, in order. Throws `RecordsTooNewError` when others ran than the list has. */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[]): Promise<void> {
  await target.run(
    `CREATE TABLE IF NOT EXISTS ${MIGRATIONS_TABLE} (name ${typed('TEXT', target.types)} PRIMARY KEY)`,
  );
  const applied = new Set(await target.applied());
  const known = new Set(migrations.map(({ name }) => name));
  for (const name of applied) if (!known.has(name)) throw new RecordsTooNewError(target.where, name);
  for (const { name, sql } of migrations) {
    if (applied.has(name)) continue;
    await target.run(typed(sql, target.types));
    await target.remember(name);
  }
}

function typed(sql: string, types: ColumnTypes): string {
  return types.reduce((text, [pattern, type]) => text.replaceAll(pattern, type), sql);
}
