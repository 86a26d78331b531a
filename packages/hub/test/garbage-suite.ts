import { randomBytes } from 'node:crypto';
import { FakeClock, systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenRecords, type TestClient, TestHub } from './support.ts';

/** What is collected and what is not, over either database. */
export function garbageSuite(openRecords?: OpenRecords): void {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await TestHub.start(systemClock, [], { openRecords });
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  /** Everything older than now is garbage if nothing needs it. */
  const collect = () => hub.hub.collectGarbage({ grace: -1 });
  const status = async (client: TestClient, digest: string) =>
    (await client.send('HEAD', `blobs/${digest}`)).status;

  test('a blob that no manifest needs goes after its grace, one of a manifest stays', async () => {
    const client = await hub.client('open/one');
    const lone = await client.pushBlob(randomBytes(1000));
    const image = await client.image('kept');
    expect((await client.putManifest('v1', image)).status).toBe(201);
    expect(await hub.hub.collectGarbage()).toEqual({
      ...{ links: 0, blobs: 0, bytes: 0, uploads: 0 },
      ...{ waiting: 1, waitingBytes: 1000 },
    });
    const gone = { links: 1, blobs: 1, bytes: 1000, uploads: 0, waiting: 0, waitingBytes: 0 };
    expect(await hub.hub.collectGarbage({ grace: -1, dryRun: true })).toEqual(gone);
    expect(await collect()).toEqual(gone);
    expect(await status(client, lone)).toBe(404);
    expect(await hub.blobs.stat(lone)).toBeUndefined();
    for (const { digest } of [image.config, ...image.layers] as { digest: string }[]) {
      expect(await status(client, digest)).toBe(200);
    }
  });

  test('a blob goes with the last manifest of the last repository that needs it', async () => {
    const images = [];
    for (const name of ['open/first', 'open/second']) {
      const client = await hub.client(name);
      const put = await client.putManifest('v1', await client.image('shared by two'));
      images.push({ client, digest: put.headers.get('docker-content-digest') ?? '' });
    }
    const layer = digestOf(Buffer.from('shared by two'));
    const left = [true, false];
    for (const { client, digest } of images) {
      await client.send('DELETE', `manifests/${digest}`);
      await collect();
      expect((await hub.blobs.stat(layer)) !== undefined).toBe(left.shift());
    }
  });

  test('garbage goes by itself, a day after a push could have needed it', async () => {
    const clock = new FakeClock();
    await using own = await TestHub.start(clock, [], { openRecords });
    const digest = await (await own.client('open/app')).pushBlob(randomBytes(10));
    const begun = clock.now();
    await expect
      .poll(async () => {
        clock.advance(60 * 60_000);
        return own.blobs.stat(digest);
      })
      .toBeUndefined();
    const hours = (clock.now() - begun) / 3_600_000;
    expect(hours).toBeGreaterThan(24);
  });

  test('an upload that nobody goes on with is cancelled', async () => {
    const client = await hub.client('open/uploads');
    const start = await client.send('POST', 'blobs/uploads/');
    expect((await collect()).uploads).toBe(1);
    expect((await client.send('GET', start.headers.get('location') ?? '')).status).toBe(404);
  });

  test('a session whose bytes are gone, as a crash leaves one, counts as begun no longer', async () => {
    const session = {
      id: 'f'.repeat(32),
      repository: 'open/uploads',
      caller: 'dev',
      started: Date.now() - 10,
    };
    await hub.records.write((to) => to.insertInto('uploads').values(session).execute());
    const sessions = () => hub.records.read.selectFrom('uploads').selectAll().execute();
    await hub.hub.collectGarbage({ grace: 60_000 });
    expect(await sessions()).toEqual([session]);
    await collect();
    expect(await sessions()).toEqual([]);
  });

  test('a blob of the store that its metadata does not know, as a crash leaves one, is found and deleted', async () => {
    const upload = await hub.blobs.createUpload();
    const bytes = randomBytes(500);
    await upload.append([bytes] as unknown as AsyncIterable<Uint8Array>);
    const { digest } = await upload.commit(digestOf(bytes));
    expect(await collect()).toMatchObject({ blobs: 1, bytes: 500 });
    expect(await hub.blobs.stat(digest)).toBeUndefined();
  });

  test('collecting all the time loses nothing of pushes that share a layer', async () => {
    let pushing = true;
    let pushed = 0;
    const end = performance.now() + 60_000;
    // the grace is one second: pushes here take less from blob to manifest, or are told that a blob is missing
    const collecting = (async () => {
      while (pushing) await hub.hub.collectGarbage({ grace: 1000 });
    })();
    const pushes = Array.from({ length: 4 }, async (_, worker) => {
      const client = await hub.client(`open/race${worker}`);
      // a busy machine tries more often
      for (let round = 0, mine = 0; mine < 4 && performance.now() < end; round++) {
        const image = await client.image('shared by all');
        const put = await client.putManifest('v1', { ...image, annotations: { round: String(round) } });
        if (put.status === 404) continue;
        expect(put.status).toBe(201);
        pushed += 1;
        mine += 1;
        const [layer] = image.layers as { digest: string }[];
        const read = await client.send('GET', `blobs/${layer?.digest}`);
        expect(await read.text()).toBe('shared by all');
        if (worker % 2) await client.send('DELETE', `manifests/${put.headers.get('docker-content-digest')}`);
      }
    });
    await Promise.all(pushes).finally(() => {
      pushing = false;
    });
    await collecting;
    expect(pushed).toBeGreaterThan(10);
    const stored = await hub.blobs.stat(digestOf(Buffer.from('shared by all')));
    expect(stored).toBeDefined();
  });
}
