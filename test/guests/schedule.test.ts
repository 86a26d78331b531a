import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, silentLogger } from '@sampan/base';
import {
  CLUSTERS,
  type Cluster,
  type ClusterController,
  clusterDefinition,
  startClusterController,
} from '@sampan/clusters';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Guests } from '../../apps/guests/src/guests.ts';
import { type Plane, startPlane } from '../support/plane.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const DAY_MS = 86_400_000;
const WAIT = { timeout: 60_000 };

describe('backups on a schedule', () => {
  const root = mkdtempSync(join(tmpdir(), 'sampan-schedule-'));
  const clock = new FakeClock(Date.now());
  const folder = join(root, 'backups', 'dev');
  let plane: Plane;
  let client: Client;
  let guests: Guests;
  let controller: ClusterController;

  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    await client.create(REFS.customResourceDefinitions, clusterDefinition);
    await vi.waitFor(() => client.list(CLUSTERS), WAIT);
    guests = new Guests({
      folder: join(root, 'clusters'),
      backups: join(root, 'backups'),
      version: VERSION,
      externalAddress: '127.0.0.1:6443',
      log: silentLogger,
      clock,
    });
    controller = startClusterController({
      client: plane.control.client('cluster-controller'),
      host: guests,
      url: 'https://127.0.0.1:6443',
      version: VERSION.gitVersion,
      clock,
      log: silentLogger,
    });
  });
  afterAll(async () => {
    await controller?.stop();
    await guests?.close();
    await plane?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const statusOf = async () => (await client.get<Cluster>(CLUSTERS, undefined, 'dev')).status;
  const backedUp = async () => (await statusOf())?.conditions?.find(({ type }) => type === 'BackedUp');
  const day = async () => {
    const before = (await statusOf())?.backup?.time;
    clock.advance(DAY_MS);
    await expect.poll(async () => (await statusOf())?.backup?.time, WAIT).not.toBe(before);
  };

  it('are made each time, and only the newest are kept', async () => {
    const spec = { idleSeconds: 0, backup: { schedule: '0 3 * * *', keep: 2 } };
    await client.create<Cluster>(CLUSTERS, {
      apiVersion: 'clusters.sampan.dev/v1',
      kind: 'Cluster',
      metadata: { name: 'dev' },
      spec,
    });
    await expect.poll(async () => (await statusOf())?.phase, WAIT).toBe('Running');
    expect((await statusOf())?.backup).toBeUndefined();
    for (let count = 0; count < 3; count++) await day();
    expect(await backedUp()).toMatchObject({ status: 'True' });
    const kept = readdirSync(folder);
    expect(kept).toHaveLength(2);
    expect(kept.map((file) => `dev/${file}`)).toContain((await statusOf())?.backup?.file);
  });

  it('say when one could not be made, and go on with the next', async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, 'in the way');
    clock.advance(DAY_MS);
    await expect.poll(async () => (await backedUp())?.status, WAIT).toBe('False');
    rmSync(folder);
    await day();
    expect(await backedUp()).toMatchObject({ status: 'True' });
    expect(readdirSync(folder)).toHaveLength(1);
  });
});
