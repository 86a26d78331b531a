import { openPostgresRecords } from '@sampan/records';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe } from 'vitest';
import { type PostgresServer, postgresPrograms, startPostgres } from '../../records/test/postgres-server.ts';
import { HUB_MIGRATIONS, type HubTables } from '../src/index.ts';
import { chartsSuite } from './charts-suite.ts';
import { eventsSuite } from './events-suite.ts';
import { garbageSuite } from './garbage-suite.ts';
import { retentionSuite } from './retention-suite.ts';
import { rulesSuite } from './rules-suite.ts';
import type { OpenRecords } from './support.ts';
import { webhooksSuite } from './webhooks-suite.ts';

const programs = postgresPrograms();
if (!programs) console.warn("not tested over PostgreSQL: Debian's package postgresql is not installed");

describe.skipIf(!programs)('a registry over PostgreSQL', () => {
  let server: PostgresServer;
  let databases = 0;
  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
  });
  afterAll(() => server.stop());

  const openRecords: OpenRecords = async () => {
    databases += 1;
    const name = `hub${databases}`;
    const first = await openPostgresRecords({ url: server.url, migrations: [] });
    await sql`CREATE DATABASE ${sql.id(name)}`.execute(first.read);
    await first.close();
    const url = server.url.replace(/postgres$/, name);
    return openPostgresRecords<HubTables>({ url, migrations: HUB_MIGRATIONS });
  };

  eventsSuite(openRecords);
  webhooksSuite(openRecords);
  chartsSuite(openRecords);
  rulesSuite(openRecords);
  garbageSuite(openRecords);
  retentionSuite(openRecords);
});
