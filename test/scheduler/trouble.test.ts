import { type KubeObject, StatusError } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { type Scheduler, startScheduler } from '@sampan/scheduler';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { asking, Cluster } from './setup.ts';

const CLAIMS: ResourceRef = {
  ...REFS.pods,
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
};
const VOLUMES: ResourceRef = { ...REFS.nodes, resource: 'persistentvolumes', kind: 'PersistentVolume' };
const CLASSES: ResourceRef = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};

/** A client whose bindings meet what `before` does first. */
function meeting(client: Client, before: (pod: string) => Promise<void>): Client {
  return new Proxy(client, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== 'create') return typeof value === 'function' ? value.bind(target) : value;
      return async (...args: Parameters<Client['create']>) => {
        const [, object, options] = args;
        if (options?.subresource === 'binding') await before(object.metadata.name ?? '');
        return target.create(...args);
      };
    },
  });
}

describe('a scheduler that meets trouble', () => {
  let cluster: Cluster;
  let scheduler: Scheduler | undefined;
  beforeEach(async () => {
    cluster = await Cluster.start();
    await cluster.stopScheduler();
  });
  afterEach(async () => {
    await scheduler?.stop();
    await cluster.close();
    expect(cluster.plane.errors).toEqual([]);
  });

  const start = (before: (pod: string) => Promise<void> = async () => {}) => {
    scheduler = startScheduler({ client: meeting(cluster.plane.control.client('kube-scheduler'), before) });
    return scheduler.synced;
  };

  it('gives the room back of a pod that could not be bound, says so, and tries again', async () => {
    let failures = 0;
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await start(async (pod) => {
      if (pod === 'a' && failures++ < 1) throw new StatusError('InternalError', 'the disk is full');
    });
    await cluster.addPod('a', asking({ cpu: '1' }));
    await eventually('it was said', () =>
      cluster.whyNot('a')?.startsWith('SchedulerError: binding rejected'),
    );
    await eventually('a bound', () => cluster.nodeOf('a') === 'paper');
    expect(failures).toBe(2);
  });

  it('believes the API when a pod is bound elsewhere at the same moment', async () => {
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await start(async (pod) => {
      if (pod !== 'a') return;
      const target = { kind: 'Node', name: 'elsewhere' };
      const metadata = { name: 'a', namespace: 'default' };
      await cluster.client.create(
        REFS.pods,
        { apiVersion: 'v1', kind: 'Binding', metadata, target },
        { subresource: 'binding', name: 'a' },
      );
    });
    await cluster.addPod('a', asking({ cpu: '1' }));
    await cluster.addPod('b', asking({ cpu: '1' }));
    await eventually('b bound', () => cluster.nodeOf('b') === 'paper');
    expect(cluster.nodeOf('a')).toBe('elsewhere');
  });

  it('forgets a pod that is deleted while it is being bound', async () => {
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await start(async (pod) => {
      if (pod === 'a') await cluster.endPod('a');
    });
    await cluster.addPod('a', asking({ cpu: '1' }));
    await eventually('a gone', () => cluster.pod('a') === undefined);
    await cluster.addPod('b', asking({ cpu: '1' }));
    await eventually('b bound', () => cluster.nodeOf('b') === 'paper');
  });

  describe('with volumes', () => {
    const metadata = { name: 'data', namespace: 'default' };
    const addClass = (provisioner: string) =>
      cluster.client.create(CLASSES, {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'late' },
        provisioner,
        volumeBindingMode: 'WaitForFirstConsumer',
      });
    const addClaim = () =>
      cluster.client.create(CLAIMS, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata,
        spec: {
          storageClassName: 'late',
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '1Gi' } },
        },
      });
    const using = { volumes: [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }] };
    const claim = () => cluster.plane.control.reader.get('persistentvolumeclaims', 'default', 'data');
    /** What the provisioner and the volume controller do in the end. */
    const bindClaim = (volumeName: string) =>
      cluster.client.patch(CLAIMS, 'default', 'data', 'merge', {
        metadata: { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
        spec: { volumeName },
      });
    const volume = (hostname: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'disk' },
      spec: {
        storageClassName: 'late',
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        local: { path: '/disk' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }] },
            ],
          },
        },
      },
    });

    beforeEach(async () => {
      await cluster.addNode('ink', { cpu: '8', memory: '16Gi' });
      await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
      await start();
    });

    it('binds a volume that a node has, and the pod when that is done', async () => {
      await addClass('kubernetes.io/no-provisioner');
      await addClaim();
      await cluster.client.create(VOLUMES, volume('paper'));
      await cluster.addPod('a', using);
      const disk = () => cluster.plane.control.reader.get('persistentvolumes', '', 'disk');
      await eventually('the volume is taken', () => disk()?.spec?.claimRef?.name === 'data');
      expect(disk()?.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' });
      await eventually('the claim is bound', () => claim()?.spec?.volumeName === 'disk');
      await eventually('a bound', () => cluster.nodeOf('a') === 'paper');
    });

    it('asks the provisioner for a volume on the chosen node, and looks again when there can be none', async () => {
      await addClass('example.com/maker');
      await addClaim();
      await cluster.addPod('a', using);
      const selected = () => claim()?.metadata.annotations?.['volume.kubernetes.io/selected-node'];
      await eventually('a node is named', () => selected() === 'ink');
      // no room there, says the provisioner
      await cluster.client.patch(CLAIMS, 'default', 'data', 'merge', {
        metadata: { annotations: { 'volume.kubernetes.io/selected-node': null } },
      });
      await eventually('it is named again', () => selected() === 'ink');
      await cluster.client.create(VOLUMES, volume('ink'));
      await bindClaim('disk');
      await eventually('a bound', () => cluster.nodeOf('a') === 'ink');
    });
  });
});
