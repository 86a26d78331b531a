import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digestOf, openFileBlobStore } from '../src/index.ts';
import { behaviour, bytesOf, chunks, put, read } from './suite.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sampan-blobs-'));
});
afterAll(() => rm(folder, { recursive: true }));

behaviour('files', async () => ({
  open: () => openFileBlobStore(join(folder, 'suite')),
  remove: async () => undefined,
}));

test('nothing is left of uploads that ended', async () => {
  const root = join(folder, 'clean');
  const store = await openFileBlobStore(root);
  await put(store, Buffer.from('kept'));
  const cancelled = await store.createUpload();
  await cancelled.append(chunks(Buffer.from('x')));
  await cancelled.cancel();
  const wrong = await store.createUpload();
  await expect(wrong.commit(digestOf(Buffer.from('y')))).rejects.toMatchObject({
    code: 'blob-digest-mismatch',
  });
  expect(await readdir(join(root, 'uploads'))).toEqual([]);
  await store.close();
});

test('a blob that is deleted while it is read is read to its end', async () => {
  const store = await openFileBlobStore(join(folder, 'deleted'));
  const bytes = bytesOf(3_000_000, 'deleted');
  const digest = await put(store, bytes);
  const { stream } = await store.read(digest);
  await store.delete(digest);
  expect(Buffer.concat(await stream.toArray()).equals(bytes)).toBe(true);
  await store.close();
});

test('a body that is larger than memory allows passes in small pieces', async () => {
  const store = await openFileBlobStore(join(folder, 'large'));
  const piece = bytesOf(1024 * 1024, 'piece');
  const upload = await store.createUpload();
  const before = process.memoryUsage().rss;
  let most = 0;
  await upload.append(
    (async function* () {
      for (let n = 0; n < 300; n++) {
        yield piece;
        most = Math.max(most, process.memoryUsage().rss);
      }
    })(),
  );
  expect(upload.offset).toBe(300 * piece.length);
  expect(most - before).toBeLessThan(64 * 1024 * 1024);
  await upload.cancel();
  await store.close();
});

test.runIf(process.getuid?.() === 0)(
  'a disk that gets full keeps what arrived, and the upload goes on',
  async () => {
    const root = join(folder, 'small');
    await mkdir(root);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'sampan-test', root]);
    try {
      const store = await openFileBlobStore(root);
      const bytes = bytesOf(900_000, 'small');
      const filler = await store.createUpload();
      await filler.append(chunks(bytesOf(400_000, 'filler')));
      const upload = await store.createUpload();
      const appending = upload.append(chunks(bytes.subarray(0, 300_000), bytes.subarray(300_000)));
      await expect(appending).rejects.toMatchObject({ code: 'blob-no-space' });
      expect(upload.offset).toBe(300_000);
      await filler.cancel();
      await upload.append(chunks(bytes.subarray(upload.offset)));
      const { digest } = await upload.commit(digestOf(bytes));
      expect((await read(store, digest)).equals(bytes)).toBe(true);
      await store.close();
    } finally {
      execFileSync('umount', [root]);
    }
  },
);
