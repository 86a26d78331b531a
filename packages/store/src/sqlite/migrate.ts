import type { DatabaseSync } from 'node:sqlite';
import { APPLICATION_ID } from './format.ts';

/** Brings a database from a format to that of the last of `migrations`, each in a transaction. */
export function migrate(database: DatabaseSync, from: number, migrations: readonly string[]): void {
  for (let version = from; version < migrations.length; version++) {
    database.exec(`
      BEGIN IMMEDIATE;
      ${migrations[version]};
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${version + 1};
      COMMIT;
    `);
  }
}
