import { FakeClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteStore, type Store } from '../src/index.ts';
import { type Folder, makeFolder } from './helpers.ts';

const MIB = 1 << 20;

describe('the SQLite file does not grow without bound', () => {
  let folder: Folder;
  let clock: FakeClock;
  let store: Store;

  beforeEach(() => {
    folder = makeFolder();
    clock = new FakeClock();
    store = openSqliteStore({ file: folder.file('store.db'), clock });
  });

  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  /** Updates `count` times in commits of 100, `gap` milliseconds apart. */
  const update = async (count: number, keys: number, gap: number): Promise<number> => {
    let largest = 0;
    for (let n = 0; n < count; n += 100) {
      const commit: Promise<unknown>[] = [];
      for (let k = 0; k < 100; k++) {
        commit.push(store.put(`nodes/${(n + k) % keys}`, () => ({ bytes: Buffer.alloc(700, k) })));
      }
      await Promise.all(commit);
      clock.advance(gap);
      largest = Math.max(largest, store.stats().fileBytes);
    }
    return largest;
  };

  it('under a day of updates of a few keys, many a second', async () => {
    // 300,000 updates in 24 hours.
    const largest = await update(300_000, 150, (24 * 3600_000) / 3000);
    expect(store.stats()).toMatchObject({ revision: 300_000, objects: 150 });
    expect(largest).toBeLessThan(12 * MIB);
    clock.advance(3600_000);
    expect(store.stats().fileBytes).toBeLessThan(3 * MIB);
  });

  it('when all updates come at once: ten thousand changes are kept', async () => {
    const largest = await update(100_000, 150, 0);
    expect(largest).toBeLessThan(20 * MIB);
    clock.advance(3600_000);
    expect(store.stats().fileBytes).toBeLessThan(3 * MIB);
  });

  it('and gives the space of deleted objects back', async () => {
    await update(20_000, 20_000, 0);
    expect(store.stats().fileBytes).toBeGreaterThan(15 * MIB);
    const keys = store.list({ prefix: 'nodes/' }).entries.map((entry) => entry.key);
    await Promise.all(keys.slice(10).map((key) => store.delete(key)));
    clock.advance(3600_000);
    expect(store.stats()).toMatchObject({ objects: 10 });
    expect(store.stats().fileBytes).toBeLessThan(3 * MIB);
  });
});
