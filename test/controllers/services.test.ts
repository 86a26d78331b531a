import type { KubeObject } from '@sampan/api';
import { type Controllers, startControllers } from '@sampan/controllers';
import { type Client, REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';
import { startTestKubelet } from './kubelet.ts';
import { eventually } from './server.ts';

const NS = 'default';
const NODE = 'node-1';

describe('Services of running pods', () => {
  let plane: Plane;
  let client: Client;
  let controllers: Controllers;
  let kubelet: ReturnType<typeof startTestKubelet>;
  const warnings: string[] = [];
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
    controllers = startControllers({
      client: (name) => plane.control.client(name),
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

  it('have slices and Endpoints that follow the pods', async () => {
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
    const [slice] = await slicesOf('web');
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

  it('without selector have Endpoints of others mirrored', async () => {
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

  it('made no trouble', () => {
    expect(warnings).toEqual([]);
  });
});
