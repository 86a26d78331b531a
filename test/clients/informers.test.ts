import * as k8s from '@kubernetes/client-node';
import { createMemoryStore } from '@sampan/store';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { eventually } from './eventually.ts';
import { startWire } from './wire.ts';

type Change = `${'add' | 'update' | 'delete'} ${string}`;

describe('the informers of @kubernetes/client-node', () => {
  const store = createMemoryStore();
  let plane: Plane;
  let config: k8s.KubeConfig;
  let core: k8s.CoreV1Api;
  const running: k8s.Informer<k8s.V1ConfigMap>[] = [];

  beforeAll(async () => {
    plane = await startPlane({ store });
    config = new k8s.KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    core = config.makeApiClient(k8s.CoreV1Api);
    await core.createNamespace({ body: { metadata: { name: 'sea' } } });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((informer) => informer.stop()));
  });
  afterAll(async () => {
    await plane.close();
    expect(plane.errors).toEqual([]);
  });

  async function inform(namespace: string, labelSelector?: string, on = config) {
    const api = on.makeApiClient(k8s.CoreV1Api);
    const informer = k8s.makeInformer(
      on,
      `/api/v1/namespaces/${namespace}/configmaps`,
      () => api.listNamespacedConfigMap({ namespace, ...(labelSelector ? { labelSelector } : {}) }),
      labelSelector,
    );
    const changes: Change[] = [];
    const errors: unknown[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object: k8s.V1ConfigMap) => changes.push(`${verb} ${object.metadata?.name}`));
    }
    informer.on('error', (error) => errors.push(error));
    running.push(informer);
    await informer.start();
    return { informer, changes, errors };
  }

  const make = (name: string, labels: Record<string, string> = {}) =>
    core.createNamespacedConfigMap({
      namespace: 'sea',
      body: { metadata: { name, labels }, data: { a: '1' } },
    });
  const merge = (name: string, body: object) =>
    core.patchNamespacedConfigMap(
      { namespace: 'sea', name, body },
      k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch),
    );

  it('hear of what is there, then of each change, then of deletion', async () => {
    await make('first');
    const { informer, changes } = await inform('sea');
    expect(changes).toContain('add first');
    await make('second');
    await eventually('its creation', () => changes.includes('add second'));
    await merge('second', { data: { a: '2' } });
    await eventually('its change', () => changes.includes('update second'));
    expect(informer.get('second', 'sea')?.data).toEqual({ a: '2' });
    await core.deleteNamespacedConfigMap({ namespace: 'sea', name: 'second' });
    await eventually('its deletion', () => changes.includes('delete second'));
    expect(informer.get('second', 'sea')).toBeUndefined();
  });

  it('see an object come and go as it begins and ceases to match a selector', async () => {
    await make('chosen');
    const { changes } = await inform('sea', 'colour=red');
    expect(changes).toEqual([]);
    await merge('chosen', { metadata: { labels: { colour: 'red' } } });
    await eventually('it matches', () => changes.includes('add chosen'));
    await merge('chosen', { metadata: { labels: { colour: 'blue' } } });
    await eventually('it matches no more', () => changes.includes('delete chosen'));
  });

  it('go on after their connection broke, as users restart them, and miss nothing', async () => {
    const wire = await startWire(Number(new URL(plane.url).port));
    const broken = new k8s.KubeConfig();
    broken.loadFromString(config.exportConfig().replaceAll(plane.url, wire.url));
    try {
      const { informer, changes, errors } = await inform('sea', undefined, broken);
      let starts = 0;
      informer.on('connect', () => {
        starts += 1;
      });
      wire.cut();
      await eventually('it notices', () => errors.length > 0);
      await make('meanwhile');
      await core.deleteNamespacedConfigMap({ namespace: 'sea', name: 'first' });
      await informer.start();
      await eventually(
        'both changes',
        () => changes.includes('add meanwhile') && changes.includes('delete first'),
      );
      await make('after');
      await eventually('what comes after', () => changes.includes('add after'));
      expect(starts).toBeGreaterThan(0);
    } finally {
      await wire.close();
    }
  });

  it('list anew when their version has been compacted away', async () => {
    const { resourceVersion } = (await make('old')).metadata ?? {};
    const watch = new k8s.Watch(config);
    const events: { type: string; object: { code?: number } }[] = [];
    for (let i = 0; i < 5; i++) await merge('old', { data: { a: `${i + 2}` } });
    store.compact(store.revision);
    await new Promise<void>((resolve, reject) => {
      watch
        .watch(
          '/api/v1/namespaces/sea/configmaps',
          { resourceVersion: resourceVersion ?? '' },
          (type, object) => events.push({ type, object }),
          () => resolve(),
        )
        .catch(reject);
    });
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });

  it('answer errors by their code and Status', async () => {
    await make('twice');
    await expect(make('twice')).rejects.toMatchObject({ code: 409 });
    await expect(core.readNamespacedConfigMap({ namespace: 'sea', name: 'missing' })).rejects.toMatchObject({
      code: 404,
      body: expect.stringContaining('configmaps \\"missing\\" not found'),
    });
  });
});
