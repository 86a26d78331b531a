import { randomBytes } from 'node:crypto';
import { systemClock } from '@sampan/base';
import { type DigestAlgorithm, digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf } from '../error-of.ts';
import { type TestClient, TestHub, type TestOptions } from '../support.ts';
import { begin, CHUNK, locationOf, WAYS } from './pushing.ts';

/** What upstream's conformance suite covers of blobs: every way to push, mount and cancel, ranges, odd contents. */
export function blobsSuite(options?: TestOptions): void {
  let hub: TestHub;
  let client: TestClient;
  beforeAll(async () => {
    hub = await TestHub.start(systemClock, [], options);
    client = await hub.client('open/conformance');
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  /** HEAD and GET give the blob, its length and its digest. */
  async function expectBlob(bytes: Uint8Array, digest: string): Promise<void> {
    for (const method of ['HEAD', 'GET']) {
      const answer = await client.send(method, `blobs/${digest}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
      expect(answer.headers.get('content-length')).toBe(String(bytes.length));
      const body = Buffer.from(await answer.arrayBuffer());
      expect(body.equals(method === 'HEAD' ? Buffer.alloc(0) : bytes)).toBe(true);
    }
  }

  async function expectDeleted(digest: string, from: TestClient = client): Promise<void> {
    expect((await from.send('DELETE', `blobs/${digest}`)).status).toBe(202);
    expect((await from.send('HEAD', `blobs/${digest}`)).status).toBe(404);
  }

  describe.each<DigestAlgorithm>(['sha256', 'sha512'])('blobs of %s', (algorithm) => {
    const random = (size: number) => {
      const bytes = randomBytes(size);
      return { bytes, digest: digestOf(bytes, algorithm) };
    };

    test.each(Object.entries(WAYS))('a blob is pushed by %s', async (_, push) => {
      for (const size of [512, 3 * CHUNK - 5]) {
        const blob = random(size);
        const answer = await push(client, blob);
        expect(answer.status).toBe(201);
        expect(answer.headers.get('docker-content-digest')).toBe(blob.digest);
        const located = await client.send('GET', locationOf(answer));
        expect(Buffer.from(await located.arrayBuffer()).equals(blob.bytes)).toBe(true);
        await expectBlob(blob.bytes, blob.digest);
        await expectDeleted(blob.digest);
      }
    });

    test.each(Object.entries(WAYS))('other bytes than the digest says are refused by %s', async (_, push) => {
      const { bytes, digest } = random(3 * CHUNK - 5);
      const answer = await push(client, { bytes: Buffer.concat([bytes, Buffer.from('oh no')]), digest });
      expect(await errorOf(answer)).toEqual([400, 'DIGEST_INVALID']);
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(404);
    });

    test.each(['', '{}'])('the blob %j is one as any other', async (text) => {
      const bytes = Buffer.from(text);
      const digest = digestOf(bytes, algorithm);
      for (const name of ['POST only', 'POST and PUT', 'one stream', 'chunks']) {
        expect((await WAYS[name]?.(client, { bytes, digest }))?.status, name).toBe(201);
        await expectBlob(bytes, digest);
        await expectDeleted(digest);
      }
    });

    test('a blob that was never pushed is unknown', async () => {
      const { digest } = random(10);
      expect(await errorOf(await client.send('GET', `blobs/${digest}`))).toEqual([404, 'BLOB_UNKNOWN']);
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(404);
      expect(await errorOf(await client.send('DELETE', `blobs/${digest}`))).toEqual([404, 'BLOB_UNKNOWN']);
    });

    test('a blob is mounted from another repository', async () => {
      const { bytes, digest } = random(512);
      const source = await hub.client('closed/conformance');
      await source.pushBlob(bytes, algorithm);
      const scopes = ['repository:open/conformance:pull,push', 'repository:closed/conformance:pull'];
      const headers = { authorization: `Bearer ${await hub.token('dev', scopes)}` };
      const path = `blobs/uploads/?mount=${digest}&from=closed/conformance`;
      const mounted = await client.send('POST', path, { headers });
      expect(mounted.status).toBe(201);
      expect(mounted.headers.get('docker-content-digest')).toBe(digest);
      expect(locationOf(mounted)).toBe(`/v2/open/conformance/blobs/${digest}`);
      await expectBlob(bytes, digest);
      await expectDeleted(digest);
      expect((await source.send('HEAD', `blobs/${digest}`)).status).toBe(200);
      await expectDeleted(digest, source);
    });

    test('a blob of a public project is mounted with or without its name', async () => {
      const { bytes, digest } = random(512);
      const source = await hub.client('open/source');
      await source.pushBlob(bytes, algorithm);
      for (const from of ['&from=open/source', '']) {
        const mounted = await client.send('POST', `blobs/uploads/?mount=${digest}${from}`);
        expect(mounted.status, from).toBe(201);
        await expectBlob(bytes, digest);
        await expectDeleted(digest);
      }
      await expectDeleted(digest, source);
    });

    test('what cannot be mounted becomes an upload', async () => {
      const { bytes, digest } = random(512);
      const secret = random(512);
      await (await hub.client('closed/conformance')).pushBlob(secret.bytes, algorithm);
      const tries = [
        `mount=${digest}&from=open/nothing`,
        `mount=${digest}`,
        `mount=${secret.digest}`,
        `mount=${secret.digest}&from=closed/conformance`,
        `mount=${digest}&from=../x`,
        `mount=sha256:no&from=open/source`,
      ];
      for (const query of tries) {
        const answer = await client.send('POST', `blobs/uploads/?${query}`);
        expect(answer.status, query).toBe(202);
        const put = await client.send('PUT', `${locationOf(answer)}?digest=${digest}`, { body: bytes });
        expect(put.status, query).toBe(201);
        await expectDeleted(digest);
      }
    });

    test('an upload is cancelled', async () => {
      const { bytes, digest } = random(512);
      const location = await begin(client);
      const patched = await client.send('PATCH', location, { body: bytes });
      expect((await client.send('DELETE', locationOf(patched))).status).toBe(204);
      const put = await client.send('PUT', `${locationOf(patched)}?digest=${digest}`);
      expect(await errorOf(put)).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
      expect((await client.send('HEAD', `blobs/${digest}`)).status).toBe(404);
    });

    const SIZE = 2048;
    const ranges: [range: string, start: number, end: number][] = [
      ['bytes=500-1499', 500, 1499],
      ['bytes=500-', 500, SIZE - 1],
      ['bytes=-500', SIZE - 500, SIZE - 1],
      ['bytes=2000-5000', 2000, SIZE - 1],
      ['bytes=0-0', 0, 0],
      ['bytes=-5000', 0, SIZE - 1],
    ];

    test.each(ranges)('the range %s has its bytes', async (range, start, end) => {
      const { bytes } = random(SIZE);
      const digest = await client.pushBlob(bytes, algorithm);
      const part = await client.send('GET', `blobs/${digest}`, { headers: { range } });
      expect(part.status).toBe(206);
      expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end}/${SIZE}`);
      expect(part.headers.get('content-length')).toBe(String(end - start + 1));
      expect(part.headers.get('docker-content-digest')).toBe(digest);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    test.each(['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0'])(
      'the range %s of 2048 bytes cannot be had',
      async (range) => {
        const digest = await client.pushBlob(random(SIZE).bytes, algorithm);
        const refused = await client.send('GET', `blobs/${digest}`, { headers: { range } });
        expect(refused.headers.get('content-range')).toBe(`bytes */${SIZE}`);
        expect(await errorOf(refused)).toEqual([416, 'RANGE_INVALID']);
      },
    );
  });
}
