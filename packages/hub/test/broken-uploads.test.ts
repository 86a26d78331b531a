import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { FakeClock } from '@sampan/base';
import { BlobSpaceError, digestOf, openFileBlobStore } from '@sampan/blobs';
import { expect, test } from 'vitest';
import { replaced } from './replaced.ts';
import { TestHub } from './support.ts';

const location = (answer: Response) => answer.headers.get('location') ?? '';

test('an upload that breaks off goes on from where it ended', async () => {
  await using hub = await TestHub.start();
  const client = await hub.client();
  const token = await hub.token('dev', ['repository:open/app:pull,push']);
  const bytes = randomBytes(600_000);
  const start = await client.send('POST', 'blobs/uploads/');
  const broken = request(hub.url + location(start), {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-length': bytes.length },
  });
  broken.on('error', () => undefined);
  broken.write(bytes.subarray(0, 400_000));
  const upload = await hub.blobs.openUpload(location(start).split('/').at(-1) ?? '');
  await expect.poll(() => upload.offset).toBeGreaterThan(0);
  const closed = new Promise((resolve) => broken.once('close', resolve));
  broken.destroy();
  await closed;
  let at = 0;
  // until the server has seen the end, the upload is busy
  await expect
    .poll(async () => {
      const status = await client.send('GET', location(start));
      at = Number(status.headers.get('range')?.split('-')[1]) + 1;
      const body = bytes.subarray(at);
      const headers = { 'content-range': `${at}-${bytes.length - 1}` };
      return (await client.send('PATCH', location(start), { body, headers })).status;
    })
    .toBe(202);
  expect(at).toBeGreaterThan(0);
  expect(at).toBeLessThanOrEqual(400_000);
  const put = await client.send('PUT', `${location(start)}?digest=${digestOf(bytes)}`);
  expect(put.status).toBe(201);
});

test('a token that expires during an upload ends it with that upload, and opens nothing else', async () => {
  const clock = new FakeClock();
  await using hub = await TestHub.start(clock);
  const client = await hub.client();
  const bytes = randomBytes(100);
  const start = await client.send('POST', 'blobs/uploads/');
  clock.advance(60 * 60_000);
  expect((await client.send('POST', 'blobs/uploads/')).status).toBe(401);
  const patch = await client.send('PATCH', location(start), { body: bytes });
  expect(patch.status).toBe(202);
  const put = await client.send('PUT', `${location(start)}?digest=${digestOf(bytes)}`);
  expect(put.status).toBe(201);
  const late = await hub.client();
  const second = await late.send('POST', 'blobs/uploads/');
  expect((await client.send('PATCH', location(second), { body: bytes })).status).toBe(401);
  clock.advance(25 * 60 * 60_000);
  expect((await late.send('PATCH', location(second), { body: bytes })).status).toBe(401);
});

test('a blob sent in one request that cannot be stored in the end leaves no bytes', async () => {
  await using hub = await TestHub.start(undefined, [], {
    openBlobs: async (folder) => {
      const blobs = await openFileBlobStore(join(folder, 'blobs'));
      const commit = () => Promise.reject(new BlobSpaceError(new Error('the disk is full')));
      return replaced(blobs, {
        createUpload: async (options) => replaced(await blobs.createUpload(options), { commit }),
      });
    },
  });
  const client = await hub.client();
  const bytes = randomBytes(100);
  const post = await client.send('POST', `blobs/uploads/?digest=${digestOf(bytes)}`, { body: bytes });
  expect(post.status).toBe(507);
  expect((await hub.blobs.listUploads()).items).toEqual([]);
});
