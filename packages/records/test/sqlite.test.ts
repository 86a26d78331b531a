import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqliteRecords } from '../src/index.ts';
import { behaviour } from './suite.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sampan-records-'));
});
afterAll(() => rm(folder, { recursive: true }));

behaviour('SQLite', async () => ({
  open: (migrations) => openSqliteRecords({ file: join(folder, 'suite.db'), migrations }),
  remove: async () => undefined,
}));

test('the file is for its owner alone', async () => {
  const file = join(folder, 'private.db');
  const records = await openSqliteRecords({ file, migrations: [] });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await records.close();
});

test('a file that is no database is refused and left as it is', async () => {
  const file = join(folder, 'other.txt');
  await writeFile(file, 'something else '.repeat(100));
  await expect(openSqliteRecords({ file, migrations: [] })).rejects.toMatchObject({ code: 'records-open' });
  expect((await stat(file)).size).toBe(1500);
});

test('what reads cannot write', async () => {
  const migrations = [{ name: '1', sql: 'CREATE TABLE t (a INTEGER)' }];
  const records = await openSqliteRecords<{ t: { a: number } }>({
    file: join(folder, 'read.db'),
    migrations,
  });
  await expect(records.read.insertInto('t').values({ a: 1 }).execute()).rejects.toThrow(/readonly/);
  await records.close();
});

test('a disk that is full fails the write with its code, and the database goes on', async () => {
  const migrations = [{ name: '1', sql: 'CREATE TABLE t (a BLOB)' }];
  const file = join(folder, 'full.db');
  const records = await openSqliteRecords<{ t: { a: Uint8Array } }>({ file, migrations });
  await records.write(async (tx) => {
    await sql`PRAGMA max_page_count = 20`.execute(tx);
  });
  const insert = (size: number): Promise<unknown> =>
    records.write((tx) =>
      tx
        .insertInto('t')
        .values({ a: new Uint8Array(size) })
        .execute(),
    );
  const outcomes = await Promise.allSettled([insert(10), insert(1_000_000), insert(20)]);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'records-write' });
  }
  expect(outcomes[1].status).toBe('rejected');
  await insert(30);
  const rows = await records.read.selectFrom('t').select('a').execute();
  const kept = outcomes.filter(({ status }) => status === 'fulfilled').length;
  expect(rows).toHaveLength(kept + 1);
  await records.close();
});
