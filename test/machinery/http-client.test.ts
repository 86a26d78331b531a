import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type KubeObject, StatusError } from '@sampan/api';
import { type Client, HttpClient, REFS, type ResourceRef, type WatchEvent } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Plane, startPlane } from '../support/plane.ts';

const configMap = (name: string, data: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

describe('both drivers of the client', () => {
  let plane: Plane;
  const clients: [string, Client][] = [];
  beforeAll(async () => {
    plane = await startPlane();
    clients.push(
      ['in process', plane.control.client('test')],
      ['over HTTP', new HttpClient(plane, { name: 'test' })],
    );
  });
  afterAll(async () => {
    for (const [, client] of clients) if (client instanceof HttpClient) client.close();
    await plane.close();
  });
  const each = async (body: (client: Client, prefix: string) => Promise<void>) => {
    for (const [name, client] of clients) await body(client, name.replace(' ', '-').toLowerCase());
  };

  it('create, get, update, patch and delete alike', () =>
    each(async (client, prefix) => {
      const made = await client.create(REFS.configMaps, configMap(`${prefix}-a`, { a: '1' }));
      expect(made.metadata.managedFields?.[0]?.manager).toBe('test');
      const got = await client.get(REFS.configMaps, 'default', `${prefix}-a`);
      expect(got).toEqual(made);
      const updated = await client.update(REFS.configMaps, { ...got, data: { a: '2' } });
      expect(updated.data).toEqual({ a: '2' });
      await expect(client.update(REFS.configMaps, { ...got, data: {} })).rejects.toMatchObject({
        code: 409,
        reason: 'Conflict',
      });
      const at = [REFS.configMaps, 'default', `${prefix}-a`] as const;
      expect((await client.patch(...at, 'merge', { data: { b: '3' } })).data).toEqual({ a: '2', b: '3' });
      expect((await client.patch(...at, 'json', [{ op: 'remove', path: '/data/b' }])).data).toEqual({
        a: '2',
      });
      expect((await client.patch(...at, 'strategic', { data: { c: '4' } })).data).toEqual({ a: '2', c: '4' });
      const applied = { ...configMap(`${prefix}-a`, { d: '5' }) };
      expect((await client.patch(...at, 'apply', applied, { fieldManager: 'x' })).data.d).toBe('5');
      const dry = await client.patch(...at, 'merge', { data: { e: '6' } }, { dryRun: true });
      expect(dry.data.e).toBe('6');
      expect((await client.get(...at)).data.e).toBeUndefined();
      const preconditions = { uid: 'another' };
      await expect(client.delete(...at, { preconditions })).rejects.toMatchObject({ code: 409 });
      await client.delete(...at);
      await expect(client.get(...at)).rejects.toMatchObject({
        code: 404,
        message: `configmaps "${prefix}-a" not found`,
      });
    }));

  it('read and write scales alike', () =>
    each(async (client, prefix) => {
      const ref = {
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        kind: 'Deployment',
        namespaced: true,
      };
      const labels = { app: prefix };
      const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'x' }] } };
      await client.create<KubeObject>(ref, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: prefix, namespace: 'default' },
        spec: { replicas: 2, selector: { matchLabels: labels }, template },
      });
      const scale = await client.get(ref, 'default', prefix, 'scale');
      expect(scale).toMatchObject({
        kind: 'Scale',
        spec: { replicas: 2 },
        status: { selector: `app=${prefix}` },
      });
      const updated = await client.update(ref, { ...scale, spec: { replicas: 3 } }, { subresource: 'scale' });
      expect(updated.spec).toEqual({ replicas: 3 });
      const patch = { spec: { replicas: 4 } };
      await client.patch(ref, 'default', prefix, 'merge', patch, { subresource: 'scale' });
      expect((await client.get(ref, 'default', prefix)).spec.replicas).toBe(4);
    }));

  it('list in pages, scan, and delete a collection alike', () =>
    each(async (client, prefix) => {
      const labels = { made: prefix };
      const make = (i: number) =>
        client.create(REFS.configMaps, {
          ...configMap(''),
          metadata: { name: `${prefix}-l${i}`, namespace: 'default', labels },
        });
      await Promise.all(Array.from({ length: 7 }, (_, i) => make(i)));
      const options = { namespace: 'default', labelSelector: `made=${prefix}`, limit: 3 };
      const list = await client.list(REFS.configMaps, options);
      expect(list.items.map(({ kind, apiVersion }) => `${apiVersion} ${kind}`)).toEqual(
        Array(7).fill('v1 ConfigMap'),
      );
      const names: (string | undefined)[] = [];
      const version = await client.scan(REFS.configMaps, { ...options, metadataOnly: true }, ({ metadata }) =>
        names.push(metadata.name),
      );
      expect(names).toEqual(list.items.map(({ metadata }) => metadata.name));
      expect(version).toMatch(/^\d+$/);
      const { limit: _, ...all } = options;
      await client.deleteCollection(REFS.configMaps, all);
      expect((await client.list(REFS.configMaps, options)).items).toEqual([]);
    }));

  it('watch from a version, and no more once ended', () =>
    each(async (client, prefix) => {
      const { metadata } = await client.list(REFS.configMaps);
      const events: WatchEvent[] = [];
      const seen = Promise.withResolvers<void>();
      const stop = client.watch(
        REFS.configMaps,
        { namespace: 'default', resourceVersion: metadata.resourceVersion ?? '' },
        {
          onEvent: (event) => {
            events.push(event);
            if (event.type === 'DELETED') seen.resolve();
          },
          onEnd: (error) => seen.reject(error ?? new Error('ended')),
        },
      );
      await client.create(REFS.configMaps, configMap(`${prefix}-w`));
      await client.delete(REFS.configMaps, 'default', `${prefix}-w`);
      await seen.promise;
      stop();
      expect(events.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
      await client.create(REFS.configMaps, configMap(`${prefix}-later`));
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(events).toHaveLength(2);
    }));

  it('end a watch of a version that the server does not know', () =>
    each(async (client) => {
      const end = Promise.withResolvers<Error | undefined>();
      const request = { resourceVersion: '999999999' };
      client.watch(REFS.configMaps, request, { onEvent: () => {}, onEnd: end.resolve });
      expect(await end.promise).toBeInstanceOf(StatusError);
    }));

  it('discover the same resources', async () => {
    const lists = await Promise.all(
      clients.map(async ([, client]) => (await client.resources()).map(describeRef)),
    );
    const [first = [], second = []] = lists;
    expect([...second].sort()).toEqual([...first].sort());
    expect(first).toContain(
      'apps/v1 deployments Deployment true create,delete,deletecollection,get,list,patch,update,watch',
    );
  });
});

const describeRef = ({
  group,
  version,
  resource,
  kind,
  namespaced,
  verbs,
}: ResourceRef & { verbs: readonly string[] }) =>
  `${group}/${version} ${resource} ${kind} ${namespaced} ${[...verbs].sort().join(',')}`;

describe('the HTTP client', () => {
  let server: Server;
  let answer: (path: string) => { status?: number; body?: string; destroy?: boolean; retryAfter?: string } =
    () => ({});
  let client: HttpClient;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const { status = 200, body = '{}', destroy, retryAfter } = answer(request.url ?? '');
      if (retryAfter) response.setHeader('retry-after', retryAfter);
      if (destroy) request.socket.destroy();
      else if (body !== 'never') response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new HttpClient({ url }, { name: 'test', timeoutMs: 200 });
  });
  afterAll(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  const get = () => client.get(REFS.pods, 'default', 'p');

  it.each([
    ['a broken connection', { destroy: true }],
    ['no answer in time', { body: 'never' }],
    ['an answer that is no JSON', { body: '<html>' }],
  ])('tells of %s by its code', async (_, what) => {
    answer = () => what;
    await expect(get()).rejects.toMatchObject({ code: 'client-connection' });
  });

  it('asks again when a busy server says when', async () => {
    let asked = 0;
    answer = () => (++asked < 3 ? { status: 429, retryAfter: '0.01' } : { body: '{"kind":"Pod"}' });
    expect((await get()).kind).toBe('Pod');
    expect(asked).toBe(3);
  });

  it('makes a StatusError of an error without a Status', async () => {
    answer = () => ({ status: 502, body: 'bad gateway' });
    await expect(get()).rejects.toMatchObject({ code: 502, message: 'bad gateway' });
  });

  it('does not let names leave their place in the path', async () => {
    let path = '';
    answer = (asked) => {
      path = asked;
      return {};
    };
    await client.get(REFS.pods, 'a/../b', '../x?y#z');
    expect(path).toBe('/api/v1/namespaces/a%2F..%2Fb/pods/..%2Fx%3Fy%23z');
  });

  it('says when nothing listens there', async () => {
    const nobody = new HttpClient({ url: 'http://127.0.0.1:1' }, { name: 'test' });
    await expect(nobody.list(REFS.pods)).rejects.toMatchObject({
      code: 'client-connection',
      hint: expect.any(String),
    });
    nobody.close();
  });
});
