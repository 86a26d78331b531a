import { FakeClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CompactedError,
  type CompactionPolicy,
  FutureRevisionError,
  openSqliteStore,
  RevisionMismatchError,
  type Store,
  StoreClosedError,
} from '../src/index.ts';
import { collect, type Folder, json, makeFolder, valueIn } from './helpers.ts';

export interface Subject {
  clock: FakeClock;
  folder: Folder;
  compaction?: Partial<CompactionPolicy>;
}

/** What every store does, whatever its driver. */
export function describeStore(name: string, open: (subject: Subject) => Store): void {
  describe(`the ${name} store`, () => {
    let folder: Folder;
    let clock: FakeClock;
    let store: Store;

    const reopenWith = (compaction: Partial<CompactionPolicy>): void => {
      store = open({
        clock,
        folder: { ...folder, file: (file) => folder.file(`other-${file}`) },
        compaction,
      });
    };

    beforeEach(() => {
      folder = makeFolder();
      clock = new FakeClock();
      store = open({ clock, folder });
    });

    afterEach(async () => {
      await store.close();
      folder.remove();
    });

    it('is empty at revision 0', () => {
      expect(store.stats()).toMatchObject({ revision: 0, compacted: 0, objects: 0, bytes: 0 });
      expect(store.list({ prefix: 'a/' })).toEqual({ entries: [], revision: 0, remaining: 0 });
      expect(store.get('a/1')).toBeUndefined();
    });

    it('gives each write the next revision and keeps the one of the creation', async () => {
      await store.put('a/1', json('x'));
      await store.put('b/1', json('y'));
      const entry = await store.put('a/1', json('z'));
      expect(entry).toMatchObject({ key: 'a/1', revision: 3, created: 1 });
      expect(store.get('a/1')).toBe(entry);
      expect(entry.object()).toEqual({ value: 'z', revision: 3 });
      expect(Buffer.from(entry.bytes).toString()).toBe('{"value":"z","revision":3}');
      expect(store.revision).toBe(3);
    });

    it('starts a key anew after its delete', async () => {
      await store.put('a/1', json(1));
      const { revision, previous } = await store.delete('a/1');
      expect([revision, previous.revision]).toEqual([2, 1]);
      expect(store.get('a/1')).toBeUndefined();
      expect(await store.put('a/1', json(2), { expected: 0 })).toMatchObject({ revision: 3, created: 3 });
    });

    it('shows a write to latest at once, to readers when it is committed', async () => {
      const written = store.put('a/1', json(1));
      expect(valueIn(store.latest('a/1'))).toBe(1);
      expect(store.get('a/1')).toBeUndefined();
      expect(store.count('a/')).toBe(0);
      expect(store.revision).toBe(0);
      const entry = await written;
      expect(store.get('a/1')).toBe(entry);
      const deleted = store.delete('a/1');
      expect(store.latest('a/1')).toBeUndefined();
      expect(store.get('a/1')).toBe(entry);
      await deleted;
      expect(store.get('a/1')).toBeUndefined();
    });

    it('lets one of two writers in a tick win', async () => {
      const first = store.put('a/1', json('first'), { expected: 0 });
      expect(() => store.put('a/1', json('second'), { expected: 0 })).toThrow(RevisionMismatchError);
      const entry = await first;
      const update = store.put('a/1', json('third'), { expected: entry.revision });
      expect(() => store.delete('a/1', { expected: entry.revision })).toThrow(RevisionMismatchError);
      expect(valueIn(await update)).toBe('third');
    });

    it('says what is there when the expectation is wrong', async () => {
      const entry = await store.put('a/1', json(1));
      const attempt = (): unknown => store.put('a/1', json(2), { expected: 7 });
      expect(attempt).toThrow(expect.objectContaining({ code: 'store-revision-mismatch', current: entry }));
      expect(() => store.delete('a/2')).toThrow(RevisionMismatchError);
      expect(() => store.delete('a/2', { expected: 0 })).toThrow(RevisionMismatchError);
      expect(store.revision).toBe(1);
    });

    it('skips the revision of a write whose encoding fails', async () => {
      const fail = (): never => {
        throw new Error('too long');
      };
      expect(() => store.put('a/1', fail)).toThrow('too long');
      expect(store.latest('a/1')).toBeUndefined();
      expect((await store.put('a/1', json(1))).revision).toBe(2);
    });

    it('refuses a write from inside an encoding', () => {
      const nested = (): { bytes: Uint8Array } => {
        store.put('a/2', json(2)).catch(() => {});
        return { bytes: Buffer.from('1') };
      };
      expect(() => store.put('a/1', nested)).toThrow('encode must not write');
    });

    it('gives every reader the same frozen object', async () => {
      const given = { metadata: { labels: { a: 'b' } } };
      const encode = (): { bytes: Uint8Array; object: unknown } => ({
        bytes: Buffer.from(JSON.stringify(given)),
        object: given,
      });
      const entry = await store.put('a/1', encode);
      expect(entry.object()).toBe(given);
      expect(Object.isFrozen(given.metadata.labels)).toBe(true);
      const parsed = (await store.put('a/2', json({ deep: [] }))).object<{ value: { deep: unknown[] } }>();
      expect(Object.isFrozen(parsed.value.deep)).toBe(true);
      expect(store.get('a/2')?.object()).toBe(parsed);
    });

    it('keeps values whatever their size, and empty ones', async () => {
      const sizes = [0, 1, 4095, 4096, 16_384, 200_000, 2_000_000];
      for (const size of sizes) await store.put(`a/${size}`, () => ({ bytes: Buffer.alloc(size, 97) }));
      for (const size of sizes) {
        expect(Buffer.compare(store.get(`a/${size}`)?.bytes ?? Buffer.of(0), Buffer.alloc(size, 97))).toBe(0);
      }
      expect(store.stats().bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    });

    it('takes keys like __proto__ and constructor as any other', async () => {
      for (const key of ['__proto__/__proto__', 'constructor/toString', 'a/__proto__']) {
        await store.put(key, json(key));
        expect(valueIn(store.get(key))).toBe(key);
      }
      expect(store.count('__proto__/')).toBe(1);
      expect(store.get('hasOwnProperty/x')).toBeUndefined();
    });

    it('needs a collection in keys and prefixes, and well-formed keys', () => {
      expect(() => store.put('a', json(1))).toThrow('no collection');
      expect(() => store.list({ prefix: 'a' })).toThrow('no collection');
      expect(() => store.watch({ prefix: '', onChanges: () => {} })).toThrow('no collection');
      expect(() => store.put('a/\ud800', json(1))).toThrow('well-formed');
    });

    describe('listing', () => {
      const keysOf = (...args: Parameters<Store['list']>): string[] =>
        store.list(...args).entries.map((entry) => entry.key);

      it('orders keys by their UTF-8 bytes', async () => {
        const keys = [
          'a/\u{1f600}',
          'a/\ufffd',
          'a/z',
          'a/Z',
          'a/é',
          'a/a/b',
          'a/a-b',
          'a/a',
          'a/\u{10000}x',
        ];
        await Promise.all(keys.map((key) => store.put(key, json(key))));
        const sorted = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        expect(keysOf({ prefix: 'a/' })).toEqual(sorted);
      });

      it('keeps to the prefix and to the collection', async () => {
        const keys = ['a/n/1', 'a/n/2', 'a/n-2/1', 'a/m/1', 'a.b/n/1', 'b/n/1'];
        await Promise.all(keys.map((key) => store.put(key, json(key))));
        expect(keysOf({ prefix: 'a/' })).toEqual(['a/m/1', 'a/n-2/1', 'a/n/1', 'a/n/2']);
        expect(keysOf({ prefix: 'a/n/' })).toEqual(['a/n/1', 'a/n/2']);
        expect(keysOf({ prefix: 'a/x/' })).toEqual([]);
        expect([store.count('a/'), store.count('a/n/'), store.count('c/')]).toEqual([4, 2, 0]);
      });

      it('pages with what remains, however the limit falls', async () => {
        await Promise.all([1, 2, 3, 4, 5].map((n) => store.put(`a/${n}`, json(n))));
        const first = store.list({ prefix: 'a/', limit: 2 });
        expect([first.entries.length, first.remaining]).toEqual([2, 3]);
        const last = store.list({ prefix: 'a/', after: 'a/2', limit: 3 });
        expect([last.entries.map(valueIn), last.remaining]).toEqual([[3, 4, 5], 0]);
        expect(keysOf({ prefix: 'a/', after: 'a/2x', limit: 0 })).toEqual(['a/3', 'a/4', 'a/5']);
        expect(keysOf({ prefix: 'a/', after: 'b/' })).toEqual([]);
        expect(keysOf({ prefix: 'a/', after: 'A/' })).toHaveLength(5);
      });

      it('continues a list at its revision while keys come, change and go', async () => {
        await Promise.all([1, 3, 5, 7].map((n) => store.put(`a/${n}`, json(n))));
        const { revision } = store.list({ prefix: 'a/', limit: 1 });
        await store.delete('a/3');
        await store.put('a/4', json(4));
        await store.put('a/5', json('new'));
        await store.delete('a/7');
        await store.put('a/9', json(9));
        const page = store.list({ prefix: 'a/', after: 'a/1', limit: 2, revision });
        expect([page.entries.map(valueIn), page.remaining, page.revision]).toEqual([[3, 5], 1, revision]);
        const rest = store.list({ prefix: 'a/', after: 'a/5', limit: 2, revision });
        expect([rest.entries.map(valueIn), rest.remaining]).toEqual([[7], 0]);
        expect(keysOf({ prefix: 'a/', revision: 0 })).toEqual([]);
      });

      it('reads an old revision of a collection that is gone', async () => {
        await store.put('a/1', json(1));
        await store.delete('a/1');
        expect(keysOf({ prefix: 'a/', revision: 1 })).toEqual(['a/1']);
      });

      it('refuses revisions that are compacted or not written yet', async () => {
        for (let n = 1; n <= 4; n++) await store.put('a/1', json(n));
        store.compact(2);
        expect(() => store.list({ prefix: 'a/', revision: 1 })).toThrow(CompactedError);
        expect(valueIn(store.list({ prefix: 'a/', revision: 2 }).entries[0])).toBe(2);
        expect(() => store.list({ prefix: 'a/', revision: 5 })).toThrow(FutureRevisionError);
      });

      it('keeps thousands of keys in order through random inserts and deletes', async () => {
        const keys = Array.from({ length: 6000 }, (_, n) => `a/${(n * 7919) % 6000}`);
        await Promise.all(keys.map((key) => store.put(key, json(0))));
        await Promise.all(keys.filter((_, n) => n % 3 > 0).map((key) => store.delete(key)));
        const expected = keys.filter((_, n) => n % 3 === 0).sort();
        expect(keysOf({ prefix: 'a/' })).toEqual(expected);
        expect(store.count('a/1')).toBe(expected.filter((key) => key.startsWith('a/1')).length);
        await Promise.all(expected.map((key) => store.delete(key)));
        expect(store.count('a/')).toBe(0);
      });
    });

    describe('watching', () => {
      it('tells the changes of one commit in one call, in order, to all whose prefix matches', async () => {
        const all = collect(store, 'a/');
        const some = collect(store, 'a/n/');
        const one = collect(store, 'a/n/1');
        const other = collect(store, 'b/');
        await Promise.all([
          store.put('a/n/1', json(1)),
          store.put('a/m/1', json(1)),
          store.put('a/n/1', json(2)),
          store.delete('a/m/1'),
        ]);
        expect(all.calls).toEqual([
          ['put a/n/1@1', 'put a/m/1@2', 'put a/n/1@3 was 1', 'delete a/m/1@4 was 2'],
        ]);
        expect(some.calls).toEqual([['put a/n/1@1', 'put a/n/1@3 was 1']]);
        expect(one.calls).toEqual(some.calls);
        expect(other.calls).toEqual([]);
      });

      it('tells before the promise of the write has been seen to settle', async () => {
        const seen: string[] = [];
        store.watch({ prefix: 'a/', onChanges: () => void seen.push('watch') });
        await store.put('a/1', json(1)).then(() => seen.push('put'));
        expect(seen).toEqual(['watch', 'put']);
      });

      it('starts after a revision with what was missed', async () => {
        await store.put('a/1', json(1));
        await store.put('b/1', json(1));
        await store.put('a/1', json(2));
        const { calls } = collect(store, 'a/', 1);
        expect(calls).toEqual([['put a/1@3 was 1']]);
        await store.delete('a/1');
        expect(calls[1]).toEqual(['delete a/1@4 was 3']);
        store.compact(2);
        expect(() => collect(store, 'a/', 1)).toThrow(CompactedError);
        expect(() => collect(store, 'a/', 5)).toThrow(FutureRevisionError);
        expect(collect(store, 'a/', 2).calls).toEqual([['put a/1@3 was 1', 'delete a/1@4 was 3']]);
      });

      it('ends when stopped, twice at will, from within a call too', async () => {
        const first = collect(store, 'a/');
        const second = store.watch({ prefix: 'a/', onChanges: () => first.stop() });
        await store.put('a/1', json(1));
        first.stop();
        await store.put('a/1', json(2));
        expect(first.calls).toHaveLength(1);
        second();
        const again = collect(store, 'a/');
        second();
        await store.put('a/1', json(3));
        expect(again.calls).toHaveLength(1);
      });

      it('tells a watch that starts within a call only what comes later', async () => {
        let inner: { calls: string[][] } | undefined;
        store.watch({
          prefix: 'a/',
          onChanges: () => {
            inner ??= collect(store, 'a/');
          },
        });
        await store.put('a/1', json(1));
        expect(inner?.calls).toEqual([]);
        await store.put('a/1', json(2));
        expect(inner?.calls).toHaveLength(1);
      });

      it('takes writes from within a call, for the next commit', async () => {
        let echoed: Promise<unknown> | undefined;
        store.watch({
          prefix: 'a/',
          onChanges: () => {
            echoed ??= store.put('b/echo', json(1));
          },
        });
        await store.put('a/1', json(1));
        await echoed;
        expect(store.get('b/echo')?.revision).toBe(2);
      });
    });

    describe('compaction', () => {
      it('keeps the live versions', async () => {
        for (let n = 1; n <= 3; n++) await store.put('a/1', json(n));
        await store.put('a/2', json(1));
        await store.delete('a/2');
        store.compact(5);
        clock.advance(1000);
        expect(store.compacted).toBe(5);
        expect(store.list({ prefix: 'a/' }).entries.map(valueIn)).toEqual([3]);
        store.compact(3);
        expect(store.compacted).toBe(5);
        expect(() => store.compact(6)).toThrow(FutureRevisionError);
      });

      it('has a timer only while there is something to forget', async () => {
        let armed = 0;
        const schedule = clock.schedule.bind(clock);
        clock.schedule = (task, ms) => {
          armed++;
          const cancel = schedule(() => {
            armed--;
            task();
          }, ms);
          return () => {
            armed--;
            cancel();
          };
        };
        for (let n = 0; n < 3; n++) await store.put('a/1', json(n));
        expect(armed).toBe(1);
        clock.advance(10 * 60_000);
        expect(store.compacted).toBe(3);
        expect(armed).toBe(0);
      });

      it('forgets changes after five minutes', async () => {
        await store.put('a/1', json(1));
        clock.advance(60_000);
        await store.put('a/1', json(2));
        clock.advance(5 * 60_000 - 1);
        expect(store.compacted).toBe(1);
        clock.advance(60_000);
        expect(store.compacted).toBe(2);
      });

      it('forgets all but the newest changes at once when there are too many', async () => {
        await store.close();
        reopenWith({ keepChanges: 10 });
        for (let n = 1; n <= 25; n++) await store.put('a/1', json(n));
        expect(store.compacted).toBe(15);
        expect(collect(store, 'a/', 15).calls[0]).toHaveLength(10);
      });

      it('forgets the oldest replaced versions when they take too much memory', async () => {
        await store.close();
        reopenWith({ keepBytes: 10_000 });
        for (let n = 1; n <= 25; n++) await store.put('a/1', () => ({ bytes: Buffer.alloc(1000) }));
        expect(store.compacted).toBe(15);
      });

      it('leaves the versions that somebody holds as they were', async () => {
        const held = [];
        for (let n = 0; n < 200; n++)
          held.push(await store.put(`a/${n % 5}`, json({ n, pad: 'x'.repeat(500) })));
        store.compact(store.revision);
        clock.advance(1000);
        for (const [n, entry] of held.entries()) expect(valueIn(entry)).toMatchObject({ n });
      });
    });

    it('copies itself to a file that opens as a store with the same history', async () => {
      for (let n = 1; n <= 5; n++) await store.put(`a/${n}`, json(n));
      await store.put('a/1', json('new'));
      await store.delete('a/2');
      store.compact(5);
      clock.advance(1000);
      const file = folder.file('backup');
      await store.backup(file);
      await expect(store.backup(file)).rejects.toMatchObject({ code: 'store-backup-exists' });
      const copy = openSqliteStore({ file, clock });
      expect(copy.revision).toBe(7);
      expect(copy.compacted).toBe(5);
      expect(copy.list({ prefix: 'a/' }).entries.map(valueIn)).toEqual(['new', 3, 4, 5]);
      expect(copy.list({ prefix: 'a/', revision: 5 }).entries.map(valueIn)).toEqual([1, 2, 3, 4, 5]);
      expect(collect(copy, 'a/', 5).calls).toEqual([['put a/1@6 was 1', 'delete a/2@7 was 2']]);
      await copy.close();
    });

    it('commits what is pending when it closes, and answers nothing after', async () => {
      const pending = store.put('a/1', json(1));
      const closed = store.close();
      await expect(pending).resolves.toMatchObject({ revision: 1 });
      expect(store.close()).toBe(closed);
      await closed;
      const calls = [
        () => store.get('a/1'),
        () => store.latest('a/1'),
        () => store.list({ prefix: 'a/' }),
        () => store.count('a/'),
        () => store.put('a/1', json(1)),
        () => store.delete('a/1'),
        () => store.watch({ prefix: 'a/', onChanges: () => {} }),
        () => store.compact(1),
        () => store.backup(folder.file('late')),
        () => store.stats(),
      ];
      for (const call of calls) expect(call).toThrow(StoreClosedError);
    });
  });
}
