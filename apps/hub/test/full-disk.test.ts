import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, HubProcess, MANIFEST, requestsTo } from './hub-process.ts';

const MB = 1024 * 1024;
const root = process.getuid?.() === 0;
if (!root) console.warn('not tested on a full disk, which only root can make small');

const location = (answer: Response) => answer.headers.get('location') ?? '';
const codeOf = async (answer: Response) =>
  ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code;

describe.skipIf(!root)('on a disk of 16 MB', () => {
  let folder: string;
  let disk: string;
  let server: HubProcess;
  let send: ReturnType<typeof requestsTo>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sampan-hub-full-'));
    disk = join(folder, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'sampan-test', disk]);
    server = await HubProcess.start(join(disk, 'hub'));
    send = requestsTo(server.url, await server.logIn());
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    execFileSync('umount', [disk]);
    await rm(folder, { recursive: true });
  });

  const uploads = () => readdir(join(disk, 'hub', 'blobs', 'uploads'));

  test('a blob that does not fit is refused as such, and its bytes go', async () => {
    const bytes = randomBytes(24 * MB);
    const post = await send('POST', `blobs/uploads/?digest=${digestOf(bytes)}`, bytes);
    expect([post.status, await codeOf(post)]).toEqual([507, 'UNAVAILABLE']);
    expect(await uploads()).toEqual([]);
    expect((await send('HEAD', `blobs/${digestOf(bytes)}`)).status).toBe(404);
  });

  test('an upload that does not fit keeps what came, and goes on when there is space again', async () => {
    const bytes = randomBytes(4 * MB);
    const start = await send('POST', 'blobs/uploads/');
    const first = await send('PATCH', location(start), bytes.subarray(0, MB));
    expect(first.status).toBe(202);
    const filler = join(disk, 'filler');
    await expect(writeFile(filler, Buffer.alloc(32 * MB))).rejects.toThrow('ENOSPC');
    const refused = await send('PATCH', location(start), bytes.subarray(MB));
    expect([refused.status, await codeOf(refused)]).toEqual([507, 'UNAVAILABLE']);
    // what is there is read as ever
    const status = await send('GET', location(start));
    expect(status.status).toBe(204);
    await unlink(filler);
    const kept = Number(status.headers.get('range')?.split('-')[1]) + 1;
    expect(kept).toBeGreaterThanOrEqual(MB);
    const rest = await send('PATCH', location(start), bytes.subarray(kept), {
      'content-range': `${kept}-${bytes.length - 1}`,
    });
    expect(rest.status).toBe(202);
    const put = await send('PUT', `${location(start)}?digest=${digestOf(bytes)}`);
    expect(put.status).toBe(201);
    const read = await send('GET', `blobs/${digestOf(bytes)}`);
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('pushing until nothing fits loses nothing that was acknowledged', async () => {
    const acknowledged: string[] = [];
    let refused = 0;
    for (let round = 0; refused < 5; round++) {
      const bytes = randomBytes(MB);
      const layer = { mediaType: 'a/b', digest: digestOf(bytes), size: bytes.length };
      const post = await send('POST', `blobs/uploads/?digest=${layer.digest}`, bytes);
      const image = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: layer, layers: [layer] });
      const put = await send('PUT', `manifests/v${round}`, image, { 'content-type': MANIFEST });
      if (put.status === 201) acknowledged.push(layer.digest);
      else {
        expect([404, 503]).toContain(put.status);
        refused += 1;
      }
      // the blob may fit, and what is written of it not
      if (post.status !== 201) expect([503, 507]).toContain(post.status);
    }
    expect(acknowledged.length).toBeGreaterThan(2);
    for (const digest of acknowledged) {
      const read = await send('GET', `blobs/${digest}`);
      expect(digestOf(Buffer.from(await read.arrayBuffer()))).toBe(digest);
    }
    expect(await uploads()).toEqual([]);
    await server.kill();
    // it starts on what is there, though the disk is full
    server = await HubProcess.start(join(disk, 'hub'));
    send = requestsTo(server.url, await server.logIn());
    expect((await send('HEAD', `blobs/${acknowledged[0]}`)).status).toBe(200);
  });
});
