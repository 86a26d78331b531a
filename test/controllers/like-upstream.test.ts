import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '@sampan/api';
import { startControllers } from '@sampan/controllers';
import { type Client, controllerReference, REFS } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { startComponent } from '../../tools/upstream/kubernetes.ts';
import { startPlane } from '../support/plane.ts';
import { EXIT_CODE, RUNS, startTestKubelet } from './kubelet.ts';
import { eventually } from './server.ts';

const NS = 'default';
const CONTROLLERS = ['endpoint', 'disruption', 'persistentvolume-binder', 'serviceaccount', 'job'];
const CLAIMS = { ...REFS.pods, resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' };
const VOLUMES = { ...REFS.nodes, resource: 'persistentvolumes', kind: 'PersistentVolume' };
const BUDGETS = {
  ...REFS.pods,
  group: 'policy',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
};
const JOBS = { ...REFS.pods, group: 'batch', resource: 'jobs', kind: 'Job' };
const REPLICA_SETS = { ...REFS.pods, group: 'apps', resource: 'replicasets', kind: 'ReplicaSet' };
const STEPS = 24;

/** A small generator, so that both play the same (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Play = (client: Client) => Promise<unknown>;

async function byUpstream(play: Play): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-like-upstream-'));
  const plane = await startPlane({ legacyApis: true });
  const flags = [`--controllers=${CONTROLLERS.join(',')}`, '--leader-elect=false'];
  const child = await startComponent('kube-controller-manager', plane.kubeconfig, folder, flags);
  try {
    return await play(plane.control.client('play'));
  } finally {
    await child.stop();
    await plane.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function byOurs(play: Play): Promise<unknown> {
  const plane = await startPlane({ legacyApis: true });
  const without = ['autoscaling', 'cronjobs', 'nodes', 'workloads'] as const;
  const controllers = startControllers({ client: (name) => plane.control.client(name), without });
  await controllers.synced;
  try {
    return await play(plane.control.client('play'));
  } finally {
    await controllers.stop();
    await plane.close();
  }
}

/** Which volume each of some claims gets. */
async function bindVolumes(client: Client): Promise<unknown> {
  const next = random(11);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const modes = [['ReadWriteOnce'], ['ReadWriteOnce', 'ReadOnlyMany'], ['ReadWriteMany'], ['ReadOnlyMany']];
  const spec = (i: number) => ({
    storageClassName: pick(['', '', 'slow']),
    volumeMode: pick(['Filesystem', 'Filesystem', 'Block']),
    accessModes: pick(modes),
    size: `${1 + i + Math.floor(next() * 20) * STEPS}Gi`,
  });
  for (let i = 0; i < STEPS; i++) {
    const { size, ...rest } = spec(i);
    const name = `v${i}`;
    const labels = { tier: pick(['a', 'b']) };
    await client.create<KubeObject>(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, labels },
      spec: { ...rest, capacity: { storage: size }, hostPath: { path: `/tmp/${name}` } },
    });
  }
  await eventually('all are available', async () =>
    (await client.list(VOLUMES)).items.every(({ status }) => status?.phase === 'Available'),
  );
  for (let i = 0; i < STEPS; i++) {
    const { size, ...rest } = spec(i);
    const selector = next() < 0.2 ? { selector: { matchLabels: { tier: 'a' } } } : {};
    const named = next() < 0.15 ? { volumeName: `v${Math.floor(next() * STEPS)}` } : {};
    await client.create<KubeObject>(CLAIMS, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: `c${i}`, namespace: NS },
      spec: { ...rest, ...selector, ...named, resources: { requests: { storage: size } } },
    });
    // the next one must not overtake it
    for (let wait = 0; wait < 30; wait++) {
      const { status } = await client.get<KubeObject>(CLAIMS, NS, `c${i}`);
      if (status?.phase === 'Bound') break;
      await sleep(5);
    }
  }
  const { items } = await client.list<KubeObject>(CLAIMS, { namespace: NS });
  expect(new Set(items.map(({ status }) => status.phase))).toEqual(new Set(['Bound', 'Pending']));
  return Object.fromEntries(
    items.map(({ metadata, spec: { volumeName = '' }, status }) => [
      metadata.name,
      `${status.phase} ${volumeName}`,
    ]),
  );
}

const SERVICES: Record<string, object> = {
  plain: { selector: { app: 'a' }, ports: [{ port: 80 }] },
  named: {
    selector: { app: 'a' },
    ports: [
      { name: 'x', port: 80, targetPort: 'web' },
      { name: 'y', port: 81, targetPort: 'no' },
    ],
  },
  two: {
    selector: { kind: 'p' },
    ports: [
      { name: 'x', port: 80, targetPort: 'web' },
      { name: 'y', port: 81 },
    ],
  },
  headless: { clusterIP: 'None', selector: { app: 'a' } },
  eager: { selector: { kind: 'p' }, ports: [{ port: 80 }], publishNotReadyAddresses: true },
  lonely: { selector: { app: 'none' }, ports: [{ port: 80 }] },
};

/** Where Services lead, and how many disruptions budgets allow. */
async function followPods(client: Client): Promise<unknown> {
  const next = random(5);
  await eventually('the account', () => client.get(REFS.serviceAccounts, NS, 'default'));
  await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
  const sets: KubeObject[] = [];
  for (const name of ['s0', 's1']) {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { replicas: 5 + sets.length, selector: { matchLabels: labels }, template };
    const object = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, namespace: NS }, spec };
    sets.push(await client.create<KubeObject>(REPLICA_SETS, object));
  }
  for (let i = 0; i < 14; i++) {
    const name = `p${i}`;
    const port =
      next() < 0.7 ? { ports: [{ name: 'web', containerPort: 8000 + Math.floor(next() * 2) }] } : {};
    const owner = sets[i % 2] as KubeObject;
    const pod = await client.create<KubeObject>(REFS.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: NS,
        labels: { app: next() < 0.5 ? 'a' : 'b', kind: 'p', half: String(i % 2) },
        ownerReferences: [controllerReference(owner)],
      },
      spec: {
        nodeName: 'n',
        hostname: name,
        subdomain: 'headless',
        containers: [{ name: 'c', image: 'i', ...port }],
      },
    });
    const ready = next() < 0.7 ? 'True' : 'False';
    const podIP = `10.0.0.${i}`;
    const status = {
      phase: 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      conditions: [{ type: 'Ready', status: ready }],
    };
    await client.update(REFS.pods, { ...pod, status }, { subresource: 'status' });
  }
  for (const [name, spec] of Object.entries(SERVICES))
    await client.create(REFS.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: NS, labels: { own: name } },
      spec,
    });
  const amounts = [1, 3, 20, '0%', '30%', '50%', '100%'];
  for (const [i, amount] of amounts.entries()) {
    for (const field of ['minAvailable', 'maxUnavailable'] as const) {
      const selector = { matchLabels: { half: String(i % 2) } };
      const metadata = { name: `${field.toLowerCase()}-${i}`, namespace: NS };
      await client.create(BUDGETS, {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata,
        spec: { [field]: amount, selector },
      });
    }
  }
  return settled(() => whatFollows(client));
}

/** What is read the same twice: a controller may begin before it has heard of all pods. */
async function settled(read: () => Promise<unknown>): Promise<unknown> {
  for (let last = await read(); ; ) {
    await sleep(1000);
    const now = await read();
    if (isDeepStrictEqual(now, last)) return now;
    last = now;
  }
}

/** The Endpoints of all Services and what all budgets allow. */
async function whatFollows(client: Client): Promise<unknown> {
  const endpoints = await eventually('all Endpoints', async () => {
    const { items } = await client.list<KubeObject>(REFS.endpoints, { namespace: NS });
    return (
      Object.keys(SERVICES).every((name) => items.some(({ metadata }) => metadata.name === name)) && items
    );
  });
  const budgets = await eventually('all budgets', async () => {
    const { items } = await client.list<KubeObject>(BUDGETS, { namespace: NS });
    return items.every(({ status }) => status?.observedGeneration === 1) && items;
  });
  const shown = (addresses: KubeObject['list'] = []) =>
    addresses
      .map(({ ip, hostname = '', nodeName, targetRef }: KubeObject['address']) =>
        [ip, hostname, nodeName, targetRef.name].join(),
      )
      .sort();
  return {
    endpoints: Object.fromEntries(
      endpoints.map(({ metadata, subsets = [] }) => {
        const { 'endpoints.kubernetes.io/managed-by': _, ...labels } = metadata.labels ?? {};
        const told = subsets.map(({ addresses, notReadyAddresses, ports = [] }: KubeObject['subset']) =>
          JSON.stringify([
            ports.map((one: object) => JSON.stringify(Object.entries(one).sort())).sort(),
            shown(addresses),
            shown(notReadyAddresses),
          ]),
        );
        return [metadata.name, [labels, ...told.sort()]];
      }),
    ),
    budgets: Object.fromEntries(
      budgets.map(
        ({ metadata, status: { disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods } }) => [
          metadata.name,
          [disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods],
        ],
      ),
    ),
  };
}

/** Specs of Jobs with the exit code of their pods. */
const WORK: Record<string, [object, string]> = {
  once: [{}, '0'],
  many: [{ completions: 7, parallelism: 3 }, '0'],
  wide: [{ completions: 2, parallelism: 6 }, '0'],
  any: [{ parallelism: 3 }, '0'],
  nothing: [{ completions: 0 }, '0'],
  idle: [{ parallelism: 0 }, '0'],
  broken: [{ backoffLimit: 0 }, '3'],
  together: [{ completions: 3, parallelism: 3, backoffLimit: 0 }, '3'],
  late: [{ completions: 3, parallelism: 2, activeDeadlineSeconds: 2 }, RUNS],
};

/** How Jobs end. */
async function runJobs(client: Client): Promise<unknown> {
  await eventually('the account', () => client.get(REFS.serviceAccounts, NS, 'default'));
  await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
  const kubelet = startTestKubelet(client, 'n');
  for (const [name, [spec, exitCode]] of Object.entries(WORK)) {
    const annotations = { [EXIT_CODE]: exitCode };
    const containers = [{ name: 'c', image: 'i' }];
    const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', containers } };
    const metadata = { name, namespace: NS };
    await client.create(JOBS, { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { ...spec, template } });
  }
  const ends = ({ status }: KubeObject): { type: string; reason?: string }[] =>
    (status?.conditions ?? []).filter(
      ({ type }: { type: string }) => type === 'Complete' || type === 'Failed',
    );
  const jobs = await eventually('the ends', async () => {
    const { items } = await client.list<KubeObject>(JOBS, { namespace: NS });
    return items.every((job) => ends(job).length > 0 || job.metadata.name === 'idle') && items;
  });
  await kubelet.stop();
  return Object.fromEntries(
    jobs.map((job) => {
      const { active = 0, succeeded = 0, failed = 0 } = job.status ?? {};
      const end = ends(job).map(({ type, reason }) => (type === 'Failed' ? `${type} ${reason}` : type));
      return [job.metadata.name, { active, succeeded, failed, end }];
    }),
  );
}

describe.runIf(hasUpstream('kubernetes'))('as under upstream’s kube-controller-manager 1.20.2', () => {
  it.each([
    ['claims get the same volumes', bindVolumes],
    ['Jobs end the same way', runJobs],
    ['Services lead to the same pods, and budgets allow the same', followPods],
  ])('%s', { timeout: 60_000 }, async (_, play) => {
    const [theirs, ours] = await Promise.all([byUpstream(play), byOurs(play)]);
    expect(ours).toEqual(theirs);
  });
});
