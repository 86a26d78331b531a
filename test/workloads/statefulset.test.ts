import type { KubeObject } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { useKubectl } from '../clients/setup.ts';
import { type PlayedKubelet, playKubelet } from './kubelet.ts';

const STATEFUL_SETS = {
  group: 'apps',
  version: 'v1',
  resource: 'statefulsets',
  kind: 'StatefulSet',
  namespaced: true,
};
const CLAIMS = { ...REFS.pods, resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' };

const set = (name: string, replicas: number, more: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    serviceName: name,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'c', image: 'i:1' }], terminationGracePeriodSeconds: 1 },
    },
    ...more,
  },
});
const volumeClaimTemplates = [
  {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];

describe('a StatefulSet', () => {
  const setup = useKubectl();
  let client: Client;
  let kubelet: PlayedKubelet;
  beforeAll(() => {
    client = setup.plane.control.client('test');
    kubelet = playKubelet(client);
  });
  afterAll(async () => kubelet?.stop());

  const kubectl = (command: string) => setup.kubectl.run(command);
  const reader = () => setup.plane.control.reader;
  const podsOf = (app: string): KubeObject[] =>
    reader()
      .list('pods', 'default')
      .filter(({ metadata }) => metadata.labels?.app === app);
  const names = (app: string) =>
    podsOf(app)
      .map(({ metadata }) => metadata.name)
      .join();
  const images = (app: string) =>
    podsOf(app)
      .map(({ spec }) => spec.containers[0].image)
      .join();
  const claims = () => reader().list('persistentvolumeclaims', 'default');
  const stored = (name: string) => reader().get('statefulsets.apps', 'default', name);
  const patch = (name: string, spec: object) =>
    client.patch(STATEFUL_SETS, 'default', name, 'merge', { spec });
  const image = (value: string) => ({ template: { spec: { containers: [{ name: 'c', image: value }] } } });

  /** The pods there were, in the order of their first appearance, while `task` ran. */
  async function order(app: string, task: () => Promise<unknown>): Promise<string[]> {
    const seen: string[] = [];
    const unwatch = reader().watch('pods', ({ type, object }) => {
      if (object.metadata.labels?.app !== app || type === 'modified') return;
      seen.push(`${type === 'added' ? '+' : '-'}${object.metadata.name}`);
    });
    await task();
    unwatch();
    return seen;
  }

  it('makes pods one after the other, each with its claim', async () => {
    const seen = await order('web', async () => {
      await client.create(STATEFUL_SETS, set('web', 3, { volumeClaimTemplates }));
      expect(await kubectl('rollout status statefulset/web --timeout=20s')).toContain(
        '3 new pods have been updated',
      );
    });
    expect(seen).toEqual(['+web-0', '+web-1', '+web-2']);
    expect(claims().map(({ metadata }) => metadata.name)).toEqual(['data-web-0', 'data-web-1', 'data-web-2']);
    const pod = await client.get(REFS.pods, 'default', 'web-1');
    expect(pod.spec).toMatchObject({ hostname: 'web-1', subdomain: 'web' });
    expect(pod.spec.volumes[0]).toEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-web-1' },
    });
    const { currentRevision, updateRevision } = stored('web')?.status ?? {};
    expect(currentRevision).toBe(updateRevision);
    expect(pod.metadata.labels).toEqual({
      app: 'web',
      'apps.kubernetes.io/pod-index': '1',
      'controller-revision-hash': updateRevision,
      'statefulset.kubernetes.io/pod-name': 'web-1',
    });
    expect(stored('web')?.status).toMatchObject({
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      updatedReplicas: 3,
      observedGeneration: 1,
      collisionCount: 0,
    });
  });

  it('replaces a pod under its name, and scales down from the top', async () => {
    const before = podsOf('web')[1]?.metadata.uid;
    await client.delete(REFS.pods, 'default', 'web-1');
    await eventually('another web-1', () => {
      const uid = reader().get('pods', 'default', 'web-1')?.metadata.uid;
      return uid !== undefined && uid !== before;
    });
    await eventually('all are ready', () => stored('web')?.status.readyReplicas === 3);
    const seen = await order('web', async () => {
      await kubectl('scale statefulset/web --replicas=1');
      await eventually('one is left', () => names('web') === 'web-0' && stored('web')?.status.replicas === 1);
    });
    expect(seen).toEqual(['-web-2', '-web-1']);
    expect(claims()).toHaveLength(3);
    await kubectl('scale statefulset/web --replicas=3');
    await eventually('three', () => stored('web')?.status.readyReplicas === 3);
  });

  it('updates from the top down to the partition, and can be undone', async () => {
    await patch('web', { updateStrategy: { rollingUpdate: { partition: 2 } }, ...image('i:2') });
    await kubectl('rollout status statefulset/web --timeout=20s');
    expect(images('web')).toBe('i:1,i:1,i:2');
    // below the partition a pod comes back as it was
    const old = podsOf('web')[0]?.metadata.uid;
    await client.delete(REFS.pods, 'default', 'web-0');
    await eventually('another web-0', () => podsOf('web').every(({ metadata }) => metadata.uid !== old));
    await eventually(
      'web-0 is back',
      () => stored('web')?.status.readyReplicas === 3 && images('web') === 'i:1,i:1,i:2',
    );
    const seen = await order('web', async () => {
      await patch('web', { updateStrategy: { rollingUpdate: { partition: 0 } } });
      await kubectl('rollout status statefulset/web --timeout=20s');
    });
    expect(seen).toEqual(['-web-1', '+web-1', '-web-0', '+web-0']);
    expect(images('web')).toBe('i:2,i:2,i:2');
    expect(await kubectl('rollout history statefulset/web')).toMatch(/REVISION[^\n]*\n1 [^\n]*\n2 /);
    await kubectl('rollout undo statefulset/web');
    await kubectl('rollout status statefulset/web --timeout=20s');
    expect(images('web')).toBe('i:1,i:1,i:1');
    expect(await kubectl('rollout history statefulset/web')).toMatch(/REVISION[^\n]*\n2 [^\n]*\n3 /);
  });

  it('waits for a pod that is not ready', async () => {
    kubelet.ready = ({ metadata }) => metadata.name !== 'slow-1';
    const seen = await order('slow', async () => {
      await client.create(STATEFUL_SETS, set('slow', 3));
      await eventually('web-1 runs', () => podsOf('slow')[1]?.status.phase === 'Running');
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
    expect(seen).toEqual(['+slow-0', '+slow-1']);
    kubelet.ready = () => true;
    kubelet.look();
    await eventually('slow-2', () => stored('slow')?.status.readyReplicas === 3);
  });

  it('does all at once when it is parallel, and leaves updates to deletions when it is told to', async () => {
    kubelet.ready = () => false;
    const more = {
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      ordinals: { start: 5 },
    };
    await client.create(STATEFUL_SETS, set('fast', 3, more));
    await eventually('three at once', () => names('fast') === 'fast-5,fast-6,fast-7');
    kubelet.ready = () => true;
    kubelet.look();
    await eventually('ready', () => stored('fast')?.status.readyReplicas === 3);
    await patch('fast', image('i:2'));
    await eventually('seen', () => stored('fast')?.status.observedGeneration === 2);
    expect(images('fast')).toBe('i:1,i:1,i:1');
    await client.delete(REFS.pods, 'default', 'fast-6');
    await eventually('replaced by the new one', () => images('fast') === 'i:1,i:2,i:1');
  });

  it('updates several at a time when it may', async () => {
    const updateStrategy = { rollingUpdate: { maxUnavailable: 2 } };
    await client.create(STATEFUL_SETS, set('wide', 4, { podManagementPolicy: 'Parallel', updateStrategy }));
    await eventually('ready', () => stored('wide')?.status.readyReplicas === 4);
    let fewest = 4;
    const unwatch = reader().watch('pods', () => {
      const up = podsOf('wide').filter(
        ({ metadata, status }) =>
          !metadata.deletionTimestamp &&
          status.conditions?.some(
            ({ type, status: is }: Record<string, string>) => type === 'Ready' && is === 'True',
          ),
      );
      fewest = Math.min(fewest, up.length);
    });
    await patch('wide', image('i:2'));
    await kubectl('rollout status statefulset/wide --timeout=20s');
    unwatch();
    expect(images('wide')).toBe('i:2,i:2,i:2,i:2');
    expect(fewest).toBe(2);
  });

  it('keeps or deletes claims as its policy says', async () => {
    const persistentVolumeClaimRetentionPolicy = { whenScaled: 'Delete', whenDeleted: 'Delete' };
    const more = { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy };
    await client.create(STATEFUL_SETS, set('tidy', 2, more));
    await eventually('ready', () => stored('tidy')?.status.readyReplicas === 2);
    const own = () =>
      claims().flatMap(({ metadata }) => (metadata.name?.startsWith('data-tidy') ? [metadata.name] : []));
    expect(own()).toEqual(['data-tidy-0', 'data-tidy-1']);
    await kubectl('scale statefulset/tidy --replicas=1');
    await eventually('the claim goes with its pod', () => own().join() === 'data-tidy-0');
    await kubectl('scale statefulset/tidy --replicas=2');
    await eventually('a new claim', () => own().length === 2 && stored('tidy')?.status.readyReplicas === 2);
    await client.delete(STATEFUL_SETS, 'default', 'tidy', { propagationPolicy: 'Background' });
    await eventually('all are gone', () => own().length === 0 && podsOf('tidy').length === 0);
    await client.get(CLAIMS, 'default', 'data-web-0');
  });

  it('goes after its pods when it is deleted in the foreground, and leaves orphans that its successor adopts', async () => {
    await kubectl('delete statefulset wide --cascade=foreground --timeout=20s');
    expect(podsOf('wide')).toEqual([]);
    const before = podsOf('fast').map(({ metadata }) => metadata.uid);
    await kubectl('delete statefulset fast --cascade=orphan --timeout=20s');
    await client.create(
      STATEFUL_SETS,
      set('fast', 3, { ordinals: { start: 5 }, updateStrategy: { type: 'OnDelete' } }),
    );
    await eventually('they are adopted', () =>
      podsOf('fast').every(
        ({ metadata }) => metadata.ownerReferences?.[0]?.uid === stored('fast')?.metadata.uid,
      ),
    );
    expect(podsOf('fast').map(({ metadata }) => metadata.uid)).toEqual(before);
  });

  it('replaces pods that ended, and tells what it did by events', async () => {
    const before = await client.get(REFS.pods, 'default', 'web-2');
    const status = { status: { phase: 'Failed' } };
    await client.patch(REFS.pods, 'default', 'web-2', 'strategic', status, { subresource: 'status' });
    await eventually('another web-2', () => {
      const pod = reader().get('pods', 'default', 'web-2');
      return pod !== undefined && pod.metadata.uid !== before.metadata.uid;
    });
    const { items } = await client.list(REFS.events, { namespace: 'default' });
    const notes = items.map(({ message }) => message);
    for (const note of [
      'create Claim data-web-0 Pod web-0 in StatefulSet web success',
      'create Pod web-0 in StatefulSet web successful',
      'delete Pod web-2 in StatefulSet web successful',
    ]) {
      expect(notes).toContain(note);
    }
  });
});
