import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@sampan/base';
import {
  CLUSTERS,
  type Cluster,
  type ClusterController,
  type ClusterSpec,
  clusterDefinition,
  startClusterController,
} from '@sampan/clusters';
import { type Client, HttpClient, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Guests } from '../../apps/guests/src/guests.ts';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { startKubernetes, type Upstream } from '../../tools/upstream/kubernetes.ts';
import { anew } from './support.ts';

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.0' };
const WAIT = { timeout: 30_000 };

describe.runIf(hasUpstream('kubernetes'))('clusters of kube-apiserver 1.20.2 as their host cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-clusters-'));
  let upstream: Upstream;
  let client: Client;
  let guests: Guests;
  let controller: ClusterController;

  beforeAll(async () => {
    upstream = await startKubernetes();
    client = new HttpClient(upstream, { name: 'test' });
    await client.create(REFS.customResourceDefinitions, clusterDefinition);
    await vi.waitFor(async () => {
      const kinds = await client.resources();
      if (!kinds.some(({ kind }) => kind === 'Cluster')) throw new Error('the kind is not served yet');
    }, WAIT);
    guests = new Guests({
      folder: join(folder, 'clusters'),
      backups: join(folder, 'backups'),
      version: VERSION,
      externalAddress: '127.0.0.1:6443',
      log: silentLogger,
      changed: (...args) => controller.changed(...args),
    });
    controller = startClusterController({
      client: new HttpClient(upstream, { name: 'cluster-controller' }),
      host: guests,
      url: 'https://127.0.0.1:6443',
      version: VERSION.gitVersion,
      clock: systemClock,
      log: silentLogger,
    });
  });
  afterAll(async () => {
    await controller?.stop();
    await guests?.close();
    await upstream?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = (name: string) => client.get<Cluster>(CLUSTERS, undefined, name);
  const create = (name: string, spec: ClusterSpec = {}) =>
    client.create<Cluster>(CLUSTERS, {
      apiVersion: 'clusters.sampan.dev/v1',
      kind: 'Cluster',
      metadata: { name },
      spec,
    });
  const ask = (name: string, spec: ClusterSpec) => client.patch(CLUSTERS, undefined, name, 'merge', { spec });
  const phase = (name: string) => expect.poll(async () => (await get(name)).status?.phase, WAIT);

  it('are made, sleep, wake, are backed up once for each time they are asked, cloned and deleted', async () => {
    await create('dev');
    await phase('dev').toBe('Running');
    expect((await get('dev')).status?.conditions).toEqual([
      expect.objectContaining({ type: 'Ready', status: 'True', reason: 'Serving' }),
    ]);
    const requestedAt = anew();
    await ask('dev', { backup: { requestedAt } });
    await expect.poll(async () => (await get('dev')).status?.handled?.backup, WAIT).toBe(requestedAt);
    await ask('dev', { sleepRequestedAt: anew() });
    await phase('dev').toBe('Sleeping');
    await create('copy', { from: { cluster: 'dev' } });
    await phase('copy').toBe('Running');
    await ask('dev', { wakeRequestedAt: anew() });
    await phase('dev').toBe('Running');
    expect(readdirSync(join(folder, 'backups', 'dev'))).toHaveLength(1);
    await client.delete(CLUSTERS, undefined, 'dev');
    await expect.poll(() => get('dev').catch(({ code }: { code: number }) => code), WAIT).toBe(404);
    expect(await guests.phases()).toEqual({ copy: 'awake' });
  });

  it('fail with a reason when they cannot be made', async () => {
    await create('of-nobody', { from: { cluster: 'nobody' } });
    await phase('of-nobody').toBe('Failed');
    expect((await get('of-nobody')).status?.conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'Missing',
    });
    await client.delete(CLUSTERS, undefined, 'of-nobody');
    await expect.poll(() => get('of-nobody').catch(({ code }: { code: number }) => code), WAIT).toBe(404);
  });
});
