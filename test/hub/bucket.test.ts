import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { openS3BlobStore } from '@sampan/blobs/s3';
import { hashPassword, MemoryDirectory } from '@sampan/hub';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningHub, startHub } from '../../apps/hub/src/start-hub.ts';
import { writeLayout } from '../../apps/hub/test/support.ts';
import { missingForS3, type S3Server, startS3Server } from '../../packages/blobs/test/s3-server.ts';
import { blobsSuite } from '../../packages/hub/test/conformance/blobs-suite.ts';
import { contentsSuite } from '../../packages/hub/test/conformance/contents-suite.ts';
import type { OpenBlobs } from '../../packages/hub/test/support.ts';

const missing = missingForS3();
if (missing.length > 0 && process.env.CI) throw new Error(`not here: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`not tested with blobs in a bucket, for want of ${missing.join(', ')}`);

describe.skipIf(missing.length > 0)('a registry whose blobs are in a bucket', () => {
  let folder: string;
  let server: S3Server;
  let hub: RunningHub;
  let headers: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-hub-bucket-'));
    server = await startS3Server();
    const directory = new MemoryDirectory();
    directory.setAccount({ name: 'dev', hash: await hashPassword('secret'), administrator: true });
    directory.setProject({ name: 'shop', public: true, members: [] });
    const bucket = { ...server, region: 'us-east-1', prefix: 'hub/' };
    hub = await startHub({ folder: join(folder, 'hub'), bucket, port: 0, directory, logger: silentLogger });
    const scope = 'repository:shop/app:pull,push,delete';
    const answer = await fetch(`${hub.url}/hub/token?scope=${scope}`, {
      headers: { authorization: `Basic ${Buffer.from('dev:secret').toString('base64')}` },
    });
    headers = { authorization: `Bearer ${((await answer.json()) as { token: string }).token}` };
  });
  afterAll(async () => {
    await hub?.close();
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  const send = (method: string, path: string, init: RequestInit = {}) =>
    fetch(path.startsWith('/') ? hub.url + path : `${hub.url}/v2/shop/app/${path}`, {
      ...init,
      method,
      headers: { ...headers, ...init.headers },
    });

  test('a client is sent to the bucket for a whole blob, and gets a part from the registry', async () => {
    const bytes = randomBytes(300_000);
    const digest = digestOf(bytes);
    expect((await send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes })).status).toBe(201);
    const moved = await send('GET', `blobs/${digest}`, { redirect: 'manual' });
    expect(moved.status).toBe(307);
    expect(moved.headers.get('location')).toContain(server.endpoint);
    const read = await send('GET', `blobs/${digest}`);
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
    const part = await send('GET', `blobs/${digest}`, { headers: { range: 'bytes=100-199' } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true);
  });

  test('an upload of many parts goes on from where it was, and is deleted as garbage when nothing needs it', async () => {
    const bytes = randomBytes(20_000_000);
    const digest = digestOf(bytes);
    const start = await send('POST', 'blobs/uploads/');
    let location = start.headers.get('location') ?? '';
    for (const [from, to] of [
      [0, 9_000_000],
      [9_000_000, 9_000_010],
      [9_000_010, bytes.length],
    ] as const) {
      const range = `${from}-${to - 1}`;
      const body = bytes.subarray(from, to);
      const chunk = await send('PATCH', location, { body, headers: { 'content-range': range } });
      expect([chunk.status, chunk.headers.get('range')]).toEqual([202, `0-${to - 1}`]);
      location = chunk.headers.get('location') ?? '';
    }
    expect((await send('PUT', `${location}?digest=${digest}`)).status).toBe(201);
    const read = await send('GET', `blobs/${digest}`);
    expect(digestOf(Buffer.from(await read.arrayBuffer()))).toBe(digest);
    expect(await hub.hub.check({ read: true })).toEqual([]);
    const { bytes: freed } = await hub.hub.collectGarbage({ grace: -1 });
    expect(freed).toBeGreaterThanOrEqual(bytes.length);
    expect((await send('HEAD', `blobs/${digest}`)).status).toBe(404);
  });

  test('skopeo pushes and pulls', async () => {
    const run = promisify(execFile);
    const skopeo = (...args: string[]) => run('skopeo', ['--insecure-policy', ...args], { timeout: 60_000 });
    const layout = join(folder, 'layout');
    await writeLayout(layout);
    const image = `docker://${new URL(hub.url).host}/shop/app:v1`;
    await skopeo('copy', '--dest-tls-verify=false', '--dest-creds', 'dev:secret', `oci:${layout}:v1`, image);
    await skopeo('copy', '--src-tls-verify=false', image, `dir:${join(folder, 'copy')}`);
    const { stdout } = await skopeo('list-tags', '--tls-verify=false', image.replace(':v1', ''));
    expect(JSON.parse(stdout)).toMatchObject({ Tags: ['v1'] });
  });

  let stores = 0;
  // redirects are not what these are about
  const openBlobs: OpenBlobs = async () =>
    openS3BlobStore({ ...server, region: 'us-east-1', prefix: `suite${++stores}/`, redirects: false });
  blobsSuite({ openBlobs });
  contentsSuite({ openBlobs });
});
