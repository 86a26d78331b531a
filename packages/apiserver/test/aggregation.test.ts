import { systemClock } from '@sampan/base';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ExtensionServer, startExtensionServer } from './extension-server.ts';
import { type Server, startServer } from './harness.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const NAME = 'v1.boats.example.com';
const BOATS = '/apis/boats.example.com/v1/namespaces/default/boats';

let server: Server;
let extension: ExtensionServer;

beforeAll(async () => {
  const authority = createCertificateAuthority('front-proxy-ca');
  const issued = issueCertificate(authority, {
    subject: { commonName: 'front-proxy-client', organizations: [] },
    usages: ['client auth'],
  });
  extension = await startExtensionServer(() => authority.certificatePem);
  server = await startServer(systemClock, {
    dialer: () => extension.dialer,
    frontProxy: {
      ca: authority.certificatePem,
      certificate: issued.certificatePem,
      key: issued.privateKeyPem ?? '',
    },
  });
  await server.ask('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'ext' },
  });
});
afterAll(async () => {
  await server.close();
  await extension.close();
});
beforeEach(async () => {
  await server.ask('DELETE', `${SERVICES}/${NAME}`);
  await server.ask('DELETE', '/api/v1/namespaces/ext/services/api');
  await server.ask('DELETE', '/apis/discovery.k8s.io/v1/namespaces/ext/endpointslices/api-1');
  extension.broken = false;
  extension.received.length = 0;
});

const apiService = (spec: object = {}) => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: NAME },
  spec: {
    group: 'boats.example.com',
    version: 'v1',
    groupPriorityMinimum: 2000,
    versionPriority: 15,
    service: { namespace: 'ext', name: 'api', port: 443 },
    caBundle: extension.caBundle,
    ...spec,
  },
});

async function makeService(): Promise<void> {
  await server.ask('POST', '/api/v1/namespaces/ext/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api' },
    spec: { ports: [{ port: 443, targetPort: 8443 }] },
  });
  await server.ask('POST', '/apis/discovery.k8s.io/v1/namespaces/ext/endpointslices', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'api-1', labels: { 'kubernetes.io/service-name': 'api' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8443 }],
    endpoints: [{ addresses: ['10.244.0.9'], conditions: { ready: true } }],
  });
}

/** Waits until the APIService says so. */
async function until(status: string, reason: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const { body } = await server.ask('GET', `${SERVICES}/${NAME}`);
    const condition = body.status?.conditions?.[0];
    if (condition?.status === status && condition.reason === reason) return;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(body.status)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function serveBoats(spec: object = {}): Promise<void> {
  await makeService();
  expect((await server.ask('POST', SERVICES, apiService(spec))).status).toBe(201);
  await until('True', 'Passed');
  extension.received.length = 0;
}

it('becomes available once its Service has endpoints, and unavailable without', async () => {
  await server.ask('POST', SERVICES, apiService());
  await until('False', 'ServiceNotFound');
  const refused = await server.ask('GET', BOATS);
  expect(refused.status).toBe(503);
  expect(refused.body).toBe('service unavailable\n');
  await makeService();
  await until('True', 'Passed');
  await server.ask('DELETE', '/apis/discovery.k8s.io/v1/namespaces/ext/endpointslices/api-1');
  await until('False', 'EndpointsNotFound');
});

it('says why a server that is there is not available', async () => {
  extension.broken = true;
  await makeService();
  await server.ask('POST', SERVICES, apiService());
  await until('False', 'FailedDiscoveryCheck');
  const { body } = await server.ask('GET', `${SERVICES}/${NAME}`);
  expect(body.status.conditions[0].message).toBe(
    'failing or missing response from https://api.ext.svc:443/apis/boats.example.com/v1: bad status: 503',
  );
});

it('hands requests on with who asks, and without what is secret', async () => {
  await serveBoats();
  const { status, body } = await server.ask(
    'POST',
    `${BOATS}?dryRun=All`,
    { a: 1 },
    {
      'x-remote-user': 'somebody-else',
      'impersonate-user': 'jane',
      'impersonate-group': 'system:masters',
      'impersonate-extra-scopes%2fmine': 'all',
    },
  );
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toEqual({ kind: 'Boat', path: `${BOATS}?dryRun=All`, body: '{"a":1}' });
  const [received] = extension.received;
  expect(received?.client).toBe('front-proxy-client');
  expect(received?.headers).toMatchObject({
    host: 'api.ext.svc:443',
    'x-remote-user': 'jane',
    'x-remote-group': expect.stringContaining('system:masters'),
    'x-remote-extra-scopes%2fmine': 'all',
  });
  expect(received?.headers.authorization).toBeUndefined();
  expect(received?.headers['impersonate-user']).toBeUndefined();
});

it('hands watches on as they come, and ends them with the client', async () => {
  await serveBoats();
  const [event] = await server.lines(`${BOATS}?watch=true`, 1);
  expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Boat' } });
  await expect.poll(() => extension.watches).toBe(0);
});

it('asks RBAC first', async () => {
  await serveBoats();
  const { status } = await server.ask('GET', BOATS, undefined, { 'impersonate-user': 'nobody' });
  expect(status).toBe(403);
  expect(extension.received).toEqual([]);
});

it('does not trust a server with another certificate', async () => {
  await serveBoats({ caBundle: Buffer.from(server.ca).toString('base64') });
  const { status, body } = await server.ask('GET', BOATS);
  expect(status).toBe(503);
  expect(body).toContain('error trying to reach service');
});

it('shows the group in every form of discovery, and in OpenAPI', async () => {
  await serveBoats();
  const { body: groups } = await server.ask('GET', '/apis');
  const names = groups.groups.map(({ name }: { name: string }) => name);
  expect(names.at(-1)).toBe('boats.example.com');
  expect((await server.ask('GET', '/apis/boats.example.com')).body.preferredVersion.version).toBe('v1');
  const list = await server.ask('GET', '/apis/boats.example.com/v1');
  expect(list.body.resources[0].name).toBe('boats');
  const { body } = await server.ask('GET', '/apis', undefined, {
    accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  });
  const group = JSON.parse(typeof body === 'string' ? body : JSON.stringify(body)).items.at(-1);
  expect(group.metadata.name).toBe('boats.example.com');
  expect(group.versions[0]).toMatchObject({
    version: 'v1',
    freshness: 'Current',
    resources: [{ resource: 'boats', scope: 'Namespaced', subresources: [{ subresource: 'status' }] }],
  });
  const openApi = await server.ask('GET', '/openapi/v3');
  expect(openApi.body.paths['apis/boats.example.com/v1'].serverRelativeURL).toContain('hash=1');
  await server.ask('DELETE', `${SERVICES}/${NAME}`);
  expect((await server.ask('GET', '/apis/boats.example.com')).status).toBe(404);
  expect((await server.ask('GET', BOATS)).status).toBe(404);
});

it('tells extension servers whom to trust', async () => {
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
  const { data } = (await server.ask('GET', path)).body;
  expect(data).toMatchObject({
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  });
  expect(data['requestheader-client-ca-file']).toContain('BEGIN CERTIFICATE');
  expect(data['client-ca-file']).toBe(server.ca);
});

it('refuses APIServices that could not work', async () => {
  const wrong = apiService({
    groupPriorityMinimum: 0,
    versionPriority: 2000,
    service: {},
    caBundle: undefined,
  });
  wrong.metadata.name = 'v2.boats.example.com';
  const { status, body } = await server.ask('POST', SERVICES, wrong);
  expect(status).toBe(422);
  expect(body.details.causes.map(({ field }: { field: string }) => field)).toEqual([
    'metadata.name',
    'spec.groupPriorityMinimum',
    'spec.versionPriority',
    'spec.service.namespace',
    'spec.service.name',
  ]);
});

it('lists an APIService for every version that this server serves itself', async () => {
  const { body } = await server.ask('GET', SERVICES);
  const names = body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  expect(names).toContain('v1.');
  expect(names).toContain('v1.apps');
  const apps = body.items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === 'v1.apps');
  expect(apps).toMatchObject({
    metadata: { labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' } },
    spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 },
    status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
  });
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const version = {
    name: 'v2',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object' } },
  };
  await server.ask('POST', crds, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'oars.rowing.example.com' },
    spec: {
      group: 'rowing.example.com',
      scope: 'Namespaced',
      names: { plural: 'oars', kind: 'Oar' },
      versions: [version],
    },
  });
  const oars = async () => (await server.ask('GET', `${SERVICES}/v2.rowing.example.com`)).status;
  await expect.poll(oars).toBe(200);
  await server.ask('DELETE', `${crds}/oars.rowing.example.com`);
  await expect.poll(oars).toBe(404);
});

it('makes an authority for the front proxy when it is needed, where none was given', async () => {
  const plain = await startServer(systemClock, { dialer: () => extension.dialer });
  try {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const data = async () => (await plain.ask('GET', path)).body.data;
    expect(Object.keys(await data())).toEqual(['client-ca-file']);
    await plain.ask('POST', SERVICES, apiService());
    await expect.poll(async () => (await data())['requestheader-client-ca-file']).toContain('CERTIFICATE');
  } finally {
    await plain.close();
  }
});
