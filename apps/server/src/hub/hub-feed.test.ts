import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@sampan/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HubFeed } from './hub-feed.ts';

let folder: string;
let feed: HubFeed;
let breaks = 0;
const streams: ServerResponse[] = [];
/** In the registry's place: tells what the tests say. */
const server = createServer((request, response) => {
  expect(request.url).toBe('/resources/changes');
  streams.push(response);
  response.write('{"version":100}\n');
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sampan-feed-'));
  breaks = 0;
  const socketPath = join(folder, 's');
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const onBroken = () => void breaks++;
  feed = new HubFeed({ socketPath, ready: async () => undefined, log: silentLogger, onBroken });
});
afterEach(async () => {
  await feed.stop();
  streams.splice(0);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const tell = (...versions: number[]): void => {
  for (const version of versions)
    streams
      .at(-1)
      ?.write(`${JSON.stringify({ version, resource: 'tags', name: `t${version}`, spec: {} })}\n`);
};
const isFollowing = (version: string) =>
  expect.poll(
    () => {
      try {
        feed.watch('tags', version, () => {})();
        return true;
      } catch {
        return false;
      }
    },
    { timeout: 10_000 },
  );

test('a watch gets what came after its version, of its resource, until it ends', async () => {
  expect(() => feed.watch('tags', '100', () => {})).toThrow(expect.objectContaining({ code: 410 }));
  feed.start();
  await isFollowing('100').toBe(true);
  const first: number[] = [];
  const end = feed.watch('tags', '100', ({ version }) => first.push(version));
  feed.watch('manifests', '100', () => expect.unreachable());
  tell(101, 102);
  await expect.poll(() => first).toEqual([101, 102]);
  const second: number[] = [];
  feed.watch('tags', '101', ({ version }) => second.push(version));
  expect(second).toEqual([102]);
  end();
  tell(103);
  await expect.poll(() => second).toEqual([102, 103]);
  expect(first).toEqual([101, 102]);
  for (const version of ['99', '', 'x'])
    expect(() => feed.watch('tags', version, () => {})).toThrow(expect.objectContaining({ code: 410 }));
});

test('lines come whole, however they are cut', async () => {
  feed.start();
  await isFollowing('100').toBe(true);
  const seen: string[] = [];
  feed.watch('tags', '100', ({ name }) => seen.push(name));
  const line = Buffer.from(`${JSON.stringify({ version: 101, resource: 'tags', name: 'ü', spec: {} })}\n`);
  for (const byte of line) streams.at(-1)?.write(Buffer.of(byte));
  await expect.poll(() => seen).toEqual(['ü']);
});

test('what is long past is not known any more', async () => {
  feed.start();
  await isFollowing('100').toBe(true);
  tell(...Array.from({ length: 2500 }, (_, index) => 101 + index));
  await isFollowing('2600').toBe(true);
  await isFollowing('100').toBe(false);
  const seen: number[] = [];
  feed.watch('tags', '2598', ({ version }) => seen.push(version));
  await expect.poll(() => seen).toEqual([2599, 2600]);
});

test('when the registry ends, watches have to begin anew, and may once it is there again', async () => {
  feed.start();
  await isFollowing('100').toBe(true);
  feed.watch('tags', '100', () => expect.unreachable());
  streams.at(-1)?.destroy();
  await expect.poll(() => breaks).toBe(1);
  await expect.poll(() => streams.length, { timeout: 10_000 }).toBe(2);
  await isFollowing('100').toBe(true);
  tell(101);
  await sleep(50);
  expect(breaks).toBe(1);
});
