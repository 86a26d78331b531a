import { afterAll, beforeAll, describe } from 'vitest';
import { chartsSuite } from '../../packages/hub/test/charts-suite.ts';
import { blobsSuite } from '../../packages/hub/test/conformance/blobs-suite.ts';
import { contentsSuite } from '../../packages/hub/test/conformance/contents-suite.ts';
import { contentSuite } from '../../packages/hub/test/content-suite.ts';
import { eventsSuite } from '../../packages/hub/test/events-suite.ts';
import { garbageSuite } from '../../packages/hub/test/garbage-suite.ts';
import { openEachInPostgres } from '../../packages/hub/test/postgres-records.ts';
import { retentionSuite } from '../../packages/hub/test/retention-suite.ts';
import { rulesSuite } from '../../packages/hub/test/rules-suite.ts';
import type { OpenRecords } from '../../packages/hub/test/support.ts';
import { webhooksSuite } from '../../packages/hub/test/webhooks-suite.ts';
import {
  type PostgresServer,
  postgresPrograms,
  startPostgres,
} from '../../packages/records/test/postgres-server.ts';

const programs = postgresPrograms();
if (!programs && process.env.CI) throw new Error('not here: PostgreSQL');
if (!programs) console.warn("not tested over PostgreSQL: Debian's package postgresql is not installed");

describe.skipIf(!programs)('a registry over PostgreSQL', () => {
  let server: PostgresServer;
  let open: OpenRecords;
  beforeAll(async () => {
    server = await startPostgres(programs ?? '');
    open = openEachInPostgres(server.url);
  });
  afterAll(() => server.stop());

  const openRecords: OpenRecords = (folder) => open(folder);

  blobsSuite({ openRecords });
  contentsSuite({ openRecords });
  eventsSuite(openRecords);
  webhooksSuite(openRecords);
  chartsSuite(openRecords);
  rulesSuite(openRecords);
  garbageSuite(openRecords);
  retentionSuite(openRecords);
  contentSuite(openRecords);
});
