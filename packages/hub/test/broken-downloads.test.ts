import { randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { digestOf } from '@sampan/blobs';
import { expect, test } from 'vitest';
import { TestHub } from './support.ts';

/** Open files of this process that are blobs; where there is no /proc, none. */
function openBlobs(): number {
  const folder = '/proc/self/fd';
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).includes('/blobs/sha256/');
    } catch {
      // it was closed meanwhile
      return false;
    }
  }).length;
}

test('clients that go away during downloads, or before they began, leave no blob open', async () => {
  await using hub = await TestHub.start();
  const client = await hub.client();
  const bytes = randomBytes(20_000_000);
  const digest = await client.pushBlob(bytes);
  const token = await hub.token('dev', ['repository:open/app:pull']);
  const ask = `GET /v2/open/app/blobs/${digest} HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer ${token}\r\n\r\n`;
  const gone = Array.from({ length: 10 }, async (_, n) => {
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1');
    // half of them ask for several at once, of which one is answered at a time
    socket.write(n % 2 ? ask : ask + ask + ask);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
  });
  await Promise.all(gone);
  await expect.poll(openBlobs).toBe(0);
  const read = await client.send('GET', `blobs/${digest}`);
  expect(digestOf(Buffer.from(await read.arrayBuffer()))).toBe(digest);
  await expect.poll(openBlobs).toBe(0);
});
