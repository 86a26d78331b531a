import { expect, test } from 'vitest';
import { SyncAhead } from './sync-ahead.ts';

const MB = 1024 * 1024;

test('a file is synced now and then, once at a time, and at its end', async () => {
  const waiting: (() => void)[] = [];
  const file = { datasync: () => new Promise<void>((resolve) => void waiting.push(resolve)) };
  const ahead = new SyncAhead();
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
  const ahead = new SyncAhead();
  ahead.wrote(file, 20 * MB);
  await expect(ahead.finish(file)).rejects.toThrow('EIO');
  expect(() => ahead.wrote(file, 1)).toThrow(expect.objectContaining({ code: 'blob-storage' }));
});
