import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FakeClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  defaultCompaction,
  openSqliteStore,
  type Store,
  StoreCorruptError,
  StoreLockedError,
  StoreOpenError,
  StoreTooNewError,
  StoreWriteError,
} from '../src/index.ts';
import { openDatabase, pragma } from '../src/sqlite/database.ts';
import { MIGRATIONS } from '../src/sqlite/format.ts';
import { SqliteDriver } from '../src/sqlite/sqlite-driver.ts';
import { VersionedStore } from '../src/versioned-store.ts';
import { collect, type Folder, json, makeFolder, valueIn } from './helpers.ts';

describe('the SQLite file', () => {
  let folder: Folder;
  let file: string;
  const open = (): Store => openSqliteStore({ file });

  beforeEach(() => {
    folder = makeFolder();
    file = folder.file('store.db');
  });

  afterEach(() => folder.remove());

  it('is readable by its owner only, as is its log, even if it was not so before', async () => {
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    const store = open();
    await store.put('a/1', json(1));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    await store.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  it('is written through to the disk at each commit', async () => {
    const database = openDatabase(file);
    // 2 is FULL: in WAL mode, an fsync of the log at each commit.
    expect(pragma(database, 'synchronous')).toBe(2);
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  it('has all that was written, and its history, when it is opened again', async () => {
    const store = open();
    for (let n = 1; n <= 4; n++) await store.put('a/1', json(n));
    await store.put('a/2', json('gone'));
    await store.delete('a/2');
    await store.put('a/3', json('\u{1f600}'));
    const noise = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * n) >> 3));
    await store.put('b/noise', () => ({ bytes: noise }));
    store.compact(2);
    await store.close();
    const again = open();
    expect(again.stats()).toMatchObject({ revision: 8, objects: 3 });
    expect(again.get('a/1')).toMatchObject({ revision: 4, created: 1 });
    expect(valueIn(again.get('a/3'))).toBe('\u{1f600}');
    expect(again.list({ prefix: 'a/', revision: 5 }).entries.map(valueIn)).toEqual([4, 'gone']);
    expect(collect(again, 'a/', 4).calls).toEqual([['put a/2@5', 'delete a/2@6 was 5', 'put a/3@7']]);
    expect(noise.equals(again.get('b/noise')?.bytes ?? Buffer.of())).toBe(true);
    expect((await again.put('a/4', json(1))).revision).toBe(9);
    await again.close();
  });

  it('never gives the revision of a forgotten delete again', async () => {
    const clock = new FakeClock();
    const store = openSqliteStore({ file, clock });
    await store.put('a/1', json(1));
    await store.delete('a/1');
    clock.advance(10 * 60_000);
    expect(store.compacted).toBe(2);
    await store.close();
    const again = open();
    expect(again.stats()).toMatchObject({ revision: 2, compacted: 2, objects: 0 });
    expect((await again.put('a/1', json(1))).revision).toBe(3);
    await again.close();
  });

  it('goes on clearing up after a restart in the middle of it', async () => {
    const clock = new FakeClock();
    const store = openSqliteStore({ file, clock });
    const writes = [];
    for (let n = 0; n < 3000; n++) writes.push(store.put(`a/${n % 10}`, json(n)));
    await Promise.all(writes);
    store.compact(store.revision);
    clock.advance(0);
    await store.close();
    const rows = (): unknown => {
      const database = new DatabaseSync(file);
      const row = database
        .prepare('SELECT count(*) AS rows, (SELECT compacted FROM state) AS compacted FROM changes')
        .get();
      database.close();
      return { ...row };
    };
    expect(rows()).toEqual({ rows: 3000 - 512, compacted: 3000 });
    const again = openSqliteStore({ file, clock });
    expect(again.compacted).toBe(3000);
    clock.advance(1000);
    await again.close();
    expect(rows()).toEqual({ rows: 10, compacted: 3000 });
  });

  describe('when a commit fails', () => {
    const fill = async (store: Store): Promise<number> => {
      for (let n = 0; ; n++) {
        try {
          await store.put(`full/${n}`, () => ({ bytes: Buffer.alloc(3000) }));
        } catch (error) {
          expect(error).toBeInstanceOf(StoreWriteError);
          expect(error).toMatchObject({ code: 'store-write' });
          return n;
        }
      }
    };

    it('stores nothing of it, tells nobody, and works again when there is room', async () => {
      const driver = new SqliteDriver(file);
      const store = new VersionedStore(driver, defaultCompaction, new FakeClock());
      driver.database.exec('PRAGMA max_page_count = 60');
      const stored = await fill(store);
      expect(stored).toBeGreaterThan(20);
      const { revision, objects } = store.stats();
      const { calls } = collect(store, 'a/');
      const tick = [
        store.put('a/1', () => ({ bytes: Buffer.alloc(9000) })),
        store.put('a/1', json(2)),
        store.delete('full/0'),
      ];
      const results = await Promise.allSettled(tick);
      expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(store.stats()).toMatchObject({ revision, objects });
      expect([store.latest('a/1'), store.get('full/0')?.revision, calls]).toEqual([undefined, 1, []]);
      driver.database.exec('PRAGMA max_page_count = 10000');
      const entry = await store.put('a/1', json('room'));
      expect(entry.revision).toBeGreaterThan(revision + 3);
      expect(calls).toEqual([[`put a/1@${entry.revision}`]]);
      await store.close();
      const again = open();
      expect(again.stats()).toMatchObject({ revision: entry.revision, objects: objects + 1 });
      await again.close();
    });

    it('goes on after housekeeping failed', async () => {
      const clock = new FakeClock();
      const driver = new SqliteDriver(file);
      const store = new VersionedStore(driver, defaultCompaction, clock);
      for (let n = 0; n < 5; n++) await store.put('a/1', json(n));
      driver.database.exec('PRAGMA query_only = ON');
      clock.advance(6 * 60_000);
      await expect(store.put('a/2', json(1))).rejects.toBeInstanceOf(StoreWriteError);
      driver.database.exec('PRAGMA query_only = OFF');
      clock.advance(60_000);
      const { n } = driver.database.prepare('SELECT count(*) AS n FROM changes').get() ?? {};
      expect(n).toBe(1);
      await store.close();
    });
  });

  describe('with a damaged file', () => {
    const makeStore = async (): Promise<void> => {
      const store = open();
      const writes = [];
      for (let n = 0; n < 300; n++) writes.push(store.put(`a/${n}`, json('x'.repeat(1 + n * 40))));
      await Promise.all(writes);
      await store.close();
    };
    const damage = (at: number, bytes: Uint8Array): void => {
      const handle = openSync(file, 'r+');
      writeSync(handle, bytes, 0, bytes.length, at);
      closeSync(handle);
    };

    it('refuses what is not a database', () => {
      writeFileSync(file, 'a'.repeat(10_000));
      expect(open).toThrow(StoreCorruptError);
      expect(readFileSync(file, 'utf8')).toBe('a'.repeat(10_000));
    });

    it('refuses a database of another program and leaves it as it is', () => {
      const database = new DatabaseSync(file);
      database.exec('CREATE TABLE songs(name)');
      database.close();
      const before = readFileSync(file);
      expect(open).toThrow(/not a Sampan store/);
      expect(readFileSync(file).equals(before)).toBe(true);
    });

    it('refuses a file with any page overwritten', async () => {
      await makeStore();
      const whole = readFileSync(file);
      for (let page = 0; page < whole.length / 4096; page += page < 4 ? 1 : 7) {
        writeFileSync(file, whole);
        damage(page * 4096, Buffer.alloc(4096, 0x5a));
        expect(open, `page ${page}`).toThrow(StoreCorruptError);
      }
      writeFileSync(file, whole);
      await open().close();
    });

    it('refuses a file with a single letter of a value changed', async () => {
      await makeStore();
      const at = readFileSync(file).lastIndexOf('xxxxxxxx');
      damage(at, Buffer.from('y'));
      expect(open).toThrow(/damaged/);
      try {
        open();
      } catch (error) {
        expect(error).toMatchObject({ code: 'store-corrupt', hint: expect.stringMatching(/backup/) });
      }
    });

    it('refuses a file that was cut', async () => {
      await makeStore();
      truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096);
      expect(open).toThrow(StoreCorruptError);
    });

    it('does without the unfinished end of a write-ahead log', async () => {
      const store = open();
      await store.put('a/1', json(1));
      const copy = folder.file('copy.db');
      writeFileSync(copy, readFileSync(file));
      const log = readFileSync(`${file}-wal`);
      writeFileSync(`${copy}-wal`, Buffer.concat([log, Buffer.alloc(5000, 1)]));
      await store.close();
      const again = openSqliteStore({ file: copy });
      expect(valueIn(again.get('a/1'))).toBe(1);
      await again.close();
    });
  });

  it('says when it cannot be made', () => {
    file = folder.file('missing/store.db');
    expect(open).toThrow(StoreOpenError);
    file = dirname(folder.file('x'));
    expect(open).toThrow(StoreOpenError);
  });

  it('is refused when a newer release wrote it', () => {
    openDatabase(file, { migrations: [...MIGRATIONS, 'CREATE TABLE more(x)'] }).close();
    expect(open).toThrow(StoreTooNewError);
    expect(open).toThrow(`has format ${MIGRATIONS.length + 1}`);
  });

  it('is brought to the newest format, all of it or nothing', async () => {
    const store = open();
    await store.put('a/1', json(1));
    await store.close();
    const failing = [...MIGRATIONS, 'CREATE TABLE more(x); INSERT INTO missing VALUES (1)'];
    expect(() => openDatabase(file, { migrations: failing })).toThrow(StoreOpenError);
    await open().close();
    const next = openDatabase(file, {
      migrations: [...MIGRATIONS, 'ALTER TABLE changes ADD COLUMN note TEXT'],
    });
    expect(pragma(next, 'user_version')).toBe(MIGRATIONS.length + 1);
    expect(next.prepare('SELECT key, note FROM changes').all()).toEqual([{ key: 'a/1', note: null }]);
    next.close();
  });

  it('is opened by one process and one store at a time, and free once that is killed', async () => {
    const index = new URL('../src/index.ts', import.meta.url);
    const script = `const { openSqliteStore } = await import('${index}');
      openSqliteStore({ file: process.argv[1] }); console.log('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file]);
    await once(child.stdout, 'data');
    expect(open).toThrow(StoreLockedError);
    expect(open).toThrow('is in use');
    child.kill('SIGKILL');
    await once(child, 'close');
    const store = open();
    expect(open).toThrow(StoreLockedError);
    await store.close();
  });

  it('is backed up whole while writes go on', async () => {
    const store = open();
    const put = (n: number): Promise<unknown> =>
      Promise.all([
        store.put(`left/${n % 500}`, json(`${n}${'x'.repeat(2000)}`)),
        store.put(`right/${n % 500}`, json(`${n}${'x'.repeat(2000)}`)),
      ]);
    await Promise.all(Array.from({ length: 500 }, (_, n) => put(n)));
    const copy = folder.file('copy.db');
    let done = false;
    const backup = store.backup(copy).finally(() => {
      done = true;
    });
    let during = 0;
    for (; !done; during++) await put(during);
    await backup;
    expect(during).toBeGreaterThan(3);
    await store.close();
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(copy)).sort()).toEqual(['copy.db', 'store.db']);
    const again = openSqliteStore({ file: copy });
    expect(again.revision).toBeGreaterThanOrEqual(1000);
    expect(again.count('left/')).toBe(500);
    for (const left of again.list({ prefix: 'left/' }).entries) {
      expect(valueIn(again.get(left.key.replace('left', 'right')))).toBe(valueIn(left));
    }
    await again.close();
  });

  it('is copied although a commit is under way when the copy begins', async () => {
    const driver = new SqliteDriver(file);
    const copy = folder.file('copy.db');
    const backup = driver.backup(copy);
    // the thread that copies looks at it now
    driver.database.exec('BEGIN IMMEDIATE');
    for (const end = performance.now() + 200; performance.now() < end; );
    driver.database.exec('COMMIT');
    await backup;
    driver.close();
    openDatabase(copy).close();
  });

  it('finishes a backup before it closes', async () => {
    const store = open();
    await store.put('a/1', json(1));
    const copy = folder.file('copy.db');
    const backup = store.backup(copy);
    await store.close();
    await backup;
    await openSqliteStore({ file: copy }).close();
  });
});
