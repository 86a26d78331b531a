import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresRecords } from '../src/index.ts';
import { type PostgresServer, postgresPrograms, startPostgres } from './postgres-server.ts';
import { behaviour } from './suite.ts';

const programs = postgresPrograms();
if (programs) withServer(programs);
else console.warn("PostgreSQL is not tested: Debian's package postgresql is not installed");

function withServer(bin: string): void {
  describe('PostgreSQL', () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(bin);
    });
    afterAll(() => server.stop());

    behaviour('PostgreSQL', async () => ({
      open: (migrations) => openPostgresRecords({ url: server.url, migrations }),
      remove: async () => undefined,
    }));

    test('two processes that start together run each migration once', async () => {
      const url = `${server.url.replace(/postgres$/, 'template1')}`;
      const migrations = [{ name: '1', sql: 'CREATE TABLE once (a INTEGER)' }];
      const opened = await Promise.all([1, 2, 3].map(() => openPostgresRecords({ url, migrations })));
      for (const records of opened) await records.close();
    });
  });
}

test('a database that cannot be reached is said without its password', async () => {
  const opening = openPostgresRecords({ url: 'postgres://me:secret@127.0.0.1:1/hub', migrations: [] });
  await expect(opening).rejects.toMatchObject({
    code: 'records-open',
    message: expect.stringMatching(/^(?!.*secret).*127\.0\.0\.1:1\/hub cannot be opened/),
  });
});
