import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { HubProcess } from './hub-process.ts';

const MB = 1024 * 1024;
const PIECE = Buffer.alloc(4 * MB, 'no two are the same').fill(0, 0, 8);

/** In CI more than S3 takes at once and than fits 32 bits; less where it would hold up whoever works here. */
const PIECES = (process.env.CI ? 5 * 1024 : 512) / 4;
const SIZE = PIECES * PIECE.length;

/** What the registry's memory may grow by. */
const GROWTH = 64 * MB;

/** The same bytes each time, each piece of them another. */
function* pieces(): Generator<Buffer> {
  for (let n = 0; n < PIECES; n++) {
    const piece = Buffer.from(PIECE);
    piece.writeUInt32LE(n);
    yield piece;
  }
}

function sendTo(url: string, options: object, body?: Readable): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sending = request(url, options, resolve).on('error', reject);
    if (body) pipeline(body, sending).catch(reject);
    else sending.end();
  });
}

test(`a blob of ${SIZE / MB} MB is pushed and pulled in little memory`, async () => {
  const hash = createHash('sha256');
  for (const piece of pieces()) hash.update(piece);
  const digest = `sha256:${hash.digest('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'sampan-hub-large-'));
  try {
    await using server = await HubProcess.start(folder);
    const headers = { authorization: `Bearer ${await server.logIn()}` };
    const before = server.memory().now;
    const path = `${server.url}/v2/a/b/blobs`;
    const pushed = await sendTo(
      `${path}/uploads/?digest=${digest}`,
      { method: 'POST', headers: { ...headers, 'content-length': SIZE } },
      Readable.from(pieces()),
    );
    expect(pushed.resume().statusCode).toBe(201);
    const pulled = await sendTo(`${path}/${digest}`, { headers });
    expect(pulled.headers['content-length']).toBe(String(SIZE));
    const read = createHash('sha256');
    for await (const chunk of pulled) read.update(chunk as Buffer);
    expect(`sha256:${read.digest('hex')}`).toBe(digest);
    const end = SIZE - 10;
    const tail = await sendTo(`${path}/${digest}`, { headers: { ...headers, range: `bytes=${end}-` } });
    expect(tail.headers['content-range']).toBe(`bytes ${end}-${SIZE - 1}/${SIZE}`);
    expect(Buffer.concat(await tail.toArray())).toEqual(PIECE.subarray(-10));
    expect(server.memory().most - before).toBeLessThan(GROWTH);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 600_000);
