import type { KubeObject } from '@sampan/api';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Server, startServer } from './harness.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NAME = 'doors.example.com';
const path = (version: string, name = '') =>
  `/apis/example.com/${version}/namespaces/default/doors${name === '' ? '' : `/${name}`}`;

let server: Server;
let hooks: WebhookServer;

beforeAll(async () => {
  hooks = await startWebhookServer();
  server = await startServer(undefined, { dialer: () => hooks.dialer });
});
afterAll(async () => {
  await server.close();
  await hooks.close();
});

/** v1 has `at: "host:port"`, v2 has `host` and `port`. */
// biome-ignore lint/suspicious/noExplicitAny: custom objects
function convert(object: any, apiVersion: string): any {
  const { at, host, port, ...rest } = object;
  if (apiVersion === 'example.com/v1') return { ...rest, apiVersion, at: `${host}:${port}` };
  const [name, number] = String(at).split(':');
  return { ...rest, apiVersion, host: name, port: number };
}

const converting = ({
  review,
}: {
  review: { request: { objects: object[]; desiredAPIVersion: string } };
}) => ({
  result: { status: 'Success' },
  convertedObjects: review.request.objects.map((object) => convert(object, review.request.desiredAPIVersion)),
});

const text = { type: 'string' };
const schema = (properties: object) => ({ openAPIV3Schema: { type: 'object', properties } });
const version = (name: string, storage: boolean, properties: object) => ({
  name,
  served: true,
  storage,
  schema: schema(properties),
});
const versions = (stored: string) => [
  version('v1', stored === 'v1', { at: text }),
  version('v2', stored === 'v2', { host: text, port: text }),
];

beforeEach(async () => {
  hooks.answer('/convert', converting);
  await server.ask('DELETE', `${CRDS}/${NAME}`);
  await expect.poll(async () => (await server.ask('GET', `${CRDS}/${NAME}`)).status).toBe(404);
  const { status, body } = await server.ask('POST', CRDS, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: NAME },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'doors', kind: 'Door' },
      versions: versions('v1'),
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: hooks.clientConfig('/convert'), conversionReviewVersions: ['v1'] },
      },
    },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  await expect.poll(async () => (await server.ask('GET', path('v2'))).status).toBe(200);
  hooks.asked.length = 0;
});

const door = (name: string, fields: object, own: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Door',
  metadata: { name, ...own },
  ...fields,
});

it('shows an object in another version than it was written in', async () => {
  await server.ask('POST', path('v1'), door('a', { at: 'here:80' }, { labels: { l: 'x' } }));
  const { body } = await server.ask('GET', path('v2', 'a'));
  expect(body).toMatchObject({
    apiVersion: 'example.com/v2',
    host: 'here',
    port: '80',
    metadata: { name: 'a', labels: { l: 'x' } },
  });
  expect(body.at).toBeUndefined();
  expect(hooks.asked[0]?.path).toBe('/convert');
  expect(hooks.asked[0]?.review).toMatchObject({
    kind: 'ConversionReview',
    apiVersion: 'apiextensions.k8s.io/v1',
    request: { desiredAPIVersion: 'example.com/v2', objects: [{ at: 'here:80' }] },
  });
  await server.ask('GET', path('v2', 'a'));
  expect(hooks.asked).toHaveLength(1);
});

it('stores an object in the storage version, and changes it in any', async () => {
  const object = { ...door('b', { host: 'there', port: '1' }), apiVersion: 'example.com/v2' };
  const made = await server.ask('POST', path('v2'), object);
  expect(made.status, JSON.stringify(made.body)).toBe(201);
  expect(made.body).toMatchObject({ apiVersion: 'example.com/v2', host: 'there', port: '1' });
  const [stored] = server.control.reader.list<KubeObject & { at?: string }>('doors.example.com');
  expect(stored).toMatchObject({ apiVersion: 'example.com/v1', at: 'there:1' });
  const patched = await server.ask('PATCH', path('v2', 'b'), { port: '2' });
  expect(patched.body.port).toBe('2');
  expect((await server.ask('GET', path('v1', 'b'))).body.at).toBe('there:2');
  const put = await server.ask(
    'PUT',
    path('v1', 'b'),
    door(
      'b',
      { at: 'x:3' },
      {
        resourceVersion: patched.body.metadata.resourceVersion,
      },
    ),
  );
  expect(put.status, JSON.stringify(put.body)).toBe(200);
  expect((await server.ask('GET', path('v2', 'b'))).body).toMatchObject({ host: 'x', port: '3' });
  expect((await server.ask('DELETE', path('v2', 'b'))).status).toBe(200);
});

it('lists objects that are stored in several versions, asking once', async () => {
  for (let i = 0; i < 5; i++) await server.ask('POST', path('v1'), door(`old-${i}`, { at: `h:${i}` }));
  const crd = (await server.ask('GET', `${CRDS}/${NAME}`)).body;
  crd.spec.versions = versions('v2');
  expect((await server.ask('PUT', `${CRDS}/${NAME}`, crd)).status).toBe(200);
  await server.ask('POST', path('v1'), door('new', { at: 'n:9' }));
  hooks.asked.length = 0;
  const { body } = await server.ask('GET', path('v2'));
  expect(body.items.map(({ port }: { port: string }) => port)).toEqual(['9', '0', '1', '2', '3', '4']);
  expect(hooks.asked).toHaveLength(1);
  const first = await server.ask('GET', path('v1'));
  expect(first.body.items.map(({ at }: { at: string }) => at)).toEqual([
    'n:9',
    'h:0',
    'h:1',
    'h:2',
    'h:3',
    'h:4',
  ]);
});

it('watches in order, whatever the webhook takes for each', async () => {
  await server.ask('POST', path('v1'), door('w0', { at: 'h:0' }));
  let calls = 0;
  hooks.answer('/convert', async (asked) => {
    await new Promise((resolve) => setTimeout(resolve, calls++ === 0 ? 50 : 0));
    return converting(asked);
  });
  const watching = server.lines(`${path('v2')}?watch=true`, 5);
  await new Promise((resolve) => setTimeout(resolve, 30));
  for (let i = 1; i <= 3; i++) await server.ask('POST', path('v1'), door(`w${i}`, { at: `h:${i}` }));
  await server.ask('DELETE', path('v1', 'w1'));
  const events = await watching;
  expect(events.map(({ type, object }) => [type, object.metadata.name, object.port])).toEqual([
    ['ADDED', 'w0', '0'],
    ['ADDED', 'w1', '1'],
    ['ADDED', 'w2', '2'],
    ['ADDED', 'w3', '3'],
    ['DELETED', 'w1', '1'],
  ]);
});

it('is selected by labels in the version that is asked for, and read in process', async () => {
  await server.ask('POST', path('v1'), door('l1', { at: 'h:1' }, { labels: { a: 'x' } }));
  await server.ask('POST', path('v1'), door('l2', { at: 'h:2' }));
  const { body } = await server.ask('GET', `${path('v2')}?labelSelector=a=x`);
  expect(body.items.map(({ host, port }: { host: string; port: string }) => `${host}:${port}`)).toEqual([
    'h:1',
  ]);
  const ref = { group: 'example.com', version: 'v2', resource: 'doors', kind: 'Door', namespaced: true };
  const listed = await server.control.client('test').list(ref, { namespace: 'default' });
  expect(listed.items.map(({ port }) => port)).toEqual(['1', '2']);
});

it('says so when the webhook fails, and serves what needs no webhook', async () => {
  await server.ask('POST', path('v1'), door('f', { at: 'h:1' }));
  hooks.answer('/convert', () => ({ result: { status: 'Failed', message: 'not today' } }));
  const { status, body } = await server.ask('GET', path('v2', 'f'));
  expect(status).toBe(500);
  expect(body.message).toBe('conversion webhook for example.com/v1, Kind=Door failed: not today');
  expect((await server.ask('GET', path('v2'))).status).toBe(500);
  expect((await server.ask('GET', path('v1'))).status).toBe(200);
  const [event] = await server.lines(`${path('v2')}?watch=true`, 1);
  expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 500 } });
});

it.each<[string, object, string]>([
  [
    'renames it',
    { metadata: { name: 'other', namespace: 'default' } },
    'must have the same name: m != other',
  ],
  ['keeps the version', { apiVersion: 'example.com/v1' }, 'invalid groupVersion (expected example.com/v2'],
  ['makes another kind of it', { kind: 'Window' }, 'invalid kind (expected Door, received Window)'],
])('refuses an object when the webhook %s', async (_, change, message) => {
  await server.ask('POST', path('v1'), door('m', { at: 'h:1' }));
  hooks.answer('/convert', (asked) => {
    const made = converting(asked);
    return { ...made, convertedObjects: made.convertedObjects.map((object) => ({ ...object, ...change })) };
  });
  const { status, body } = await server.ask('GET', path('v2', 'm'));
  expect(status).toBe(500);
  expect(body.message).toContain(message);
});

it('lets the webhook change labels, and no other metadata', async () => {
  await server.ask('POST', path('v1'), door('k', { at: 'h:1' }, { finalizers: ['example.com/keep'] }));
  hooks.answer('/convert', (asked) => {
    const made = converting(asked);
    const change = ({ metadata, ...object }: KubeObject) => ({
      ...object,
      metadata: { ...metadata, labels: { made: 'here' }, finalizers: [], generation: 99 },
    });
    return { ...made, convertedObjects: made.convertedObjects.map(change) };
  });
  const { metadata } = (await server.ask('GET', path('v2', 'k'))).body;
  expect(metadata).toMatchObject({
    labels: { made: 'here' },
    finalizers: ['example.com/keep'],
    generation: 1,
  });
  await server.ask('PATCH', path('v1', 'k'), { metadata: { finalizers: null } });
});
