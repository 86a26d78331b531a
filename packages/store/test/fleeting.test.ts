import { statSync } from 'node:fs';
import { FakeClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CompactedError, openSqliteStore, type Store } from '../src/index.ts';
import { collect, type Folder, json, makeFolder, random, valueIn } from './helpers.ts';

/** Writes to `f/`, and those whose value begins with `~`, are fleeting. */
const isFleeting = ({ key, entry }: { key: string; entry: { object<T>(): T } | undefined }): boolean =>
  key.startsWith('f/') || String(entry?.object<{ value: unknown }>().value).startsWith('~');

describe('fleeting writes', () => {
  let folder: Folder;
  let clock: FakeClock;
  let store: Store;
  const open = (): Store =>
    openSqliteStore({ file: folder.file('store.db'), clock, isFleeting, compaction: { keepChanges: 50 } });
  const reopen = async (): Promise<void> => {
    await store.close();
    store = open();
  };
  const contents = (prefix: string) =>
    store.list({ prefix }).entries.map((entry) => [entry.key, valueIn(entry)]);
  const onDisk = () =>
    ['store.db', 'store.db-wal'].map((name) => {
      const { size, mtimeMs } = statSync(folder.file(name));
      return [size, mtimeMs];
    });

  beforeEach(() => {
    folder = makeFolder();
    clock = new FakeClock();
    store = open();
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  it('are read, listed and watched as any other', async () => {
    const { calls } = collect(store, 'f/');
    await store.put('f/1', json('a'));
    const second = await store.put('f/1', json('b'), { expected: 1 });
    expect(store.get('f/1')).toBe(second);
    expect(contents('f/')).toEqual([['f/1', 'b']]);
    await store.delete('f/1');
    expect(calls).toEqual([['put f/1@1'], ['put f/1@2 was 1'], ['delete f/1@3 was 2']]);
    expect(store.list({ prefix: 'f/', revision: 2 }).entries.map(valueIn)).toEqual(['b']);
    expect(() => store.put('f/2', json('x'), { expected: 7 })).toThrow();
  });

  it('write nothing to disk, not even when they are old', async () => {
    await store.put('a/1', json('a'));
    await store.put('a/2', json('b'));
    clock.advance(600_000);
    clock.advance(600_000);
    const before = onDisk();
    for (let turn = 0; turn < 300; turn++) {
      await store.put('f/1', json(String(turn)));
      await store.put('a/1', json(`~${turn}`));
      clock.advance(10_000);
    }
    expect(onDisk()).toEqual(before);
  });

  it('are lost with the process: what was on disk before is there again', async () => {
    await store.put('a/1', json('a'));
    await store.put('a/1', json('~b'));
    await store.put('f/1', json('x'));
    store.compact(store.revision);
    await reopen();
    expect(contents('a/')).toEqual([['a/1', 'a']]);
    expect(contents('f/')).toEqual([]);
    await store.delete('a/1');
    await reopen();
    expect(contents('a/')).toEqual([]);
  });

  it('have revisions that are not given again', async () => {
    await store.put('a/1', json('a'));
    const fleeting = await store.put('f/1', json('x'));
    await reopen();
    const next = await store.put('a/1', json('b'));
    expect(next.revision).toBeGreaterThan(fleeting.revision);
    const after = (revision: number) => () => store.watch({ prefix: 'a/', after: revision, onChanges() {} });
    expect(after(fleeting.revision)).toThrow(CompactedError);
    expect(after(1)).not.toThrow();
    expect(() => store.list({ prefix: 'a/', revision: fleeting.revision })).toThrow(CompactedError);
  });

  it('go to disk once after each start', async () => {
    await store.put('a/1', json('a'));
    for (let turn = 0; turn < 3; turn++) {
      await reopen();
      const first = await store.put('f/1', json(turn));
      const second = await store.put('f/1', json('lost'));
      await reopen();
      expect(contents('f/')).toEqual([['f/1', turn]]);
      expect(store.get('f/1')?.revision).toBe(first.revision);
      expect(store.revision).toBeGreaterThan(second.revision);
    }
  });

  it('go to disk now and then, so that their revisions stay near to those there', async () => {
    await store.put('a/1', json('a'));
    let last = 0;
    for (let turn = 0; turn < 60_000; turn++) last = (await store.put('f/1', json('x'))).revision;
    await reopen();
    expect(store.revision).toBeGreaterThan(last);
    expect(contents('f/')).toEqual([['f/1', 'x']]);
  });

  it.each([1, 2, 3, Math.floor(Math.random() * 2 ** 31)])('agree with a model, seed %i', async (seed) => {
    const pick = random(seed);
    const disk = new Map<string, string>();
    let memory = new Map<string, string>();
    let revision = 0;
    for (let step = 0; step < 1500; step++) {
      const key = `${pick(2) === 0 ? 'f' : 'a'}/${pick(6)}`;
      const kind = pick(60);
      if (kind === 0) {
        await reopen();
        memory = new Map(disk);
        expect(store.revision).toBeGreaterThanOrEqual(revision);
        // the first write after a start goes to disk in any case
        ({ revision } = await store.put('z/1', json('any')));
      } else if (kind === 1) clock.advance(200_000);
      else if (kind === 2) store.compact(store.revision);
      else if (kind < 15 && memory.has(key)) {
        ({ revision } = await store.delete(key));
        memory.delete(key);
        disk.delete(key);
      } else {
        const value = `${pick(2) === 0 ? '~' : ''}${step}`;
        const { revision: given } = await store.put(key, json(value));
        expect(given).toBeGreaterThan(revision);
        revision = given;
        memory.set(key, value);
        if (key.startsWith('a/') && !value.startsWith('~')) disk.set(key, value);
      }
      if (step % 20 === 0)
        expect(Object.fromEntries([...contents('a/'), ...contents('f/')])).toEqual(
          Object.fromEntries(memory),
        );
    }
  });
});
