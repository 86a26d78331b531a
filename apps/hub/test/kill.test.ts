import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@sampan/base';
import { MemoryDirectory } from '@sampan/hub';
import { expect, test } from 'vitest';
import { startHub } from '../src/start-hub.ts';
import { digestOf, HubProcess, MANIFEST, requestsTo } from './hub-process.ts';

/** At random moments; few where they would hold up whoever works here. */
const KILLS = process.env.CI ? 50 : 8;

/** Of some images, after which it is killed: as many on a slow machine as on a fast one. */
const MOST_REQUESTS = 40;

type Send = ReturnType<typeof requestsTo>;

/** `reached` resolves when so many requests were answered. */
function countTo(count: number, send: Send): { counted: Send; reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  let left = count;
  const counted: Send = async (...request) => {
    const answer = await send(...request);
    left -= 1;
    if (left === 0) resolve();
    return answer;
  };
  return { counted, reached };
}

/** What a registry said that it has. */
interface Acknowledged {
  readonly manifests: string[];
  /** Begun uploads, to be gone on with: where, and the bytes that it said to have. */
  readonly uploads: { location: string; sent: Buffer<ArrayBuffer> }[];
}

const location = (answer: Response) => answer.headers.get('location') ?? '';

/** Pushes images until the registry is gone: one blob whole, one in chunks, one that all share. */
async function pushUntilGone(send: Send, { manifests, uploads }: Acknowledged): Promise<void> {
  const shared = Buffer.alloc(50_000, 'shared');
  for (;;) {
    const layers = [];
    for (const bytes of [randomBytes(300_000), shared]) {
      await send('POST', `blobs/uploads/?digest=${digestOf(bytes)}`, bytes);
      layers.push({ mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length });
    }
    layers.push(await pushInChunks(send, uploads));
    const image = { schemaVersion: 2, mediaType: MANIFEST, config: layers[0], layers };
    const body = JSON.stringify(image);
    const put = await send('PUT', 'manifests/latest', body, { 'content-type': MANIFEST });
    // what is refused is in none of the digests, and so fails the test
    manifests.push(put.status === 201 ? digestOf(Buffer.from(body)) : await put.text());
  }
}

async function pushInChunks(send: Send, uploads: Acknowledged['uploads']): Promise<object> {
  const bytes = randomBytes(100_000);
  const upload = { location: location(await send('POST', 'blobs/uploads/')), sent: Buffer.alloc(0) };
  uploads.push(upload);
  for (let start = 0; start < bytes.length; start += 50_000) {
    const answer = await send('PATCH', upload.location, bytes.subarray(start, start + 50_000));
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
    upload.sent = bytes.subarray(0, start + 50_000);
  }
  const digest = digestOf(bytes);
  await send('PUT', `${upload.location}?digest=${digest}`);
  // from here on it is a blob
  uploads.splice(uploads.indexOf(upload), 1);
  return { mediaType: 'a/b', digest, size: bytes.length };
}

/** Goes on with what a killed registry had, perhaps finished without saying so. */
async function goOn(send: Send, { uploads }: Acknowledged): Promise<void> {
  for (const upload of uploads.splice(0)) {
    const status = await send('GET', upload.location);
    if (status.status === 404) continue;
    expect(status.status).toBe(204);
    const kept = Number(status.headers.get('range')?.split('-')[1]) + 1;
    expect(kept).toBeGreaterThanOrEqual(upload.sent.length);
    // more may have come than was acknowledged: only what was is known here
    if (kept !== upload.sent.length) continue;
    const end = await send('PUT', `${upload.location}?digest=${digestOf(upload.sent)}`);
    expect(end.status, await end.text()).toBe(201);
    const read = await send('GET', `blobs/${digestOf(upload.sent)}`);
    expect(Buffer.from(await read.arrayBuffer()).equals(upload.sent)).toBe(true);
  }
}

test(
  `a registry killed ${KILLS} times in pushes is consistent and has all that it acknowledged`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-kill-'));
    const acknowledged: Acknowledged = { manifests: [], uploads: [] };
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        await using server = await HubProcess.start(folder);
        const send = requestsTo(server.url, await server.logIn());
        await goOn(send, acknowledged);
        // once at least there is time for an image
        const count = kill === 0 ? MOST_REQUESTS : randomInt(1, MOST_REQUESTS);
        const { counted, reached } = countTo(count, send);
        const pushing = [1, 2].map(() => pushUntilGone(counted, acknowledged));
        const broken = Promise.all(
          pushing.map((push) => expect(push).rejects.toThrow(/fetch failed|terminated/)),
        );
        // none fails before: that ends the test
        await Promise.race([reached, broken]);
        await sleep(randomInt(20));
        await server.kill();
        await broken;
      }
      await expectConsistent(folder, acknowledged);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  120_000 + KILLS * 5000,
);

async function expectConsistent(folder: string, { manifests }: Acknowledged): Promise<void> {
  const directory = new MemoryDirectory();
  const { hub, close } = await startHub({ folder, port: 0, directory, logger: silentLogger });
  try {
    expect(manifests.length).toBeGreaterThan(0);
    expect(await hub.check({ read: true })).toEqual([]);
    await hub.collectGarbage({ grace: -1 });
    expect(await hub.check({ read: true })).toEqual([]);
    expect(await readdir(join(folder, 'blobs', 'uploads'))).toEqual([]);
  } finally {
    await close();
  }
  await using server = await HubProcess.start(folder);
  const send = requestsTo(server.url, await server.logIn());
  for (const digest of manifests) {
    const answer = await send('GET', `manifests/${digest}`);
    expect(answer.status, digest).toBe(200);
    const { layers } = (await answer.json()) as { layers: { digest: string }[] };
    for (const layer of layers) expect((await send('HEAD', `blobs/${layer.digest}`)).status).toBe(200);
  }
}
