import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, silentLogger } from '@sampan/base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GuestNetworks } from '../src/guest-networks.ts';
import { DEFAULT_SETTINGS } from '../src/guest-record.ts';
import { Guests } from '../src/guests.ts';
import type { GuestsOptions } from '../src/life/options.ts';
import { NodeCaller } from '../src/node-caller.ts';

const MISSING = { code: 'guest-missing' };
const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };

let root: string;
let guests: Guests;
const open = (more: Partial<GuestsOptions> = {}) =>
  new Guests({
    folder: join(root, 'clusters'),
    backups: join(root, 'backups'),
    version: VERSION,
    externalAddress: '127.0.0.1:6443',
    log: silentLogger,
    ...more,
  });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sampan-guests-'));
  guests = open();
});

afterEach(async () => {
  await guests.close();
  rmSync(root, { recursive: true, force: true });
});

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: { readonly code?: string }) => error.code,
  );

test('who waits for a cluster that is being removed hears that there is none, as do all later', async () => {
  await guests.create('gone', DEFAULT_SETTINGS);
  await guests.sleep('gone');
  const removing = guests.remove('gone');
  const waiting = [guests.use('gone'), guests.wake('gone'), guests.sleep('gone'), guests.backup('gone', 1)];
  expect(await Promise.all(waiting.map(codeOf))).toEqual(waiting.map(() => MISSING.code));
  await removing;
  await expect(guests.use('gone')).rejects.toMatchObject(MISSING);
  expect(readdirSync(join(root, 'clusters'))).toEqual([]);
  expect((await guests.create('gone', DEFAULT_SETTINGS)).phase).toBe('awake');
});

test('clusters that are to be made of each other, or of themselves, do not wait for ever', async () => {
  const making = [
    guests.create('a', DEFAULT_SETTINGS, { cluster: 'b' }),
    guests.create('b', DEFAULT_SETTINGS, { cluster: 'a' }),
    guests.create('c', DEFAULT_SETTINGS, { cluster: 'c' }),
  ];
  expect(await Promise.all(making.map(codeOf))).toEqual(making.map(() => MISSING.code));
  expect(readdirSync(join(root, 'clusters'))).toEqual([]);
});

test('a cluster is made of one that is only on its way', async () => {
  const making = [
    guests.create('first', DEFAULT_SETTINGS),
    guests.create('second', DEFAULT_SETTINGS, { cluster: 'first' }),
    guests.create('third', DEFAULT_SETTINGS, { cluster: 'second' }),
  ];
  expect((await Promise.all(making)).map(({ phase }) => phase)).toEqual(making.map(() => 'awake'));
});

test('a clone is not made of what happened to have been removed when its turn came', async () => {
  await guests.close();
  let meanwhile = async (): Promise<unknown> => undefined;
  class SlowNetworks extends GuestNetworks {
    override async take(): Promise<number> {
      await meanwhile();
      return 7;
    }
  }
  const node = {
    name: 'machine',
    caller: new NodeCaller(join(root, 'none.sock')),
    networks: new SlowNetworks(root),
    agentSocket: () => join(root, 'none.sock'),
  };
  guests = open({ node });
  for (const wait of [true, false]) {
    meanwhile = async () => undefined;
    await guests.create('source', DEFAULT_SETTINGS);
    await guests.sleep('source');
    meanwhile = async () => {
      await guests.wake('source');
      const removing = guests.remove('source');
      if (wait) await removing;
    };
    const cloning = guests.create('clone', DEFAULT_SETTINGS, { cluster: 'source' });
    await expect(cloning).rejects.toMatchObject(MISSING);
    expect(readdirSync(join(root, 'clusters'))).toEqual([]);
  }
});

test('nobody is woken after the end', async () => {
  await guests.create('late', DEFAULT_SETTINGS);
  const closing = guests.close();
  expect(await codeOf(guests.wake('late'))).toBe('guests-gone');
  expect(await codeOf(guests.use('late'))).toBe('guests-gone');
  await closing;
  expect(await codeOf(guests.use('late'))).toBe('guests-gone');
});

test('a cluster does not fall asleep under who just asked for it', async () => {
  await guests.close();
  const clock = new FakeClock(Date.now());
  const told: string[] = [];
  guests = open({ clock, changed: (_, { phase }) => told.push(phase) });
  await guests.create('idle', { ...DEFAULT_SETTINGS, idleMs: 60_000 });
  // its controllers have work to do at first
  (await guests.use('idle')).end();
  for (let turns = 0; turns < 60; turns++) {
    clock.advance(3_600_000);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    let isCut = false;
    const { guest, end } = await guests.use('idle', () => {
      isCut = true;
    });
    await guests.state('idle');
    expect({ turns, isCut, isOpen: guest.isOpen }).toEqual({ turns, isCut: false, isOpen: true });
    end();
  }
  clock.advance(3_600_000);
  await expect.poll(() => told).toContain('asleep');
});
