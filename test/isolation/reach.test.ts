import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLUSTERS, startTwoGuests, type TwoGuests } from './two-guests.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const HOOKS = '/apis/admissionregistration.k8s.io/v1';

let world: TwoGuests;
/** Listens on all of this machine's addresses; nobody may come. */
let trap: Server;
let visits = 0;

beforeAll(async () => {
  world = await startTwoGuests();
  trap = createServer((socket) => {
    visits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => trap.listen(0, '0.0.0.0', resolve));
});

afterAll(async () => {
  if (trap) await new Promise((resolve) => trap.close(resolve));
  await world?.stop();
});

const trapPort = () => (trap.address() as AddressInfo).port;
const ownAddress = () =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';

/** Hosts that a URL may name to lead into this machine, or elsewhere. */
const HOSTS = (): [what: string, host: string][] => [
  ['loopback', `127.0.0.1:${trapPort()}`],
  ['another loopback', `127.1.2.3:${trapPort()}`],
  ['loopback by name', `localhost:${trapPort()}`],
  ['loopback in IPv6', `[::1]:${trapPort()}`],
  ['loopback as a mapped address', `[::ffff:127.0.0.1]:${trapPort()}`],
  ['loopback as a number', `2130706433:${trapPort()}`],
  ['any address', `0.0.0.0:${trapPort()}`],
  ['the machine itself', `${ownAddress()}:${trapPort()}`],
  ['the host cluster', new URL(world.sampan.url).host],
  ['the metadata of clouds', '169.254.169.254:443'],
  ['the links of other clusters', '100.64.0.1:443'],
  ['a Service of the host cluster', 'kubernetes.default.svc:443'],
];

const rule = {
  operations: ['CREATE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
};
const webhookOf = (clientConfig: object) => ({
  name: 'reach.test.dev',
  clientConfig,
  rules: [rule],
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  timeoutSeconds: 5,
  failurePolicy: 'Fail',
});

describe('what a cluster has its API call is not reached beyond the cluster', () => {
  it.each([
    ['validating', 'validatingwebhookconfigurations', 'ValidatingWebhookConfiguration'],
    ['mutating', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration'],
  ])('by the URL of a %s webhook', async (_, resource, kind) => {
    const { a, b, sampan } = world;
    const before = visits;
    for (const [what, host] of HOSTS()) {
      const logged = sampan.log().length;
      const made = await a.create(`${HOOKS}/${resource}`, {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind,
        metadata: { name: 'reach' },
        webhooks: [webhookOf({ url: `https://${host}/x` })],
      });
      // some are refused at once
      if (made.code === 201) {
        const answer = await a.create(MAPS, { metadata: { name: 'called' } });
        expect([what, answer.code]).toEqual([what, 500]);
        expect(answer.text).toMatch(/no way to host|is not allowed|may be called/);
        expect((await a.remove(`${HOOKS}/${resource}/reach`)).code).toBe(200);
      } else expect([what, made.code]).toEqual([what, 422]);
      expect(sampan.log().slice(logged)).not.toContain('"level":"error"');
    }
    expect(visits).toBe(before);
    // without it, and in another cluster, the same is well
    for (const cluster of [a, b]) {
      expect((await cluster.create(MAPS, { metadata: { name: 'called' } })).code).toBe(201);
      await cluster.remove(`${MAPS}/called`);
    }
  });

  /** A Service of A whose endpoints A has written itself. */
  const serviceTo = async (name: string, address: string, port: number) => {
    const { a } = world;
    await a.create('/api/v1/namespaces/default/services', {
      metadata: { name },
      spec: { ports: [{ port: 443, targetPort: port }] },
    });
    await a.create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
      metadata: { name, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ port, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    });
  };

  it('by the Service of a webhook with endpoints elsewhere', async () => {
    const { a } = world;
    const before = visits;
    const resource = 'validatingwebhookconfigurations';
    for (const [index, address] of [ownAddress(), '100.64.0.1', '10.244.0.2'].entries()) {
      await serviceTo(`hook-${index}`, address, trapPort());
      await a.create(`${HOOKS}/${resource}`, {
        metadata: { name: 'reach' },
        webhooks: [webhookOf({ service: { namespace: 'default', name: `hook-${index}`, port: 443 } })],
      });
      expect((await a.create(MAPS, { metadata: { name: 'called' } })).code).toBe(500);
      await a.remove(`${HOOKS}/${resource}/reach`);
    }
    expect(visits).toBe(before);
  });

  it('by the Service of an aggregated API', async () => {
    const { a, b, host } = world;
    const before = visits;
    await serviceTo('api', ownAddress(), trapPort());
    const made = await a.create('/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: 'v1.reach.test' },
      spec: {
        ...{ group: 'reach.test', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
        ...{ insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'api', port: 443 } },
      },
    });
    expect(made.code).toBe(201);
    expect((await a.get('/apis/reach.test/v1')).code).toBe(503);
    for (const cluster of [b, host]) expect((await cluster.get('/apis/reach.test/v1')).code).toBe(404);
    expect(visits).toBe(before);
    await a.remove('/apis/apiregistration.k8s.io/v1/apiservices/v1.reach.test');
  });

  it('by an aggregated API in place of one of the cluster’s own', async () => {
    const { a, b } = world;
    const made = await a.create('/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: 'v1.apps' },
      spec: {
        ...{ group: 'apps', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
        ...{ insecureSkipTLSVerify: true, service: { namespace: 'default', name: 'api', port: 443 } },
      },
    });
    expect([201, 403, 409, 422]).toContain(made.code);
    expect((await b.get('/apis/apps/v1/deployments')).code).toBe(200);
    await a.remove('/apis/apiregistration.k8s.io/v1/apiservices/v1.apps');
  });

  it('by the webhook that converts a custom resource', async () => {
    const { a, b } = world;
    const before = visits;
    const schema = {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    };
    const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema });
    const definition = (url: string) => ({
      metadata: { name: 'things.reach.test' },
      spec: {
        group: 'reach.test',
        scope: 'Cluster',
        names: { plural: 'things', kind: 'Thing' },
        versions: [version('v1', true), version('v2', false)],
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url }, conversionReviewVersions: ['v1'] },
        },
      },
    });
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const made = await a.create(definitions, definition(`https://${ownAddress()}:${trapPort()}/`));
    expect(made.code).toBe(201);
    const things = (version: string) => `/apis/reach.test/${version}/things`;
    await expect.poll(async () => (await a.get(things('v1'))).code).toBe(200);
    await a.create(things('v1'), { apiVersion: 'reach.test/v1', kind: 'Thing', metadata: { name: 'x' } });
    expect((await a.get(`${things('v1')}/x`)).code).toBe(200);
    expect((await a.get(`${things('v2')}/x`)).code).toBe(500);
    expect((await b.get(things('v1'))).code).toBe(404);
    expect(visits).toBe(before);
    await a.remove(`${definitions}/things.reach.test`);
  });

  it.each([
    ['a node', '/api/v1/nodes/NODE/proxy/pods'],
    ['a port of a node', '/api/v1/nodes/NODE:PORT/proxy/'],
    ['a node by its name and a scheme', '/api/v1/nodes/https:NODE:PORT/proxy/'],
    ['the streams of a node', '/api/v1/nodes/NODE/proxy/streams/exec'],
    ['a pod that is on the machine', '/api/v1/namespaces/default/pods/lure:PORT/proxy/'],
    ['the logs of a pod', '/api/v1/namespaces/default/pods/lure/log'],
    ['a Service of the machine', '/api/v1/namespaces/default/services/api:443/proxy/'],
    ['the API of the host cluster', '/api/v1/namespaces/default/services/https:kubernetes:443/proxy/'],
  ])('by the proxy to %s', async (_, path) => {
    const { a } = world;
    const before = visits;
    await a.create('/api/v1/nodes', { metadata: { name: 'lure' } });
    const address = ownAddress();
    const status = {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: trapPort() } },
    };
    const type = 'application/merge-patch+json';
    await a.ask({ method: 'PATCH', path: '/api/v1/nodes/lure/status', type, body: { status } });
    const pods = '/api/v1/namespaces/default/pods';
    const spec = { nodeName: 'lure', hostNetwork: true, containers: [{ name: 'c', image: 'i' }] };
    await a.create(pods, { metadata: { name: 'lure', labels: { app: 'lure' } }, spec });
    for (const podIP of [address, '127.0.0.1', '169.254.169.254', '100.64.0.1']) {
      const body = { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], hostIP: podIP } };
      expect((await a.ask({ method: 'PATCH', path: `${pods}/lure/status`, type, body })).code).toBe(200);
      const target = path.replace('NODE', 'lure').replace('PORT', String(trapPort()));
      const { code } = await a.get(target);
      expect([400, 403, 404, 500, 503]).toContain(code);
    }
    expect(visits).toBe(before);
  });
});

describe('what has the same name elsewhere stays what it is', () => {
  it('nodes', async () => {
    const { a, b, host } = world;
    expect((await a.create('/api/v1/nodes', { metadata: { name: 'twin', labels: { of: 'a' } } })).code).toBe(
      201,
    );
    expect((await b.create('/api/v1/nodes', { metadata: { name: 'twin', labels: { of: 'b' } } })).code).toBe(
      201,
    );
    const labels = async () => (await b.get('/api/v1/nodes/twin')).json().metadata.labels;
    expect((await a.remove('/api/v1/nodes/twin')).code).toBe(200);
    expect((await labels()).of).toBe('b');
    expect((await host.get('/api/v1/nodes/twin')).code).toBe(404);
  });

  it('namespaces, with all that is in them', async () => {
    const { a, b } = world;
    for (const cluster of [a, b]) {
      await cluster.create('/api/v1/namespaces', { metadata: { name: 'twin' } });
      await cluster.create('/api/v1/namespaces/twin/configmaps', {
        metadata: { name: 'x' },
        data: { of: cluster.name },
      });
    }
    expect((await a.remove('/api/v1/namespaces/twin')).code).toBe(200);
    await expect.poll(async () => (await a.get('/api/v1/namespaces/twin')).code).toBe(404);
    expect((await b.get('/api/v1/namespaces/twin/configmaps/x')).json().data.of).toBe('b');
  });

  it('a kind Cluster that a guest defines itself, whose objects make nothing', async () => {
    const { a, host } = world;
    expect((await a.get(CLUSTERS)).code).toBe(404);
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const { spec } = (await host.get(`${path}/clusters.clusters.sampan.dev`)).json();
    const made = await a.create(path, { metadata: { name: 'clusters.clusters.sampan.dev' }, spec });
    expect(made.code).toBe(201);
    await expect.poll(async () => (await a.get(CLUSTERS)).code).toBe(200);
    for (const name of ['evil', 'b']) {
      const body = { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name } };
      expect((await a.create(CLUSTERS, body)).code).toBe(201);
    }
    await a.remove(`${CLUSTERS}/b`);
    const names = (await host.get(CLUSTERS))
      .json()
      .items.map((item: { metadata: { name: string } }) => item.metadata.name);
    expect(names).toEqual(['a', 'b']);
    expect((await host.ask({ path: '/clusters/evil/version' })).code).toBe(404);
    expect((await world.b.get('/version')).code).toBe(200);
  });

  it('the host cluster, as which no guest may be called', async () => {
    const { host } = world;
    const body = { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name: 'host' } };
    const refused = await host.create(CLUSTERS, body);
    expect(refused.code).toBe(422);
    expect(refused.text).toContain('own cluster is called');
    expect((await host.get('/clusters/host/version')).code).toBe(404);
  });

  it('schemas of custom resources', async () => {
    const { a, b } = world;
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const definition = (type: string) => ({
      metadata: { name: 'twins.reach.test' },
      spec: {
        group: 'reach.test',
        scope: 'Cluster',
        names: { plural: 'twins', kind: 'Twin' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { size: { type } } } },
          },
        ],
      },
    });
    await a.create(path, definition('string'));
    await b.create(path, definition('integer'));
    const codes = async (cluster: typeof a, size: unknown) => {
      const body = { apiVersion: 'reach.test/v1', kind: 'Twin', metadata: { generateName: 'x' }, size };
      return (await cluster.create('/apis/reach.test/v1/twins', body)).code;
    };
    for (const cluster of [a, b])
      await expect.poll(async () => (await cluster.get('/apis/reach.test/v1/twins')).code).toBe(200);
    expect([await codes(a, 'large'), await codes(a, 1)]).toEqual([201, 422]);
    expect([await codes(b, 'large'), await codes(b, 1)]).toEqual([422, 201]);
  });

  it('changes that are watched', async () => {
    const { a, b } = world;
    const { metadata } = (await b.get(MAPS)).json();
    const watch = b.get(`${MAPS}?watch=1&timeoutSeconds=2&resourceVersion=${metadata.resourceVersion}`);
    await a.create(MAPS, { metadata: { name: 'seen-in-a' } });
    await b.create(MAPS, { metadata: { name: 'seen-in-b' } });
    const { text } = await watch;
    expect(text).toContain('seen-in-b');
    expect(text).not.toContain('seen-in-a');
  });

  it('the rest of a list that another cluster began', async () => {
    const { a, b } = world;
    for (const name of ['1', '2', '3']) {
      await b.create(MAPS, { metadata: { name: `page-of-b-${name}` } });
      await a.create(MAPS, { metadata: { name: `page-of-a-${name}` } });
    }
    const { metadata } = (await b.get(`${MAPS}?limit=1`)).json();
    const path = `${MAPS}?limit=500&continue=${encodeURIComponent(metadata.continue)}`;
    expect((await b.get(path)).text).toContain('page-of-b-3');
    expect((await a.get(path)).text).not.toContain('page-of-b');
  });

  it('what is counted and told of requests', async () => {
    const { a, b } = world;
    const text = (await a.get('/metrics')).text;
    expect(text).not.toContain('page-of-b');
    expect(text).not.toMatch(/clusters\/b/);
    expect((await b.get('/sampan/status')).code).toBe(404);
  });
});
