import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { FakeClock, silentLogger } from '@sampan/base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HubRequest } from '../src/api/message.ts';
import { logRefusal } from '../src/operations/log-refusal.ts';
import { slowAnswer } from '../src/operations/slow-answer.ts';
import { basic, PASSWORD, TestHub } from './support.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(() => hub[Symbol.asyncDispose]());

const ask = (method: string, path: string, name?: string) =>
  fetch(`${hub.url}/hub/api/${path}`, {
    method,
    headers: name === undefined ? {} : { authorization: basic(name, PASSWORD) },
  });

test('an administrator checks the registry, asks what is garbage, and what each project has', async () => {
  const client = await hub.client('open/app');
  const digest = await client.pushBlob(randomBytes(100));
  expect(await (await ask('POST', 'fsck?read=true', 'root')).json()).toEqual({ faults: [] });
  await hub.blobs.delete(digest);
  expect(await (await ask('POST', 'fsck', 'root')).json()).toEqual({
    faults: [{ digest, what: 'is recorded but not stored' }],
  });
  const nothing = { links: 0, blobs: 0, bytes: 0, uploads: 0, waiting: 1, waitingBytes: 100 };
  expect(await (await ask('POST', 'gc?dryRun=true', 'root')).json()).toEqual(nothing);
  expect(await (await ask('POST', 'gc', 'root')).json()).toEqual(nothing);
  expect((await ask('POST', 'gc?grace=soon', 'root')).status).toBe(400);
  expect(await (await ask('POST', 'gc?dryRun=true&grace=3600', 'root')).json()).toEqual(nothing);
  const now = await ask('POST', 'gc?dryRun=true&grace=0', 'root');
  expect(await now.json()).toMatchObject({ blobs: 1, bytes: 100, waiting: 0 });
  expect(await (await ask('GET', 'usage', 'root')).json()).toEqual({
    projects: [{ project: 'open', bytes: 100 }],
  });
});

test('nobody else may, and other methods and paths are refused', async () => {
  const anonymous = await ask('POST', 'gc');
  expect(anonymous.status).toBe(401);
  expect(anonymous.headers.get('www-authenticate')).toContain('Basic');
  expect((await ask('POST', 'gc', 'dev')).status).toBe(403);
  const get = await ask('GET', 'gc', 'root');
  expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
  expect((await ask('POST', 'other', 'root')).status).toBe(404);
});

test('a refusal that someone will ask about is logged, what clients meet all the time is not', () => {
  const lines: unknown[] = [];
  const logger = {
    ...silentLogger,
    info: (message: string, fields?: object) => void lines.push([message, fields]),
  };
  const request: HubRequest = {
    method: 'PUT',
    url: '/v2/a/b/manifests/v1',
    headers: {},
    origin: { scheme: 'https', address: '192.0.2.1' },
    body: Readable.from([]),
  };
  for (const status of [200, 401, 404, 416, 429, 500]) logRefusal(logger, request, { status, headers: {} });
  expect(lines).toEqual([]);
  logRefusal(logger, request, { status: 403, headers: {}, body: 'x'.repeat(1000) });
  const reason = 'x'.repeat(300);
  expect(lines).toEqual([
    [
      'a request was refused',
      { method: 'PUT', url: '/v2/a/b/manifests/v1', status: 403, address: '192.0.2.1', reason },
    ],
  ]);
});

test('an answer that takes long gives signs of life, and is JSON all the same', async () => {
  const clock = new FakeClock();
  let end = (_: unknown): void => {};
  const task = new Promise((resolve) => {
    end = resolve;
  });
  const { body } = slowAnswer(clock, () => task, String);
  const reading = (body as NodeJS.ReadableStream)[Symbol.asyncIterator]();
  const first = reading.next();
  await Promise.resolve();
  clock.advance(10_000);
  expect((await first).value).toBe('\n');
  const second = reading.next();
  end({ a: 1 });
  expect((await second).value).toBe('{"a":1}');
  expect((await reading.next()).done).toBe(true);
});
