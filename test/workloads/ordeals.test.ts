import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '@sampan/api';
import { silentLogger } from '@sampan/base';
import { startControllers } from '@sampan/controllers';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { type PlayedKubelet, playKubelet } from './kubelet.ts';
import { lateClient } from './late-client.ts';
import { mortalClients } from './mortal-client.ts';

const MOST_LATE_MS = 60;
const MOST_ALIVE_MS = 40;

const apps = (resource: string, kind: string): ResourceRef => ({
  group: 'apps',
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});
const SETS = apps('replicasets', 'ReplicaSet');
const DEPLOYMENTS = apps('deployments', 'Deployment');
const STATEFUL_SETS = apps('statefulsets', 'StatefulSet');
const DAEMON_SETS = apps('daemonsets', 'DaemonSet');

const object = (ref: ResourceRef, name: string, spec: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: ref.kind,
  metadata: { name, namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, ...image('i:1').template },
    ...spec,
  },
});
const image = (value: string) => ({ template: { spec: { containers: [{ name: 'c', image: value }] } } });

/** Controllers under bad conditions. */
interface Ordeal {
  stop(): Promise<void>;
}

/** What they decide by is old. */
async function late(plane: Plane): Promise<Ordeal> {
  const controllers = startControllers({
    client: (name) => lateClient(plane.control.client(name), MOST_LATE_MS),
    log: silentLogger,
  });
  await controllers.synced;
  return controllers;
}

/** They are killed in the middle of their work again and again, and others take over. */
async function killed(plane: Plane): Promise<Ordeal> {
  let ended = false;
  const life = async () => {
    // ever longer lives, so that a slow machine gets somewhere, too
    for (let lives = 0; !ended; lives++) {
      const clients = mortalClients();
      startControllers({ client: (name) => clients.of(plane.control.client(name)), log: silentLogger });
      await sleep(5 + lives + Math.random() * MOST_ALIVE_MS);
      await clients.kill();
    }
  };
  const over = life();
  return {
    stop: () => {
      ended = true;
      return over;
    },
  };
}

describe.each([
  ['see everything late', late],
  ['are killed again and again', killed],
])('controllers that %s', (_, begin) => {
  let plane: Plane;
  let client: Client;
  let controllers: Ordeal;
  let kubelet: PlayedKubelet;
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    await client.create(REFS.serviceAccounts, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: 'default' },
    });
    controllers = await begin(plane);
    kubelet = playKubelet(client);
  });
  afterAll(async () => {
    await kubelet?.stop();
    await controllers?.stop();
    await plane?.close();
  });

  const podsOf = (app: string) =>
    plane.control.reader
      .list('pods', 'default')
      .filter(({ metadata }) => metadata.labels?.app === app && !metadata.deletionTimestamp);
  const scale = (ref: ResourceRef, name: string, replicas: number) =>
    client.patch(ref, 'default', name, 'merge', { spec: { replicas } });
  const status = (ref: ResourceRef, name: string) =>
    plane.control.reader.get(`${ref.resource}.apps`, 'default', name)?.status ?? {};

  /** Counts what is made and deleted of an app's pods, and how many there were at most. */
  function count(app: string) {
    const counts = { made: 0, most: 0 };
    plane.control.reader.watch('pods', ({ type, object: pod }) => {
      if (pod.metadata.labels?.app !== app) return;
      if (type === 'added') counts.made++;
      counts.most = Math.max(counts.most, podsOf(app).length);
    });
    return counts;
  }

  it('make no pod of a ReplicaSet twice and delete none too many', async () => {
    const counts = count('set');
    await client.create(SETS, object(SETS, 'set', { replicas: 30 }));
    await eventually('30', () => status(SETS, 'set').availableReplicas === 30);
    expect(counts).toEqual({ made: 30, most: 30 });
    await scale(SETS, 'set', 10);
    await eventually('10', () => status(SETS, 'set').replicas === 10);
    await scale(SETS, 'set', 25);
    await eventually('25', () => status(SETS, 'set').availableReplicas === 25);
    expect(counts).toEqual({ made: 45, most: 30 });
  });

  it('keep the limits of a Deployment', async () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } };
    const counts = count('roll');
    await client.create(DEPLOYMENTS, object(DEPLOYMENTS, 'roll', { replicas: 8, strategy }));
    const done = () => {
      const { availableReplicas, replicas, updatedReplicas, observedGeneration } = status(
        DEPLOYMENTS,
        'roll',
      );
      const { generation } = plane.control.reader.get('deployments.apps', 'default', 'roll')?.metadata ?? {};
      return (
        [availableReplicas, replicas, updatedReplicas].every((n) => n === 8) &&
        observedGeneration === generation
      );
    };
    await eventually('8', done);
    await client.patch(DEPLOYMENTS, 'default', 'roll', 'merge', { spec: image('i:2') });
    await eventually('rolled', done);
    await client.patch(DEPLOYMENTS, 'default', 'roll', 'merge', { spec: image('i:1') });
    await eventually('rolled back', done);
    expect(plane.control.reader.list('replicasets.apps', 'default')).toHaveLength(3);
    expect(counts.most).toBeLessThanOrEqual(10);
    expect(counts.made).toBe(24);
  });

  it('keep the order of a StatefulSet', async () => {
    const counts = count('order');
    await client.create(STATEFUL_SETS, object(STATEFUL_SETS, 'order', { replicas: 4, serviceName: 'order' }));
    await eventually('4', () => status(STATEFUL_SETS, 'order').availableReplicas === 4);
    await client.patch(STATEFUL_SETS, 'default', 'order', 'merge', { spec: image('i:2') });
    await eventually('updated', () => {
      const { currentRevision, updateRevision, availableReplicas, observedGeneration } = status(
        STATEFUL_SETS,
        'order',
      );
      return observedGeneration === 2 && currentRevision === updateRevision && availableReplicas === 4;
    });
    expect(counts).toEqual({ made: 8, most: 4 });
  });

  it('make one pod for each node', async () => {
    const counts = count('agent');
    for (const name of ['a', 'b', 'c']) {
      await client.create(REFS.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    }
    const everywhere = { spec: { tolerations: [{ operator: 'Exists' }], ...image('i:1').template.spec } };
    const template = { metadata: { labels: { app: 'agent' } }, ...everywhere };
    await client.create(DAEMON_SETS, object(DAEMON_SETS, 'agent', { template }));
    await eventually('3', () => status(DAEMON_SETS, 'agent').numberAvailable === 3);
    await client.patch(DAEMON_SETS, 'default', 'agent', 'merge', { spec: image('i:2') });
    await eventually('updated', () => {
      const { numberAvailable, updatedNumberScheduled, observedGeneration } = status(DAEMON_SETS, 'agent');
      return observedGeneration === 2 && numberAvailable === 3 && updatedNumberScheduled === 3;
    });
    expect(counts).toEqual({ made: 6, most: 3 });
  });
});
