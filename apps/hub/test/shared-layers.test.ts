import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestOf, HubProcess, MANIFEST, requestsTo } from './hub-process.ts';

const PUSHES = 100;

/** Files below a folder, whatever their names. */
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test(`${PUSHES} images that share layers, pushed at once, store each layer once`, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-shared-'));
  try {
    await using server = await HubProcess.start(folder);
    const send = requestsTo(server.url, await server.logIn());
    const shared = Array.from({ length: 5 }, () => randomBytes(200_000));
    const own = Array.from({ length: PUSHES }, () => randomBytes(1000));
    const push = async (bytes: Buffer<ArrayBuffer>) => {
      const digest = digestOf(bytes);
      const start = await send('POST', 'blobs/uploads/');
      const location = start.headers.get('location') ?? '';
      const put = await send('PUT', `${location}?digest=${digest}`, bytes);
      expect(put.status).toBe(201);
      return { mediaType: 'a/b', digest, size: bytes.length };
    };
    const pushes = own.map(async (bytes, index) => {
      const [config, ...layers] = await Promise.all([bytes, ...shared].map(push));
      const image = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config, layers });
      const put = await send('PUT', `manifests/v${index}`, image, { 'content-type': MANIFEST });
      expect(put.status).toBe(201);
    });
    await Promise.all(pushes);
    const wanted = [...shared, ...own].map((bytes) => digestOf(bytes).replace('sha256:', ''));
    expect((await filesIn(join(folder, 'blobs'))).sort()).toEqual(wanted.sort());
    for (const [index, bytes] of own.entries()) {
      const answer = await send('GET', `manifests/v${index}`);
      const { config, layers } = (await answer.json()) as { config: { digest: string }; layers: object[] };
      expect([config.digest, layers.length]).toEqual([digestOf(bytes), shared.length]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
