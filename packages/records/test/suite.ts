import { type Generated, sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Migration, Records } from '../src/index.ts';

interface Tables {
  accounts: { name: string; balance: number; data: Uint8Array | null };
  notes: { id: Generated<number>; account: string; text: string; weight: number | null };
}

type Open = (migrations: readonly Migration[]) => Promise<Records<Tables>>;

/** What a database's tests bring. */
export interface Place {
  /** Opens the same database each time. */
  readonly open: Open;
  remove(): Promise<void>;
}

const FIRST: Migration = {
  name: '1-accounts',
  sql: `
    CREATE TABLE accounts (name TEXT PRIMARY KEY, balance INTEGER NOT NULL, data BLOB);
    CREATE INDEX accounts_balance ON accounts (balance);`,
};
const SECOND: Migration = {
  name: '2-notes',
  sql: `CREATE TABLE notes (
    id SERIAL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    text TEXT NOT NULL,
    weight REAL)`,
};
const MIGRATIONS = [FIRST, SECOND];

/** The behaviour of both databases. */
export function behaviour(name: string, make: () => Promise<Place>): void {
  describe(`records in ${name}`, () => {
    let place: Place;
    let records: Records<Tables>;
    beforeAll(async () => {
      place = await make();
      records = await place.open([FIRST]);
    });
    afterAll(async () => {
      await records.close();
      await place.remove();
    });

    const add = (account: string, balance: number): Promise<unknown> =>
      records.write((tx) =>
        tx.insertInto('accounts').values({ name: account, balance, data: null }).execute(),
      );
    const balance = async (account: string): Promise<number | undefined> =>
      (
        await records.read
          .selectFrom('accounts')
          .select('balance')
          .where('name', '=', account)
          .executeTakeFirst()
      )?.balance;

    test('the next release adds its tables and finds what was written before', async () => {
      await add('old', 7);
      await records.close();
      records = await place.open(MIGRATIONS);
      expect(await balance('old')).toBe(7);
      expect(await records.read.selectFrom('notes').selectAll().execute()).toEqual([]);
    });

    test('a release before that of the tables refuses them', async () => {
      await expect(place.open([FIRST])).rejects.toMatchObject({ code: 'records-too-new' });
    });

    test('a migration that fails changes nothing', async () => {
      const broken = { name: '3-broken', sql: 'CREATE TABLE half (a TEXT); CREATE TABLE half (a TEXT)' };
      await expect(place.open([...MIGRATIONS, broken])).rejects.toMatchObject({ code: 'records-open' });
      const again = { name: '3-good', sql: 'CREATE TABLE half (a TEXT); DROP TABLE half' };
      const opened = await place.open([...MIGRATIONS, again]);
      await opened.write((tx) => sql`DELETE FROM sampan_migrations WHERE name = '3-good'`.execute(tx));
      await opened.close();
    });

    test('numbers, texts and bytes come back as they were', async () => {
      const data = Uint8Array.from({ length: 256 }, (_, n) => n);
      const account = "Åsa'; DROP TABLE accounts; -- 🛶";
      await records.write((tx) =>
        tx
          .insertInto('accounts')
          .values({ name: account, balance: 2 ** 53 - 1, data })
          .execute(),
      );
      const row = await records.read
        .selectFrom('accounts')
        .selectAll()
        .where('name', '=', account)
        .executeTakeFirstOrThrow();
      expect({ ...row, data: Buffer.from(row.data ?? []) }).toEqual({
        name: account,
        balance: 2 ** 53 - 1,
        data: Buffer.from(data),
      });
      await records.write((tx) =>
        tx.insertInto('notes').values({ account, text: '', weight: 0.1 }).execute(),
      );
      const note = await records.read.selectFrom('notes').select(['text', 'weight']).execute();
      expect(note).toEqual([{ text: '', weight: 0.1 }]);
    });

    test('numbers of a serial column are given back and never used again', async () => {
      await add('serial', 0);
      const insert = (): Promise<number> =>
        records.write(async (tx) => {
          const values = { account: 'serial', text: 'x', weight: null };
          const row = await tx.insertInto('notes').values(values).returning('id').executeTakeFirstOrThrow();
          return row.id;
        });
      const first = await insert();
      await records.write((tx) => tx.deleteFrom('notes').where('id', '=', first).execute());
      expect(await insert()).toBeGreaterThan(first);
    });

    test('texts order by their bytes, whatever the language of the database', async () => {
      const names = ['o/b', 'o/B', 'o/a', 'o/A', 'o/_', 'o/1', 'o/é', 'o/-'];
      for (const each of names) await add(each, 0);
      const rows = await records.read
        .selectFrom('accounts')
        .select('name')
        .where('name', '>=', 'o/')
        .where('name', '<', 'o0')
        .orderBy('name')
        .execute();
      const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(rows.map((row) => row.name)).toEqual(byBytes);
    });

    test('counts are numbers and changed rows are counted', async () => {
      await add('count/1', 1);
      await add('count/2', 1);
      const { n } = await records.read
        .selectFrom('accounts')
        .select((b) => b.fn.countAll<number>().as('n'))
        .where('name', 'like', 'count/%')
        .executeTakeFirstOrThrow();
      expect(n).toBe(2);
      const update = await records.write((tx) =>
        tx.updateTable('accounts').set({ balance: 2 }).where('name', 'like', 'count/%').executeTakeFirst(),
      );
      expect(update.numUpdatedRows).toBe(2n);
    });

    test('an insert that finds a row can update it or leave it', async () => {
      const upsert = (value: number): Promise<unknown> =>
        records.write((tx) =>
          tx
            .insertInto('accounts')
            .values({ name: 'upsert', balance: value, data: null })
            .onConflict((conflict) => conflict.column('name').doUpdateSet({ balance: value }))
            .execute(),
        );
      await upsert(1);
      await upsert(2);
      expect(await balance('upsert')).toBe(2);
    });

    test('nothing stays of a transaction that throws, and its neighbours stay', async () => {
      await add('kept/1', 1);
      const outcomes = await Promise.allSettled([
        add('kept/2', 1),
        records.write(async (tx) => {
          await tx.insertInto('accounts').values({ name: 'lost', balance: 1, data: null }).execute();
          throw new Error('changed my mind');
        }),
        add('kept/1', 2),
        add('kept/3', 1),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(outcomes[1]).toMatchObject({ reason: expect.objectContaining({ message: 'changed my mind' }) });
      expect(await balance('lost')).toBeUndefined();
      const kept = ['kept/1', 'kept/2', 'kept/3'].map((name) => balance(name));
      expect(await Promise.all(kept)).toEqual([1, 1, 1]);
    });

    test('a reader sees nothing of a transaction that is not committed, and does not wait for it', async () => {
      await add('reader', 1);
      const inside = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const writing = records.write(async (tx) => {
        await tx.updateTable('accounts').set({ balance: 2 }).where('name', '=', 'reader').execute();
        inside.resolve();
        await gate.promise;
      });
      await inside.promise;
      expect(await balance('reader')).toBe(1);
      gate.resolve();
      await writing;
      expect(await balance('reader')).toBe(2);
    });

    test('transactions that read and write the same row do not lose each other', async () => {
      await add('counter', 0);
      const increment = (): Promise<unknown> =>
        records.write(async (tx) => {
          const row = await tx
            .selectFrom('accounts')
            .select('balance')
            .where('name', '=', 'counter')
            .executeTakeFirstOrThrow();
          await tx
            .updateTable('accounts')
            .set({ balance: row.balance + 1 })
            .where('name', '=', 'counter')
            .execute();
        });
      await Promise.all(Array.from({ length: 5 }, increment));
      expect(await balance('counter')).toBe(5);
    });

    test('a row that others refer to goes with them where the table says so', async () => {
      await add('owner', 0);
      await records.write((tx) =>
        tx.insertInto('notes').values({ account: 'owner', text: 'x', weight: null }).execute(),
      );
      await records.write((tx) => tx.deleteFrom('accounts').where('name', '=', 'owner').execute());
      const left = await records.read
        .selectFrom('notes')
        .select('id')
        .where('account', '=', 'owner')
        .execute();
      expect(left).toEqual([]);
      const orphan = records.write((tx) =>
        tx.insertInto('notes').values({ account: 'nobody', text: 'x', weight: null }).execute(),
      );
      await expect(orphan).rejects.toThrow(/foreign key/i);
    });

    test('a write that was begun ends before the database closes, and later ones are refused', async () => {
      const other = await place.open(MIGRATIONS);
      const writing = other.write((tx) =>
        tx.insertInto('accounts').values({ name: 'last', balance: 1, data: null }).execute(),
      );
      await Promise.all([other.close(), writing]);
      await other.close();
      expect(await balance('last')).toBe(1);
      const late = other.write((tx) => tx.deleteFrom('accounts').execute());
      await expect(late).rejects.toMatchObject({ code: 'records-closed' });
    });
  });
}
