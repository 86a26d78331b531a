import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@sampan/base';
import type { GuestSettings } from '@sampan/clusters';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../src/guest-record.ts';
import { Guests } from '../src/guests.ts';
import { serveGuests } from '../src/serve-guests.ts';

const folder = mkdtempSync(join(tmpdir(), 'sampan-serve-guests-'));
const socketPath = join(folder, 'guests.sock');
const SETTINGS: GuestSettings = { ...DEFAULT_SETTINGS, idleMs: 0 };
let guests: Guests;
let stop: () => Promise<void>;

beforeAll(async () => {
  guests = new Guests({
    folder: join(folder, 'clusters'),
    backups: join(folder, 'backups'),
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0' },
    externalAddress: 'localhost:6443',
    log: silentLogger,
  });
  await guests.create('free', SETTINGS);
  await guests.create('held', { ...SETTINGS, quota: { requestsPerSecond: 2 } });
  stop = await serveGuests(guests, socketPath, silentLogger);
});

afterAll(async () => {
  await stop();
  await guests.close();
  rmSync(folder, { recursive: true, force: true });
});

function get(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer));
    });
    asked.once('error', reject);
    asked.end();
  });
}

it('refuses requests beyond what the cluster may be asked in a second, and says when to come again', async () => {
  const first = await get('/clusters/held/version');
  expect(first.statusCode).toBe(200);
  let refused: IncomingMessage | undefined;
  // at once: a machine that is slow for a moment may answer that many one after the other
  while (!refused) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => get('/clusters/held/version')));
    refused = answers.find(({ statusCode }) => statusCode === 429);
  }
  expect(refused.headers['retry-after']).toBe('1');
});

it('answers many requests at once, each of them', async () => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => get('/clusters/free/version')));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
});

it('goes on after clients that went away while they waited', async () => {
  const gone = Array.from({ length: 300 }, () => request({ socketPath, path: '/clusters/free/version' }));
  for (const asked of gone) {
    asked.on('error', () => {});
    asked.end();
  }
  await new Promise(setImmediate);
  for (const asked of gone) asked.destroy();
  const answer = await get('/clusters/free/version');
  expect(answer.statusCode).toBe(200);
});
