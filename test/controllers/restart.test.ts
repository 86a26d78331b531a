import type { KubeObject, OwnerReference } from '@sampan/api';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Client, controllerReference, REFS } from '@sampan/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { eventually } from './server.ts';

describe('controllers that start where others left off', () => {
  let plane: Plane;
  let client: Client;
  let controllers: Controllers | undefined;
  beforeEach(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
  });
  afterEach(async () => {
    await controllers?.stop();
    await plane.close();
  });
  const start = () => {
    controllers = startControllers({ client: (name) => plane.control.client(name) });
  };
  const create = async (name: string, owners: OwnerReference[] = [], namespace = 'default') =>
    client.create<KubeObject>(REFS.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace, ...(owners.length > 0 ? { ownerReferences: owners } : {}) },
    });
  const names = async () =>
    (await client.list(REFS.configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name);

  it('finish deletions of every propagation', async () => {
    for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
      const owner = await create(`${propagationPolicy.toLowerCase()}-owner`);
      await create(`${propagationPolicy.toLowerCase()}-child`, [controllerReference(owner)]);
      await client.delete(REFS.configMaps, 'default', owner.metadata.name ?? '', { propagationPolicy });
    }
    start();
    await eventually('only the orphan', async () => (await names()).join() === 'orphan-child');
  });

  it('finish the deletion of a namespace', async () => {
    await client.create(REFS.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'going' },
    });
    await create('content', [], 'going');
    await client.delete(REFS.namespaces, undefined, 'going');
    expect((await client.get(REFS.namespaces, undefined, 'going')).status?.phase).toBe('Terminating');
    start();
    await eventually('it is gone', async () =>
      (await client.list(REFS.namespaces)).items.every(({ metadata }) => metadata.name !== 'going'),
    );
  });

  it('say so when a cluster-scoped object names an owner in a namespace', async () => {
    start();
    await controllers?.synced;
    const owner = await create('in-a-namespace');
    await client.create<KubeObject>(REFS.clusterRoles, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'owned', ownerReferences: [controllerReference(owner)] },
    });
    const event = await eventually(
      'an event',
      async () => (await client.list(REFS.newEvents, { namespace: 'default' })).items[0],
    );
    const { uid } = owner.metadata;
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      regarding: { kind: 'ClusterRole', name: 'owned' },
      note: `ownerRef [v1/ConfigMap, namespace: , name: in-a-namespace, uid: ${uid}] does not exist in namespace ""`,
    });
  });
});
