import { type KubeObject, kinds, type ResourceDefinition } from '@sampan/api';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Client, HttpClient, type ProvidedResource, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { lateClient } from '../workloads/late-client.ts';
import { EXIT_CODE, RUNS, startTestKubelet } from './kubelet.ts';
import { eventually } from './server.ts';

const NS = 'default';
const NODE = 'node-1';
const AUTOSCALERS = {
  ...REFS.pods,
  group: 'autoscaling',
  version: 'v2',
  resource: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
};
const CLAIMS = { ...REFS.pods, resource: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim' };
const VOLUMES = { ...REFS.nodes, resource: 'persistentvolumes', kind: 'PersistentVolume' };
const STORAGE_CLASSES = {
  ...REFS.nodes,
  group: 'storage.k8s.io',
  resource: 'storageclasses',
  kind: 'StorageClass',
};
const CRON_JOBS = { ...REFS.pods, group: 'batch', resource: 'cronjobs', kind: 'CronJob' };
const JOBS = { ...REFS.pods, group: 'batch', resource: 'jobs', kind: 'Job' };
const REPLICA_SETS = { ...REFS.pods, group: 'apps', resource: 'replicasets', kind: 'ReplicaSet' };
const POD_DISRUPTION_BUDGETS = {
  ...REFS.pods,
  group: 'policy',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
};

/** Every pod uses 100m of CPU. */
function podMetrics(client: Client): ProvidedResource {
  const configMaps = kinds.find(({ resource }) => resource === 'configmaps') as ResourceDefinition;
  return {
    definition: {
      ...configMaps,
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      kind: 'PodMetrics',
      listKind: 'PodMetricsList',
      resource: 'pods',
      singular: 'pod',
      shortNames: [],
      rules: {},
    },
    async list(namespace) {
      const { items } = await client.list(REFS.pods, { namespace });
      return { items: items.map(metricsOf), resourceVersion: '1' };
    },
    get: () => undefined,
  };
}

const metricsOf = ({ metadata }: KubeObject): KubeObject => ({
  apiVersion: 'metrics.k8s.io/v1beta1',
  kind: 'PodMetrics',
  metadata: {
    name: metadata.name ?? '',
    namespace: NS,
    ...(metadata.labels ? { labels: metadata.labels } : {}),
  },
  timestamp: new Date(Date.now() + 120_000).toISOString(),
  window: '15s',
  containers: [{ name: 'c', usage: { cpu: '100m' } }],
});

const CONNECTIONS = {
  'in process': (plane: Plane, name: string): Client => plane.control.client(name),
  'with late caches': (plane: Plane, name: string): Client => lateClient(plane.control.client(name), 150),
  'over HTTP': (plane: Plane, name: string): Client => new HttpClient(plane, { name }),
};

describe.each(Object.entries(CONNECTIONS))('controllers %s of a cluster whose pods run', (_, connect) => {
  let plane: Plane;
  let client: Client;
  let controllers: Controllers;
  let kubelet: ReturnType<typeof startTestKubelet>;
  const warnings: string[] = [];
  const connections: HttpClient[] = [];
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    controllers = startControllers({
      client: (name) => {
        const made = connect(plane, name);
        if (made instanceof HttpClient) connections.push(made);
        return made;
      },
      log: {
        debug() {},
        info() {},
        warn: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
        error: (message, fields) => warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
    });
    await controllers.synced;
    await client.create(REFS.nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NODE, labels: { 'topology.kubernetes.io/zone': 'z1' } },
    });
    kubelet = startTestKubelet(client, NODE);
  });
  afterAll(async () => {
    await kubelet.stop();
    await controllers.stop();
    for (const connection of connections) connection.close();
    await plane.close();
  });

  const service = (name: string, spec: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NS },
    spec,
  });
  const createPod = (name: string, app: string) =>
    client.create<KubeObject>(REFS.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NS, labels: { app } },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }] },
    });
  const slicesOf = async (name: string) => {
    const labelSelector = `kubernetes.io/service-name=${name}`;
    return (await client.list<KubeObject>(REFS.endpointSlices, { namespace: NS, labelSelector })).items;
  };
  const told = async (name: string) => {
    const endpoints = (await slicesOf(name)).flatMap((slice) => slice.endpoints ?? []);
    return endpoints
      .filter(({ conditions }: KubeObject['conditions']) => conditions.ready)
      .map(({ targetRef }: KubeObject['targetRef']) => targetRef?.name)
      .sort()
      .join();
  };

  it('keep slices and Endpoints that follow the pods', async () => {
    await client.create(
      REFS.services,
      service('web', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'web' }] }),
    );
    await eventually('an empty slice', async () => (await slicesOf('web')).length === 1);
    for (const name of ['a', 'b', 'c']) await createPod(name, 'web');
    await eventually('three endpoints', async () => (await told('web')) === 'a,b,c');
    await client.delete(REFS.pods, NS, 'b');
    await eventually('two endpoints', async () => (await told('web')) === 'a,c');
    const endpoints = await eventually('Endpoints', async () => {
      const found = await client.get<KubeObject>(REFS.endpoints, NS, 'web');
      return found.subsets?.[0]?.addresses?.length === 2 && found;
    });
    expect(endpoints?.subsets).toMatchObject([{ ports: [{ port: 8080, protocol: 'TCP' }] }]);
    const slice = await eventually('the end of the third', async () => {
      const [found] = await slicesOf('web');
      return found?.endpoints.length === 2 && found;
    });
    expect(slice).toMatchObject({ addressType: 'IPv4', endpoints: [{ nodeName: NODE, zone: 'z1' }, {}] });
    const before = [slice?.metadata.resourceVersion, endpoints?.metadata.resourceVersion];
    await client.patch(REFS.pods, NS, 'a', 'merge', { metadata: { annotations: { unrelated: 'yes' } } });
    await client.patch(REFS.pods, NS, 'c', 'merge', { metadata: { labels: { app: 'other' } } });
    await eventually('one endpoint', async () => (await told('web')) === 'a');
    const [after] = await slicesOf('web');
    // one write for the label, none for the annotation
    expect(Number(after?.metadata.generation)).toBe(Number(slice?.metadata.generation) + 1);
    expect(before).toHaveLength(2);
    await client.delete(REFS.services, NS, 'web');
    await eventually('no slices', async () => (await slicesOf('web')).length === 0);
    await eventually('no Endpoints', async () =>
      (await client.list(REFS.endpoints, { namespace: NS })).items.every(
        ({ metadata }) => metadata.name !== 'web',
      ),
    );
  });

  it('mirror Endpoints that others made', async () => {
    await client.create(REFS.services, service('db', { ports: [{ port: 5432 }] }));
    const endpoints = await client.create<KubeObject>(REFS.endpoints, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'db', namespace: NS },
      subsets: [{ addresses: [{ ip: '192.0.2.7' }], ports: [{ port: 5432 }] }],
    });
    const slices = await eventually('a slice', async () => {
      const found = await slicesOf('db');
      return found.length > 0 && found;
    });
    expect(slices).toMatchObject([{ endpoints: [{ addresses: ['192.0.2.7'] }], ports: [{ port: 5432 }] }]);
    await client.update(REFS.endpoints, { ...endpoints, subsets: [] });
    await eventually('no slices', async () => (await slicesOf('db')).length === 0);
  });

  it('let evictions through only as far as budgets allow', async () => {
    const selector = { matchLabels: { app: 'guarded' } };
    await client.create(POD_DISRUPTION_BUDGETS, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'guard', namespace: NS },
      spec: { maxUnavailable: '40%', selector },
    });
    await client.create(REPLICA_SETS, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'guarded', namespace: NS },
      spec: {
        replicas: 3,
        selector,
        template: {
          metadata: { labels: { app: 'guarded' } },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        },
      },
    });
    const status = async () => (await client.get(POD_DISRUPTION_BUDGETS, NS, 'guard')).status;
    await eventually('two may go', async () => (await status())?.disruptionsAllowed === 2);
    expect(await status()).toMatchObject({ currentHealthy: 3, desiredHealthy: 1, expectedPods: 3 });
    const { items } = await client.list(REFS.pods, { namespace: NS, labelSelector: 'app=guarded' });
    const evict = (name = '') =>
      client.create(
        REFS.pods,
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: NS } },
        { subresource: 'eviction', name },
      );
    await evict(items[0]?.metadata.name);
    await eventually('the pod is replaced', async () => (await status())?.disruptionsAllowed === 2);
    await client.patch(POD_DISRUPTION_BUDGETS, NS, 'guard', 'merge', { spec: { maxUnavailable: 0 } });
    await eventually('none may go', async () => (await status())?.disruptionsAllowed === 0);
    await expect(evict(items[1]?.metadata.name)).rejects.toThrow('disruption budget');
    await client.delete(REPLICA_SETS, NS, 'guarded', { propagationPolicy: 'Background' });
  });

  const job = (name: string, spec: object, exitCode = '0') =>
    client.create<KubeObject>(JOBS, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: NS },
      spec: {
        ...spec,
        template: {
          metadata: { annotations: { [EXIT_CODE]: exitCode } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
        },
      },
    });
  const ended = (name: string) =>
    eventually(`the end of ${name}`, async () => {
      const found = await client.get<KubeObject>(JOBS, NS, name);
      const conditions: { type: string; status: string; reason: string }[] = found.status?.conditions ?? [];
      return conditions.some(({ type }) => type === 'Complete' || type === 'Failed') && found;
    });
  const podsOf = async (name: string) =>
    (await client.list(REFS.pods, { namespace: NS, labelSelector: `job-name=${name}` })).items;

  it('run Jobs to their ends', async () => {
    await job('sum', { completions: 12, parallelism: 4 });
    const sum = await ended('sum');
    expect(sum.status).toMatchObject({ succeeded: 12, uncountedTerminatedPods: {} });
    expect(sum.status.conditions).toMatchObject([
      { type: 'SuccessCriteriaMet', reason: 'CompletionsReached' },
      { type: 'Complete', reason: 'CompletionsReached' },
    ]);
    const pods = await podsOf('sum');
    expect(pods).toHaveLength(12);
    expect(pods.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    await job('each', { completions: 5, parallelism: 5, completionMode: 'Indexed' });
    expect((await ended('each')).status).toMatchObject({ completedIndexes: '0-4', succeeded: 5 });
    await job('broken', { backoffLimit: 0 }, '3');
    expect((await ended('broken')).status).toMatchObject({
      failed: 1,
      conditions: [{ type: 'FailureTarget' }, { type: 'Failed', reason: 'BackoffLimitExceeded' }],
    });
  });

  it('stop Jobs at their deadlines and delete them in time, with their pods', async () => {
    await job('slow', { parallelism: 2, completions: 2, activeDeadlineSeconds: 1 }, RUNS);
    expect((await ended('slow')).status).toMatchObject({
      failed: 2,
      conditions: [{ type: 'FailureTarget' }, { type: 'Failed', reason: 'DeadlineExceeded' }],
    });
    await client.patch(JOBS, NS, 'slow', 'merge', { spec: { ttlSecondsAfterFinished: 1 } });
    await eventually('it is gone', async () =>
      (await client.list(JOBS, { namespace: NS })).items.every(({ metadata }) => metadata.name !== 'slow'),
    );
    expect(await podsOf('slow')).toEqual([]);
  });

  it('let pods go whose Job is deleted', async () => {
    await job('short', { parallelism: 2, completions: 2 }, RUNS);
    await eventually('two pods run', async () => (await podsOf('short')).length === 2);
    await client.delete(JOBS, NS, 'short', { propagationPolicy: 'Background' });
    await eventually('no pods', async () => (await podsOf('short')).length === 0);
    await job('kept', { parallelism: 1, completions: 1 }, RUNS);
    await eventually('a pod runs', async () => (await podsOf('kept')).length === 1);
    await client.delete(JOBS, NS, 'kept', { propagationPolicy: 'Orphan' });
    await eventually('the pod is free', async () => {
      const [pod] = await podsOf('kept');
      return (pod?.metadata.finalizers ?? []).length === 0 && !pod?.metadata.ownerReferences;
    });
  });

  it('start Jobs at their times', async () => {
    const cron = await client.create<KubeObject>(CRON_JOBS, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'tick', namespace: NS },
      spec: {
        schedule: '@every 1s',
        timeZone: 'Asia/Tokyo',
        jobTemplate: {
          spec: {
            template: {
              metadata: { annotations: { [EXIT_CODE]: '0' } },
              spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] },
            },
          },
        },
      },
    });
    const ran = await eventually('a success', async () => {
      const found = await client.get<KubeObject>(CRON_JOBS, NS, 'tick');
      return found.status?.lastSuccessfulTime && !found.status.active && found;
    });
    expect(Date.parse(ran.status.lastScheduleTime)).toBeGreaterThan(
      Date.parse(cron.metadata.creationTimestamp ?? ''),
    );
    const { items } = await client.list(JOBS, { namespace: NS });
    const made = items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === cron.metadata.uid);
    expect(made[0]?.metadata.annotations?.['batch.kubernetes.io/cronjob-scheduled-timestamp']).toMatch(
      /\+09:00$/,
    );
    await client.delete(CRON_JOBS, NS, 'tick', { propagationPolicy: 'Foreground' });
  });

  it('bind claims to volumes and release them', async () => {
    const volume = (name: string, storage: string) =>
      client.create<KubeObject>(VOLUMES, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name },
        spec: {
          capacity: { storage },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          hostPath: { path: `/tmp/${name}` },
        },
      });
    const claim = (name: string, storageClassName: string) =>
      client.create<KubeObject>(CLAIMS, {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name, namespace: NS },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName,
          resources: { requests: { storage: '2Gi' } },
        },
      });
    const phase = async (ref: typeof CLAIMS | typeof VOLUMES, name: string) =>
      (await client.get<KubeObject>(ref, ref.namespaced ? NS : undefined, name)).status?.phase;
    await claim('data', '');
    await volume('large', '9Gi');
    await eventually('the claim is bound', async () => (await phase(CLAIMS, 'data')) === 'Bound');
    await volume('small', '3Gi');
    await eventually('the other is free', async () => (await phase(VOLUMES, 'small')) === 'Available');
    const bound = await client.get<KubeObject>(CLAIMS, NS, 'data');
    expect(bound).toMatchObject({ spec: { volumeName: 'large' }, status: { capacity: { storage: '9Gi' } } });
    expect(await phase(VOLUMES, 'large')).toBe('Bound');
    await client.delete(CLAIMS, NS, 'data');
    await eventually('it is released', async () => (await phase(VOLUMES, 'large')) === 'Released');
    await client.create(STORAGE_CLASSES, {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'made' },
      provisioner: 'example.com/disk',
    });
    await claim('made', 'made');
    const asked = await eventually('a provisioner is asked', async () => {
      const found = await client.get<KubeObject>(CLAIMS, NS, 'made');
      return found.metadata.annotations?.['volume.kubernetes.io/storage-provisioner'] !== undefined && found;
    });
    expect(asked.metadata.annotations).toMatchObject({
      'volume.kubernetes.io/storage-provisioner': 'example.com/disk',
    });
    for (const name of ['large', 'small']) await client.delete(VOLUMES, undefined, name);
    await client.delete(CLAIMS, NS, 'made');
  });

  it('make the claims of ephemeral volumes, which go with their pods', async () => {
    const template = {
      metadata: { labels: { of: 'scratch' } },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: '',
        resources: { requests: { storage: '1Gi' } },
      },
    };
    const pod = await client.create<KubeObject>(REFS.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'scratch', namespace: NS },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'tmp', ephemeral: { volumeClaimTemplate: template } }],
      },
    });
    const found = async () =>
      (await client.list(CLAIMS, { namespace: NS, labelSelector: 'of=scratch' })).items;
    const [claim] = await eventually('the claim', async () => {
      const items = await found();
      return items.length > 0 && items;
    });
    expect(claim?.metadata).toMatchObject({
      name: 'scratch-tmp',
      ownerReferences: [{ uid: pod.metadata.uid }],
    });
    await client.delete(REFS.pods, NS, 'scratch');
    await eventually('it is gone', async () => (await found()).length === 0);
  });

  it('scale by what pods use, and say what they do not know', async () => {
    const labels = { app: 'busy' };
    const container = { name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } };
    await client.create(REPLICA_SETS, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'busy', namespace: NS },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    });
    await eventually('two pods are ready', async () => {
      const set = await client.get<KubeObject>(REPLICA_SETS, NS, 'busy');
      return set.status?.readyReplicas === 2;
    });
    const scaler = (name: string) =>
      client.create<KubeObject>(AUTOSCALERS, {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name, namespace: NS },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'busy' },
          minReplicas: 1,
          maxReplicas: 9,
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
            },
          ],
        },
      });
    const condition = async (name: string, type: string) => {
      const { status } = await client.get<KubeObject>(AUTOSCALERS, NS, name);
      const conditions: { type: string; reason: string }[] = status?.conditions ?? [];
      return conditions.find((one) => one.type === type)?.reason;
    };
    await scaler('blind');
    await eventually(
      'no metrics',
      async () => (await condition('blind', 'ScalingActive')) === 'FailedGetResourceMetric',
    );
    await client.delete(AUTOSCALERS, NS, 'blind');
    const withdraw = plane.control.provide(podMetrics(client));
    await scaler('seeing');
    await eventually('twice as many', async () => {
      const set = await client.get<KubeObject>(REPLICA_SETS, NS, 'busy');
      return set.spec.replicas === 4 && set.status?.readyReplicas === 4;
    });
    expect(await condition('seeing', 'AbleToScale')).toBe('SucceededRescale');
    withdraw();
    await client.delete(AUTOSCALERS, NS, 'seeing');
    await client.delete(REPLICA_SETS, NS, 'busy', { propagationPolicy: 'Background' });
  });

  it('made no trouble', () => {
    // who acts on late caches loses races and tries again
    expect(warnings.filter((warning) => !warning.includes('the object has been modified'))).toEqual([]);
  });
});
