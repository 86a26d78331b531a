import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errors } from '@sampan/api';
import { SampanError, silentLogger, systemClock } from '@sampan/base';
import {
  CLUSTERS,
  type Cluster,
  type ClusterController,
  type ClusterSpec,
  type ClusterStatus,
  clusterDefinition,
  type GuestHost,
  startClusterController,
} from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { readRecord } from '../../apps/guests/src/guest-record.ts';
import { Guests } from '../../apps/guests/src/guests.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { anew } from './support.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const WAIT = { timeout: 60_000 };

let root: string;
let plane: Plane;
let client: Client;
let guests: Guests;
let controller: ClusterController;
/** Methods of what holds guests that do something else. */
let instead: Partial<GuestHost>;
/** What the controller tells of clusters, before it is written. */
let told: ClusterStatus[];
let beforeTelling: (status: ClusterStatus) => Promise<void>;

beforeAll(async () => {
  plane = await startPlane();
  client = plane.control.client('test');
  await client.create(REFS.customResourceDefinitions, clusterDefinition);
  await vi.waitFor(() => client.list(CLUSTERS), WAIT);
});
afterAll(() => plane?.close());

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sampan-controller-'));
  instead = {};
  told = [];
  beforeTelling = async () => {};
  guests = new Guests({
    folder: join(root, 'clusters'),
    backups: join(root, 'backups'),
    version: VERSION,
    externalAddress: '127.0.0.1:6443',
    log: silentLogger,
    changed: (name, state) => controller.changed(name, state),
  });
  controller = startClusterController({
    client: tellingClient(plane.control.client('cluster-controller')),
    host: new Proxy<GuestHost>(guests, {
      get: (target, key: keyof GuestHost) => instead[key] ?? target[key].bind(target),
    }),
    url: 'https://127.0.0.1:6443',
    version: VERSION.gitVersion,
    clock: systemClock,
    log: silentLogger,
  });
});
afterEach(async () => {
  instead = {};
  beforeTelling = async () => {};
  for (const { metadata } of (await client.list<Cluster>(CLUSTERS)).items)
    await client.delete(CLUSTERS, undefined, metadata.name ?? '');
  await expect.poll(async () => (await client.list(CLUSTERS)).items, WAIT).toEqual([]);
  await controller.stop();
  await guests.close();
  rmSync(root, { recursive: true, force: true });
});

function tellingClient(own: Client): Client {
  return new Proxy(own, {
    get(target, key: keyof Client) {
      const value: unknown = target[key];
      if (key === 'patch')
        return async (...args: Parameters<Client['patch']>) => {
          const { status } = args[4] as { readonly status?: ClusterStatus };
          if (status) {
            told.push(status);
            await beforeTelling(status);
          }
          return target.patch(...args);
        };
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const create = (name: string, spec: ClusterSpec = {}) =>
  client.create<Cluster>(CLUSTERS, {
    apiVersion: 'clusters.sampan.dev/v1',
    kind: 'Cluster',
    metadata: { name },
    spec: { idleSeconds: 0, ...spec },
  });
const statusOf = async (name: string) => (await client.get<Cluster>(CLUSTERS, undefined, name)).status;
const running = (name: string) =>
  expect.poll(async () => (await statusOf(name))?.phase, WAIT).toBe('Running');
const ask = (name: string, spec: ClusterSpec) =>
  client.patch<Cluster>(CLUSTERS, undefined, name, 'merge', { spec });
/** Once. */
const when = (is: (status: ClusterStatus) => boolean, then: () => void): void => {
  beforeTelling = async (status) => {
    if (!is(status)) return;
    beforeTelling = async () => {};
    then();
  };
};
const refuse = () => {
  throw errors.serviceUnavailable('the disk is full');
};

it('keeps what a cluster tells of itself while its first state is written', async () => {
  when(
    ({ phase }) => phase === 'Running',
    () => controller.changed('busy', { phase: 'awake', bytes: 1, nodes: 3 }),
  );
  await create('busy');
  await expect.poll(async () => (await statusOf('busy'))?.nodes, WAIT).toBe(3);
});

it('tells later what it could not write', async () => {
  when(({ phase }) => phase === 'Running', refuse);
  await create('late');
  await running('late');
});

it('does not believe what a cluster told before it was woken', async () => {
  await create('woken');
  await running('woken');
  told = [];
  instead.wake = (name) => {
    controller.changed(name, { phase: 'asleep', bytes: 1 });
    return guests.wake(name);
  };
  const wakeRequestedAt = anew();
  await ask('woken', { wakeRequestedAt });
  await expect.poll(async () => (await statusOf('woken'))?.handled?.wake, WAIT).toBe(wakeRequestedAt);
  controller.changed('woken', { phase: 'awake', bytes: 1, nodes: 9 });
  await expect.poll(async () => (await statusOf('woken'))?.nodes, WAIT).toBe(9);
  expect(new Set(told.map(({ phase }) => phase))).toEqual(new Set(['Running']));
});

it('does once what was asked for, though it cannot be told at first', async () => {
  await create('once');
  await running('once');
  await guests.backup('once', 1);
  const backup = (await guests.backup('once', 1)).file;
  await ask('once', { restore: { backup, requestedAt: anew() } });
  await expect.poll(async () => (await statusOf('once'))?.handled?.restore, WAIT).toBeDefined();
  when(({ handled }) => handled?.rollback !== undefined, refuse);
  await ask('once', { upgrade: { rollbackRequestedAt: anew() } });
  await expect.poll(async () => (await statusOf('once'))?.handled?.rollback, WAIT).toBeDefined();
  const upgraded = (await statusOf('once'))?.conditions?.find(({ type }) => type === 'Upgraded');
  expect(upgraded).toMatchObject({ status: 'True', reason: 'RolledBack' });
});

it('tells once that a cluster could not be made, and tries again ever less often', async () => {
  const seen: (string | undefined)[] = [];
  beforeTelling = async ({ phase }) => void seen.push(phase);
  instead.create = async () => {
    seen.push('tried');
    throw new SampanError('guest-missing', 'There is no cluster "none".');
  };
  await create('clone', { from: { cluster: 'none' } });
  await expect.poll(() => seen.length, WAIT).toBeGreaterThan(8);
  expect(seen).toEqual(['Creating', 'tried', 'Failed', ...seen.slice(3).map(() => 'tried')]);
  expect((await statusOf('clone'))?.phase).toBe('Failed');
});

it('makes a clone as soon as there is what it is made of, however long that took', async () => {
  let tries = 0;
  instead.create = (...args) => {
    tries++;
    return guests.create(...args);
  };
  await create('clone', { from: { cluster: 'original' } });
  // each failure makes the next pause longer: five minutes by now
  for (let label = 1; label <= 16; label++) {
    await expect.poll(() => tries, WAIT).toBeGreaterThanOrEqual(label);
    const metadata = { labels: { tried: `${label}` } };
    await client.patch(CLUSTERS, undefined, 'clone', 'merge', { metadata });
  }
  await create('original');
  await running('clone');
});

it('makes a cluster of the same name again whose object was taken from it by force', async () => {
  const making = Promise.withResolvers<void>();
  const mayGoOn = Promise.withResolvers<void>();
  instead.create = async (...args) => {
    const state = await guests.create(...args);
    making.resolve();
    await mayGoOn.promise;
    return state;
  };
  await create('again');
  await making.promise;
  await client.patch(CLUSTERS, undefined, 'again', 'merge', { metadata: { finalizers: null } });
  await client.delete(CLUSTERS, undefined, 'again');
  instead = {};
  const { metadata } = await create('again');
  mayGoOn.resolve();
  const uidOf = () => readRecord(join(root, 'clusters', 'again')).settings.uid;
  await expect.poll(uidOf, WAIT).toBe(metadata.uid);
  await running('again');
});
