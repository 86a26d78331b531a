import { type KubeObject, kinds, type ResourceDefinition, StatusError } from '@sampan/api';
import type { ProvidedEvent, ProvidedResource } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from './harness.ts';

const configMaps = kinds.find(({ resource }) => resource === 'configmaps') as ResourceDefinition;

/** Boats that live in memory. */
class Boats implements ProvidedResource {
  readonly definition: ResourceDefinition = {
    ...configMaps,
    group: 'boats.example.com',
    version: 'v1',
    kind: 'Boat',
    listKind: 'BoatList',
    resource: 'boats',
    singular: 'boat',
    shortNames: ['bt'],
    rules: {
      columns: [
        { name: 'Name', type: 'string', cell: (boat) => boat.metadata.name ?? '' },
        { name: 'Sail', type: 'string', cell: (boat) => boat.metadata.labels?.sail ?? '' },
      ],
    },
  };
  readonly #boats = new Map<string, KubeObject>();
  readonly #watchers = new Set<(event: ProvidedEvent) => void>();
  #version = 1;
  readonly callers: string[] = [];

  put(name: string, namespace: string, sail: string): void {
    const type = this.#boats.has(name) ? 'MODIFIED' : 'ADDED';
    const resourceVersion = String(++this.#version);
    const boat = {
      apiVersion: '',
      kind: '',
      metadata: { name, namespace, resourceVersion, labels: { sail } },
    };
    this.#boats.set(name, boat);
    for (const watcher of this.#watchers) watcher({ type, object: boat });
  }

  list(namespace: string, caller: { name: string }) {
    this.callers.push(caller.name);
    const items = [...this.#boats.values()].filter(
      ({ metadata }) => namespace === '' || metadata.namespace === namespace,
    );
    return { items, resourceVersion: String(this.#version) };
  }

  get(_namespace: string, name: string) {
    return this.#boats.get(name);
  }

  watch(_namespace: string, version: string, onEvent: (event: ProvidedEvent) => void) {
    if (Number(version) < this.#version) throw new StatusError('Expired', 'too old');
    this.#watchers.add(onEvent);
    return () => this.#watchers.delete(onEvent);
  }
}

describe('a provided resource', () => {
  let server: Server;
  const boats = new Boats();
  let withdraw = () => {};
  const root = '/apis/boats.example.com/v1';
  beforeAll(async () => {
    server = await startServer();
    withdraw = server.control.provide(boats);
    boats.put('ark', 'default', 'red');
    boats.put('kon', 'kube-system', 'blue');
  });
  afterAll(() => server.close());

  it('is discovered with the verbs it has', async () => {
    const { body } = await server.ask('GET', root);
    expect(body.resources[0]).toMatchObject({ name: 'boats', kind: 'Boat', verbs: ['get', 'list', 'watch'] });
  });

  it('is read, listed and selected as stored ones are', async () => {
    const one = await server.ask('GET', `${root}/namespaces/default/boats/ark`);
    expect(one.body).toMatchObject({ apiVersion: 'boats.example.com/v1', kind: 'Boat' });
    const all = await server.ask('GET', `${root}/boats`);
    expect(all.body.kind).toBe('BoatList');
    expect(all.body.items).toHaveLength(2);
    expect(boats.callers).toContain('admin');
    const blue = await server.ask('GET', `${root}/boats?labelSelector=sail%3Dblue`);
    expect(blue.body.items.map((boat: KubeObject) => boat.metadata.name)).toEqual(['kon']);
    const missing = await server.ask('GET', `${root}/namespaces/default/boats/none`);
    expect(missing.body).toMatchObject({ code: 404, message: 'boats.boats.example.com "none" not found' });
  });

  it('is shown in tables with its own columns', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { body } = await server.ask('GET', `${root}/boats`, undefined, { accept });
    expect(body.rows.map((row: { cells: string[] }) => row.cells)).toEqual([
      ['ark', 'red'],
      ['kon', 'blue'],
    ]);
  });

  it('is guarded by RBAC as all resources are', async () => {
    const { status, body } = await server.ask('GET', `${root}/boats`, undefined, {
      'impersonate-user': 'jane',
    });
    expect([status, body.message]).toEqual([
      403,
      'boats.boats.example.com is forbidden: User "jane" cannot list resource "boats" in API group "boats.example.com" at the cluster scope',
    ]);
  });

  it('refuses writes', async () => {
    const created = await server.ask('POST', `${root}/namespaces/default/boats`, { metadata: { name: 'x' } });
    expect(created.status).toBe(405);
  });

  it('is watched, with a selector that objects come to match and leave', async () => {
    const { body } = await server.ask('GET', `${root}/boats`);
    const query = `watch=true&labelSelector=sail%3Dred&resourceVersion=${body.metadata.resourceVersion}`;
    const lines = server.lines(`${root}/boats?${query}`, 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    boats.put('kon', 'kube-system', 'red');
    boats.put('ark', 'default', 'green');
    expect((await lines).map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['ADDED', 'kon'],
      ['DELETED', 'ark'],
    ]);
  });

  it('gives a watch without version its present state first', async () => {
    const events = await server.lines(`${root}/boats?watch=true`, 2);
    expect(events.map(({ type, object }) => [type, object.kind])).toEqual([
      ['ADDED', 'Boat'],
      ['ADDED', 'Boat'],
    ]);
  });

  it('tells a watch that starts too late to list again', async () => {
    const [event] = await server.lines(`${root}/boats?watch=true&resourceVersion=1`, 1);
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
  });

  it('is there for controllers in the process too, and goes when it is withdrawn', async () => {
    const client = server.control.client('test');
    const { group, version, resource, kind, namespaced } = boats.definition;
    const ref = { group, version, resource, kind, namespaced };
    expect((await client.list(ref)).items).toHaveLength(2);
    expect((await client.get(ref, 'default', 'ark')).kind).toBe('Boat');
    withdraw();
    withdraw();
    expect((await server.ask('GET', `${root}/boats`)).status).toBe(404);
  });
});
