import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../../test/suite.ts';
import { digestOf } from '../digest.ts';
import { HashThread } from './hash-thread.ts';

let folder: string;
let thread: HashThread;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sampan-hash-'));
  thread = new HashThread();
});
afterAll(async () => {
  await thread.close();
  await rm(folder, { recursive: true });
});

const SIZE = 1_000_003;

test('files are hashed while they grow, each as far as it is said to be', async () => {
  const files = Array.from({ length: 5 }, (_, n) => ({
    file: join(folder, `grows-${n}`),
    bytes: bytesOf(SIZE, `${n}`),
  }));
  for (let start = 0; start < SIZE; start += 300_000) {
    for (const { file, bytes } of files) {
      await appendFile(file, bytes.subarray(start, start + 300_000));
      thread.reach(file, 'sha256', Math.min(start + 300_000, SIZE));
    }
  }
  const found = await Promise.all(files.map(({ file }) => thread.digest(file, 'sha256', SIZE)));
  expect(found).toEqual(files.map(({ bytes }) => digestOf(bytes)));
});

test('a file that is not known, or by another algorithm, is hashed from its start', async () => {
  const file = join(folder, 'unknown');
  const bytes = bytesOf(SIZE, 'unknown');
  await writeFile(file, bytes);
  expect(await thread.digest(file, 'sha256', SIZE)).toBe(digestOf(bytes));
  expect(await thread.digest(file, 'sha256', 10)).toBe(digestOf(bytes.subarray(0, 10)));
  thread.reach(file, 'sha256', SIZE);
  expect(await thread.digest(file, 'sha512', SIZE)).toBe(digestOf(bytes, 'sha512'));
});

test('a file that is forgotten may come again with other bytes', async () => {
  const file = join(folder, 'again');
  const bytes = bytesOf(SIZE, 'again');
  await writeFile(file, bytesOf(SIZE, 'before'));
  thread.reach(file, 'sha256', 500_000);
  thread.forget(file);
  await writeFile(file, bytes);
  expect(await thread.digest(file, 'sha256', SIZE)).toBe(digestOf(bytes));
});

test('a file that is not there or ends too early is an error; the next try reads it anew', async () => {
  const file = join(folder, 'short');
  const failed = { code: 'blob-storage' };
  thread.reach(file, 'sha256', SIZE);
  await expect(thread.digest(file, 'sha256', SIZE)).rejects.toMatchObject(failed);
  const bytes = bytesOf(SIZE, 'short');
  await writeFile(file, bytes.subarray(0, SIZE - 1));
  await expect(thread.digest(file, 'sha256', SIZE)).rejects.toMatchObject(failed);
  await writeFile(file, bytes);
  expect(await thread.digest(file, 'sha256', SIZE)).toBe(digestOf(bytes));
});

test('when the thread ends, who waits is told, and the next one hashes from the start', async () => {
  const mortal = new HashThread();
  const file = join(folder, 'mortal');
  const bytes = bytesOf(20 * SIZE, 'mortal');
  await writeFile(file, bytes);
  const waiting = mortal.digest(file, 'sha256', bytes.length);
  waiting.catch(() => undefined);
  await mortal.close();
  await expect(waiting).rejects.toMatchObject({ code: 'blob-storage' });
  expect(await mortal.digest(file, 'sha256', bytes.length)).toBe(digestOf(bytes));
  await mortal.close();
});
