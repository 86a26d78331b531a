import type { KubeObject } from '@sampan/api';
import { type Client, REFS, type ResourceRef } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { type PlayedKubelet, playKubelet } from './kubelet.ts';

const SETS: ResourceRef = {
  group: 'apps',
  version: 'v1',
  resource: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
};
const CONTROLLERS: ResourceRef = {
  ...REFS.pods,
  resource: 'replicationcontrollers',
  kind: 'ReplicationController',
};
const NS = 'replicas';

const template = (labels: Record<string, string>) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});
const set = (name: string, replicas: number): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name, namespace: NS },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template({ app: name }) },
});

describe('ReplicaSets and ReplicationControllers', () => {
  let plane: Plane;
  let client: Client;
  let kubelet: PlayedKubelet;
  beforeAll(async () => {
    plane = await startPlane({ controllers: true, without: ['nodes'] });
    client = plane.control.client('test');
    await client.create(REFS.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } });
    kubelet = playKubelet(client);
  });
  afterAll(async () => {
    await kubelet?.stop();
    await plane?.close();
  });

  const podsOf = (app: string) =>
    plane.control.reader.list('pods', NS).filter((pod) => pod.metadata.labels?.app === app);
  const status = (name: string, ref = SETS) =>
    client.get(ref, NS, name).then(({ status }) => status as Record<string, unknown>);

  it('make pods, count them when they are ready, replace those that go and scale down', async () => {
    await client.create(SETS, set('web', 3));
    await eventually('three are available', async () => (await status('web')).availableReplicas === 3);
    expect(podsOf('web')).toHaveLength(3);
    expect(podsOf('web').every(({ metadata }) => metadata.name?.startsWith('web-'))).toBe(true);
    const gone = podsOf('web')[0]?.metadata.name ?? '';
    await client.delete(REFS.pods, NS, gone);
    await eventually('it is replaced', async () => {
      const pods = podsOf('web');
      return pods.length === 3 && pods.every(({ metadata }) => metadata.name !== gone);
    });
    await client.patch(SETS, NS, 'web', 'merge', { spec: { replicas: 1 } });
    await eventually('one is left', async () => {
      const now = await status('web');
      return podsOf('web').length === 1 && now.replicas === 1 && now.observedGeneration === 2;
    });
    expect(await status('web')).toMatchObject({
      replicas: 1,
      fullyLabeledReplicas: 1,
      readyReplicas: 1,
      availableReplicas: 1,
      observedGeneration: 2,
    });
  });

  it('tell how many pods are still ending', async () => {
    kubelet.graceMs = 300;
    await client.create(SETS, set('slow', 3));
    await eventually('three', async () => (await status('slow')).readyReplicas === 3);
    await client.patch(SETS, NS, 'slow', 'merge', { spec: { replicas: 1 } });
    await eventually('two are ending', async () => {
      const now = await status('slow');
      return now.replicas === 1 && now.terminatingReplicas === 2;
    });
    await eventually('they have ended', async () => (await status('slow')).terminatingReplicas === 0);
    kubelet.graceMs = 0;
  });

  it('adopt pods that match and let go of those that do not any more', async () => {
    const orphan: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'orphan', namespace: NS, labels: { app: 'claim' } },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    await client.create(REFS.pods, orphan);
    await client.create(SETS, set('claim', 2));
    await eventually('two pods', () => podsOf('claim').length === 2);
    const adopted = await eventually('the orphan is adopted', async () => {
      const pod = await client.get(REFS.pods, NS, 'orphan');
      return pod.metadata.ownerReferences?.length === 1 ? pod : undefined;
    });
    expect(adopted.metadata.ownerReferences).toMatchObject([
      { kind: 'ReplicaSet', name: 'claim', controller: true, blockOwnerDeletion: true },
    ]);
    await client.patch(REFS.pods, NS, 'orphan', 'merge', { metadata: { labels: { app: 'free' } } });
    await eventually('it is released', async () => {
      const { metadata } = await client.get(REFS.pods, NS, 'orphan');
      return (metadata.ownerReferences ?? []).length === 0;
    });
    await eventually('and replaced', () => podsOf('claim').length === 2);
  });

  it('say why pods cannot be made, and forget it when they can', async () => {
    const quota = { ...REFS.pods, resource: 'resourcequotas', kind: 'ResourceQuota' };
    await client.create(quota, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: NS },
      spec: { hard: { 'count/pods': '0' } },
    });
    await eventually('the quota is known', async () => {
      const { status } = await client.get(quota, NS, 'none');
      return status?.used !== undefined;
    });
    await client.create(SETS, set('refused', 2));
    const failed = await eventually('the failure is told', async () => {
      const conditions = (await status('refused')).conditions as Record<string, string>[] | undefined;
      return conditions?.[0];
    });
    expect(failed).toMatchObject({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' });
    expect(failed.message).toContain('exceeded quota: none');
    await client.delete(quota, NS, 'none');
    await eventually('pods are made', async () => {
      const now = await status('refused');
      return now.readyReplicas === 2 && now.conditions === undefined;
    });
  });

  it('tell of what they do by events', async () => {
    const { items } = await client.list(REFS.events, { namespace: NS });
    const of = (reason: string) => items.filter((event) => event.reason === reason);
    expect(of('SuccessfulCreate')[0]).toMatchObject({ type: 'Normal' });
    expect(of('SuccessfulCreate').some(({ message }) => /^Created pod: web-/.test(message))).toBe(true);
    expect(of('SuccessfulDelete').some(({ message }) => /^Deleted pod: web-/.test(message))).toBe(true);
    expect(of('FailedCreate')[0]?.message).toMatch(/^Error creating: pods "refused-.*exceeded quota/);
  });

  it('work for the old kind too', async () => {
    await client.create(CONTROLLERS, {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'old', namespace: NS },
      spec: { replicas: 2, selector: { app: 'old' }, template: template({ app: 'old' }) },
    });
    await eventually('two are ready', async () => (await status('old', CONTROLLERS)).readyReplicas === 2);
    await client.delete(CONTROLLERS, NS, 'old', { propagationPolicy: 'Background' });
    await eventually('the pods go with it', () => podsOf('old').length === 0);
  });

  it('write nothing when there is nothing to do', async () => {
    const versions = () =>
      ['pods', 'replicasets.apps'].flatMap((kind) =>
        plane.control.reader.list(kind, NS).map(({ metadata }) => metadata.resourceVersion),
      );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = versions();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(versions()).toEqual(before);
  });
});
