import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../src/index.ts';
import { openS3BlobStore } from '../src/s3/s3-blob-store.ts';
import { missingForS3, type S3Server, startS3Server } from './s3-server.ts';
import { behaviour, bytesOf, chunks, put, read } from './suite.ts';

const missing = missingForS3();
if (missing.length > 0 && process.env.CI) throw new Error(`not here: ${missing.join(', ')}`);
if (missing.length === 0) withServer();
else console.warn(`S3 is not tested, for want of ${missing.join(', ')}`);

function withServer(): void {
  describe('S3', () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await startS3Server();
    });
    afterAll(() => server.stop());

    const open = (prefix: string, options: { copyBytes?: number } = {}) =>
      openS3BlobStore({ ...server, prefix, region: 'us-east-1', partBytes: 5 * 1024 * 1024, ...options });

    behaviour('S3', async () => ({
      open: async () => open('suite/'),
      remove: async () => undefined,
    }));

    test('a blob beyond the limit of one copy is copied in parts', async () => {
      const store = open('large/', { copyBytes: 6 * 1024 * 1024 });
      const bytes = bytesOf(20 * 1024 * 1024 + 1, 'large');
      const digest = await put(store, bytes);
      expect(await store.stat(digest)).toMatchObject({ size: bytes.length });
      expect((await read(store, digest)).equals(bytes)).toBe(true);
      await store.close();
    });

    test('a redirect is a URL where the bytes are, without credentials', async () => {
      const store = open('redirect/');
      const digest = await put(store, Buffer.from('pulled from the bucket'));
      const url = (await store.redirect(digest, { seconds: 60 })) ?? '';
      expect(await (await fetch(url)).text()).toBe('pulled from the bucket');
      expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(403);
      await store.close();
    });

    test('a bucket that is not there fails with the code of storage', async () => {
      const store = openS3BlobStore({ ...server, bucket: 'missing', region: 'us-east-1' });
      await expect(store.createUpload()).rejects.toMatchObject({ code: 'blob-storage' });
      await store.close();
    });

    test('nothing is left in the bucket of uploads that ended', async () => {
      const store = open('clean/');
      const upload = await store.createUpload();
      await upload.append(chunks(bytesOf(12 * 1024 * 1024, 'cancelled')));
      await upload.cancel();
      const wrong = await store.createUpload();
      await wrong.append(chunks(bytesOf(12 * 1024 * 1024, 'wrong')));
      await expect(wrong.commit(digestOf(Buffer.from('x')))).rejects.toMatchObject({
        code: 'blob-digest-mismatch',
      });
      expect((await store.listUploads()).items).toEqual([]);
      expect((await store.list()).items).toEqual([]);
      await store.close();
    });
  });
}
