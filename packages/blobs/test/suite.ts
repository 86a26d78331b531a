import { createCipheriv, createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BlobStore, type Digest, digestOf, parseDigest } from '../src/index.ts';

/** What a driver's tests bring. */
export interface Driver {
  /** Opens the same storage each time. */
  open(): Promise<BlobStore>;
  /** Removes it. */
  remove(): Promise<void>;
}

/** Bytes that differ by `seed` and do not repeat. */
export function bytesOf(size: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export async function* chunks(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

/** Puts a blob in one go. */
export async function put(store: BlobStore, bytes: Uint8Array): Promise<Digest> {
  const upload = await store.createUpload();
  await upload.append(chunks(bytes), { last: true });
  return (await upload.commit(digestOf(bytes))).digest;
}

export const read = async (store: BlobStore, digest: Digest): Promise<Buffer> =>
  buffer((await store.read(digest)).stream);

/** The behaviour of every driver. */
export function behaviour(name: string, make: () => Promise<Driver>): void {
  describe(`blobs in ${name}`, () => {
    let driver: Driver;
    let store: BlobStore;
    beforeAll(async () => {
      driver = await make();
      store = await driver.open();
    });
    afterAll(async () => {
      await store.close();
      await driver.remove();
    });

    test('a blob that was committed is found and read under its digest', async () => {
      const bytes = bytesOf(300_000, 'plain');
      const digest = await put(store, bytes);
      expect(await store.stat(digest)).toMatchObject({ digest, size: bytes.length });
      const reading = await store.read(digest);
      expect(reading).toMatchObject({ size: bytes.length, start: 0, end: bytes.length - 1 });
      expect((await buffer(reading.stream)).equals(bytes)).toBe(true);
    });

    test('the empty blob is one', async () => {
      const upload = await store.createUpload();
      const { digest, size } = await upload.commit(digestOf(Buffer.alloc(0)));
      expect(size).toBe(0);
      expect(await store.stat(digest)).toMatchObject({ size: 0 });
      expect(await read(store, digest)).toHaveLength(0);
      await expect(store.read(digest, { start: 0 })).rejects.toMatchObject({ code: 'blob-range', size: 0 });
    });

    test('a blob may be committed under sha512, whatever was hashed on its way', async () => {
      const bytes = bytesOf(1000, 'sha512');
      const digest = digestOf(bytes, 'sha512');
      for (const algorithm of ['sha256', 'sha512'] as const) {
        const upload = await store.createUpload({ algorithm });
        await upload.append(chunks(bytes));
        await upload.commit(digest);
        expect((await read(store, digest)).equals(bytes)).toBe(true);
        await store.delete(digest);
      }
    });

    test('ranges give their bytes and refuse to begin behind the end', async () => {
      const bytes = bytesOf(10_000, 'range');
      const digest = await put(store, bytes);
      const part = async (start: number, end?: number): Promise<Buffer> => {
        const reading = await store.read(digest, { start, end });
        const got = await buffer(reading.stream);
        expect(got).toHaveLength(reading.end - reading.start + 1);
        return got;
      };
      expect(await part(0, 0)).toEqual(bytes.subarray(0, 1));
      expect(await part(100, 199)).toEqual(bytes.subarray(100, 200));
      expect(await part(9_000)).toEqual(bytes.subarray(9_000));
      expect(await part(9_999, 20_000)).toEqual(bytes.subarray(9_999));
      await expect(store.read(digest, { start: 10_000 })).rejects.toMatchObject({
        code: 'blob-range',
        size: 10_000,
      });
      await expect(store.read(digest, { start: 5, end: 4 })).rejects.toMatchObject({ code: 'blob-range' });
    });

    test('a blob that is not there is unknown', async () => {
      const digest = digestOf(Buffer.from('never uploaded'));
      expect(await store.stat(digest)).toBeUndefined();
      await expect(store.read(digest)).rejects.toMatchObject({ code: 'blob-unknown' });
      await expect(store.read(digest, { start: 1 })).rejects.toMatchObject({ code: 'blob-unknown' });
      expect(await store.delete(digest)).toBe(false);
    });

    test('a deleted blob is gone, and can come again', async () => {
      const bytes = bytesOf(100, 'deleted');
      const digest = await put(store, bytes);
      expect(await store.delete(digest)).toBe(true);
      expect(await store.stat(digest)).toBeUndefined();
      expect(await store.delete(digest)).toBe(false);
      await put(store, bytes);
      expect(await read(store, digest)).toEqual(bytes);
    });

    test('another digest than the bytes have discards the upload', async () => {
      const upload = await store.createUpload();
      await upload.append(chunks(Buffer.from('these')));
      const other = digestOf(Buffer.from('others'));
      await expect(upload.commit(other)).rejects.toMatchObject({ code: 'blob-digest-mismatch' });
      expect(await store.stat(other)).toBeUndefined();
      expect(await store.stat(digestOf(Buffer.from('these')))).toBeUndefined();
      await expect(upload.append(chunks(Buffer.from('x')))).rejects.toMatchObject({
        code: 'blob-upload-unknown',
      });
      await expect(store.openUpload(upload.id)).rejects.toMatchObject({ code: 'blob-upload-unknown' });
    });

    test('chunks add up, and one at another offset changes nothing', async () => {
      const upload = await store.createUpload();
      expect(await upload.append(chunks(Buffer.from('ab'), Buffer.from('c')), { at: 0 })).toBe(3);
      await expect(upload.append(chunks(Buffer.from('x')), { at: 2 })).rejects.toMatchObject({
        code: 'blob-upload-offset',
        offset: 3,
      });
      expect(await upload.append(chunks(Buffer.from('de')), { at: 3 })).toBe(5);
      expect(upload.offset).toBe(5);
      const { digest } = await upload.commit(digestOf(Buffer.from('abcde')));
      expect((await read(store, digest)).toString()).toBe('abcde');
    });

    test('a body that breaks off leaves what arrived, and the upload goes on from there', async () => {
      const upload = await store.createUpload();
      const broken = upload.append(chunks(Buffer.from('first '), new Error('connection reset')));
      await expect(broken).rejects.toThrow('connection reset');
      expect(upload.offset).toBe(6);
      await upload.append(chunks(Buffer.from('second')), { at: 6 });
      const { digest } = await upload.commit(digestOf(Buffer.from('first second')));
      expect((await read(store, digest)).toString()).toBe('first second');
    });

    test('bytes beyond the limit are refused and not kept', async () => {
      const upload = await store.createUpload();
      await upload.append(chunks(Buffer.from('1234')), { limit: 8 });
      const tooMuch = upload.append(chunks(Buffer.from('5678'), Buffer.from('9')), { limit: 8 });
      await expect(tooMuch).rejects.toMatchObject({ code: 'blob-too-large', limit: 8 });
      expect(upload.offset).toBe(8);
      await upload.cancel();
    });

    test('pieces are given back when they are not needed any more, all of them', async () => {
      const bytes = bytesOf(2_000_000, 'released');
      const pieces = Array.from({ length: 20 }, (_, n) =>
        Buffer.from(bytes.subarray(n * 100_000, (n + 1) * 100_000)),
      );
      const released = new Set<Uint8Array>();
      const upload = await store.createUpload();
      await upload.append(chunks(...pieces), {
        release: (piece) => {
          released.add(piece);
          piece.fill(0);
        },
      });
      expect(released.size).toBe(pieces.length);
      const { digest } = await upload.commit(digestOf(bytes));
      expect((await read(store, digest)).equals(bytes)).toBe(true);
    });

    test('a cancelled upload is gone', async () => {
      const upload = await store.createUpload();
      await upload.append(chunks(Buffer.from('x')));
      await upload.cancel();
      await expect(upload.cancel()).rejects.toMatchObject({ code: 'blob-upload-unknown' });
      await expect(store.openUpload(upload.id)).rejects.toMatchObject({ code: 'blob-upload-unknown' });
    });

    test('only names that the store gave open an upload', async () => {
      for (const id of ['../uploads/x', '', 'a'.repeat(33), 'f'.repeat(32)]) {
        await expect(store.openUpload(id)).rejects.toMatchObject({ code: 'blob-upload-unknown' });
      }
    });

    test('a second writer is refused while the first one writes', async () => {
      const upload = await store.createUpload();
      const gate = Promise.withResolvers<void>();
      const first = upload.append(
        (async function* () {
          yield Buffer.from('slow ');
          await gate.promise;
          yield Buffer.from('client');
        })(),
      );
      const same = await store.openUpload(upload.id);
      await expect(same.append(chunks(Buffer.from('x')))).rejects.toMatchObject({ code: 'blob-upload-busy' });
      await expect(same.commit(digestOf(Buffer.from('x')))).rejects.toMatchObject({
        code: 'blob-upload-busy',
      });
      gate.resolve();
      expect(await first).toBe(11);
      await same.commit(digestOf(Buffer.from('slow client')));
    });

    test('the next process goes on with an upload, over parts of any size', async () => {
      const bytes = bytesOf(14_000_001, 'resumed');
      const digest = digestOf(bytes);
      const upload = await store.createUpload();
      await upload.append(chunks(bytes.subarray(0, 6_000_000)));
      await upload.append(chunks(bytes.subarray(6_000_000, 6_000_007)));
      await store.close();
      store = await driver.open();
      const again = await store.openUpload(upload.id);
      expect(again.offset).toBe(6_000_007);
      await again.append(chunks(bytes.subarray(6_000_007, 13_000_000), bytes.subarray(13_000_000)));
      expect(await again.commit(digest)).toMatchObject({ digest, size: bytes.length });
      expect((await read(store, digest)).equals(bytes)).toBe(true);
    });

    test('uploads that nobody ended are listed, page by page', async () => {
      const begun = await Promise.all([1, 2, 3].map(() => store.createUpload()));
      const ids: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.listUploads({ after, limit: 2 });
        ids.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after !== undefined);
      expect(ids).toEqual([...ids].sort());
      expect(ids).toEqual(expect.arrayContaining(begun.map(({ id }) => id)));
      for (const upload of begun) await upload.cancel();
      expect((await store.listUploads()).items).toEqual([]);
    });

    test('all blobs are listed once, in order, page by page', async () => {
      await Promise.all(Array.from({ length: 12 }, (_, n) => put(store, bytesOf(10, `list ${n}`))));
      const sha512 = await store.createUpload({ algorithm: 'sha512' });
      await sha512.append(chunks(Buffer.from('512')));
      const { digest } = await sha512.commit(digestOf(Buffer.from('512'), 'sha512'));
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await store.list({ after, limit: 5 });
        expect(page.items.length).toBeLessThanOrEqual(5);
        found.push(...page.items.map((info) => info.digest));
        after = page.next;
      } while (after !== undefined);
      expect(found).toEqual([...new Set(found)].sort());
      expect(found.at(-1)).toBe(digest);
      expect(found.length).toBeGreaterThanOrEqual(13);
      const all = await store.list();
      expect(all.items.map((info) => info.digest)).toEqual(found);
      expect(all.items.every((info) => Math.abs(Date.now() - info.modified) < 600_000)).toBe(true);
    });

    test('the same blob from many at once is stored once and whole', async () => {
      const bytes = bytesOf(200_000, 'shared');
      const digests = await Promise.all(Array.from({ length: 10 }, () => put(store, bytes)));
      expect(new Set(digests).size).toBe(1);
      expect((await read(store, parseDigest(digests[0] ?? ''))).equals(bytes)).toBe(true);
      expect((await store.list()).items.filter(({ digest }) => digest === digests[0])).toHaveLength(1);
    });

    test('a store may be closed twice', async () => {
      const other = await driver.open();
      await other.close();
      await other.close();
    });
  });
}
