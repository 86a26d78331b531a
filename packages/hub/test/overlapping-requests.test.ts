import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BlobStore, digestOf, openFileBlobStore, type Upload } from '@sampan/blobs';
import { openSqliteRecords, type Records } from '@sampan/records';
import { expect, test } from 'vitest';
import { HUB_MIGRATIONS, type HubTables } from '../src/index.ts';
import { UploadsInUse } from '../src/metadata/uploads-in-use.ts';
import { replaced } from './replaced.ts';
import { type TestClient, TestHub } from './support.ts';

const openTestRecords = (folder: string): Promise<Records<HubTables>> =>
  openSqliteRecords({ file: join(folder, 'hub.db'), migrations: HUB_MIGRATIONS });

const begin = async (client: TestClient): Promise<string> =>
  (await client.send('POST', 'blobs/uploads/')).headers.get('location') ?? '';

const codeIn = async (answer: Response): Promise<unknown> =>
  ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code;

test('a chunk is refused when its session is written down, not before', async () => {
  const happened: string[] = [];
  await using hub = await TestHub.start(undefined, [], {
    openRecords: async (folder) => {
      const records = await openTestRecords(folder);
      return replaced(records, {
        write: async (task) => {
          const result = await records.write(task);
          await sleep(50);
          happened.push('written');
          return result;
        },
      });
    },
  });
  const client = await hub.client();
  const session = await begin(client);
  const headers = { 'content-range': '5-9' };
  const refused = await client.send('PATCH', session, { body: Buffer.alloc(5), headers });
  happened.push(`refused ${refused.status}`);
  expect(happened).toEqual(['written', 'refused 416']);
});

test('an upload is not cancelled while a request writes to it, and only once', async () => {
  await using hub = await TestHub.start();
  const client = await hub.client();
  const session = await begin(client);
  const token = await hub.token('dev', ['repository:open/app:pull,push']);
  const headers = { authorization: `Bearer ${token}`, 'content-length': 400_000 };
  const writing = request(hub.url + session, { method: 'PATCH', headers });
  const status = new Promise((resolve) => writing.on('response', (answer) => resolve(answer.statusCode)));
  writing.write(randomBytes(300_000));
  const upload = await hub.blobs.openUpload(session.split('/').at(-1) ?? '');
  await expect.poll(() => upload.offset).toBeGreaterThan(0);
  const busy = await client.send('DELETE', session);
  expect([busy.status, await codeIn(busy)]).toEqual([400, 'BLOB_UPLOAD_INVALID']);
  writing.end(randomBytes(100_000));
  expect(await status).toBe(202);
  const cancelled = await Promise.all([client.send('DELETE', session), client.send('DELETE', session)]);
  // whether the second one comes while the first is at work or after it
  expect(cancelled.map((answer) => answer.status).sort()).toContain(204);
  expect(cancelled.filter((answer) => [400, 404].includes(answer.status))).toHaveLength(1);
});

test('a chunk that is too much is refused as such while another one is written', async () => {
  await using hub = await TestHub.start();
  const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
  hub.directory.setProject({ name: 'open', public: true, members, quotaBytes: 500_000 });
  const client = await hub.client();
  const session = await begin(client);
  const token = await hub.token('dev', ['repository:open/app:pull,push']);
  const headers = { authorization: `Bearer ${token}`, 'content-length': 400_000 };
  const writing = request(hub.url + session, { method: 'PATCH', headers });
  const status = new Promise((resolve) => writing.on('response', (answer) => resolve(answer.statusCode)));
  writing.write(randomBytes(300_000));
  const upload = await hub.blobs.openUpload(session.split('/').at(-1) ?? '');
  await expect.poll(() => upload.offset).toBeGreaterThan(0);
  const refused = await client.send('PATCH', session, { body: Buffer.alloc(600_000) });
  expect([refused.status, await codeIn(refused)]).toEqual([403, 'DENIED']);
  writing.end(randomBytes(100_000));
  expect(await status).toBe(202);
});

/** A hub whose collector finds old uploads, and waits then until `meanwhile` is done. */
function startCollecting(meanwhile: () => Promise<unknown>): Promise<TestHub> {
  const openBlobs = async (folder: string): Promise<BlobStore> => {
    const blobs = await openFileBlobStore(join(folder, 'blobs'));
    const listUploads: BlobStore['listUploads'] = async (options) => {
      const found = await blobs.listUploads(options);
      await meanwhile();
      return found;
    };
    return replaced(blobs, { listUploads });
  };
  return TestHub.start(undefined, [], { openBlobs });
}

test('an upload that someone goes on with after it was found to be old is let be', async () => {
  let meanwhile = async (): Promise<unknown> => undefined;
  await using hub = await startCollecting(() => meanwhile());
  const client = await hub.client();
  const [used, left] = [await begin(client), await begin(client)];
  const bytes = randomBytes(100);
  meanwhile = () => client.send('PATCH', used, { body: bytes });
  expect(await hub.hub.collectGarbage({ grace: -1000 })).toMatchObject({ uploads: 1 });
  expect((await client.send('PUT', `${used}?digest=${digestOf(bytes)}`)).status).toBe(201);
  expect((await client.send('GET', left)).status).toBe(404);
});

test('an upload is in use until the last of its requests ends', async () => {
  const uploads = new UploadsInUse();
  const [endFirst, endSecond] = [uploads.begin('a'), uploads.begin('a')];
  const inUse = () => uploads.watch(async (used) => [...used]);
  endFirst();
  expect(await inUse()).toEqual(['a']);
  endSecond();
  expect(await inUse()).toEqual([]);
});

test('a hub that closes waits for requests whose clients are gone', async () => {
  const happened: string[] = [];
  const committing = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  const openBlobs = async (folder: string): Promise<BlobStore> => {
    const blobs = await openFileBlobStore(join(folder, 'blobs'));
    const createUpload: BlobStore['createUpload'] = async (options) => {
      const upload = await blobs.createUpload(options);
      const commit: Upload['commit'] = async (digest) => {
        committing.resolve();
        await mayGoOn.promise;
        return upload.commit(digest);
      };
      return replaced(upload, { commit });
    };
    return replaced(blobs, { createUpload });
  };
  const openRecords = async (folder: string): Promise<Records<HubTables>> => {
    const records = await openTestRecords(folder);
    const write: typeof records.write = async (task) => {
      const result = await records.write(task);
      happened.push('recorded');
      return result;
    };
    const close = (): Promise<void> => {
      happened.push('closed');
      return records.close();
    };
    return replaced(records, { write, close });
  };
  const hub = await TestHub.start(undefined, [], { openBlobs, openRecords });
  const client = await hub.client();
  const pushing = client.pushBlob(randomBytes(100)).catch(() => 'cut off');
  await committing.promise;
  const closing = hub[Symbol.asyncDispose]();
  expect(await pushing).toBe('cut off');
  // long enough for one that does not wait
  await Promise.race([closing, sleep(200)]);
  mayGoOn.resolve();
  await closing;
  expect(happened).toEqual(['recorded', 'closed']);
});

test('a push that comes to its end when its project is being deleted leaves nothing', async () => {
  const writing = Promise.withResolvers<void>();
  const mayWrite = Promise.withResolvers<void>();
  let isHeld = false;
  await using hub = await TestHub.start(undefined, [], {
    openRecords: async (folder) => {
      const records = await openTestRecords(folder);
      const write: typeof records.write = async (task) => {
        if (isHeld) {
          writing.resolve();
          await mayWrite.promise;
        }
        return records.write(task);
      };
      return replaced(records, { write });
    },
  });
  const client = await hub.client();
  const image = await client.image();
  isHeld = true;
  const pushing = client.putManifest('v1', image);
  await writing.promise;
  hub.directory.setProject({ name: 'open', public: true, members: [], deleting: true });
  mayWrite.resolve();
  const refused = await pushing;
  expect([refused.status, await codeIn(refused)]).toEqual([403, 'DENIED']);
  expect(await hub.hub.projects.isEmpty('open')).toBe(true);
});

test('a collection that fails ends when none of its deletions goes on', async () => {
  const happened: string[] = [];
  await using hub = await TestHub.start(undefined, [], {
    openBlobs: async (folder) => {
      const blobs = await openFileBlobStore(join(folder, 'blobs'));
      let calls = 0;
      const remove: BlobStore['delete'] = async (digest) => {
        calls += 1;
        if (calls === 1) throw new Error('the disk fails');
        await sleep(50);
        happened.push('deleted');
        return blobs.delete(digest);
      };
      return replaced(blobs, { delete: remove });
    },
  });
  const client = await hub.client();
  for (let blob = 0; blob < 2; blob++) await client.pushBlob(randomBytes(100));
  await hub.hub.collectGarbage({ grace: -1000 }).catch((error: Error) => happened.push(error.message));
  expect(happened).toEqual(['deleted', 'the disk fails']);
});
