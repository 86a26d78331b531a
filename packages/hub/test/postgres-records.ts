import { openPostgresRecords } from '@sampan/records';
import { sql } from 'kysely';
import { HUB_MIGRATIONS, type HubTables } from '../src/index.ts';
import type { OpenRecords } from './support.ts';

/** Each time another database of the server whose own database `url` names. */
export function openEachInPostgres(url: string): OpenRecords {
  let databases = 0;
  return async () => {
    databases += 1;
    const name = `hub${databases}`;
    const first = await openPostgresRecords({ url, migrations: [] });
    await sql`CREATE DATABASE ${sql.id(name)}`.execute(first.read);
    await first.close();
    const own = url.replace(/[^/]*$/, name);
    return openPostgresRecords<HubTables>({ url: own, migrations: HUB_MIGRATIONS });
  };
}
