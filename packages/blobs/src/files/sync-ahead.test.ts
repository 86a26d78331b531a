import { expect, test } from 'vitest';
import { SyncAhead, SyncTurns } from './sync-ahead.ts';

const MB = 1024 * 1024;

test('a file is synced now and then, once at a time, and at its end', async () => {
  const waiting: (() => void)[] = [];
  const file = { datasync: () => new Promise<void>((resolve) => void waiting.push(resolve)) };
  const ahead = new SyncAhead(new SyncTurns());
  for (let n = 0; n < 40; n++) ahead.wrote(file, MB);
  expect(waiting).toHaveLength(1);
  const finished = ahead.finish(file);
  waiting.pop()?.();
  await expect.poll(() => waiting.length).toBe(1);
  waiting.pop()?.();
  await finished;
});

test('a sync that fails is not forgotten, though the disk tells of it only once', async () => {
  let tries = 0;
  const file = { datasync: () => (tries++ === 0 ? Promise.reject(new Error('EIO')) : Promise.resolve()) };
  const ahead = new SyncAhead(new SyncTurns());
  ahead.wrote(file, 20 * MB);
  await expect(ahead.finish(file)).rejects.toThrow('EIO');
  expect(() => ahead.wrote(file, 1)).toThrow(expect.objectContaining({ code: 'blob-storage' }));
});

test('few files are synced at once; the others when it is their turn', async () => {
  const turns = new SyncTurns();
  const waiting: (() => void)[] = [];
  const file = { datasync: () => new Promise<void>((resolve) => void waiting.push(resolve)) };
  const files = Array.from({ length: 6 }, () => new SyncAhead(turns));
  for (const ahead of files) ahead.wrote(file, 20 * MB);
  expect(waiting).toHaveLength(4);
  waiting.shift()?.();
  await expect
    .poll(() => {
      for (const ahead of files) ahead.wrote(file, 1);
      return waiting.length;
    })
    .toBe(4);
});
