import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

let server: Server;
const names = (body: { items: { metadata: { name: string } }[] }) =>
  body.items.map((item) => item.metadata.name);

beforeAll(async () => {
  server = await startServer();
  await server.ask('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'read' },
  });
  for (let i = 0; i < 25; i++) {
    await server.ask(
      'POST',
      IN_READ,
      configMap(`m${String(i).padStart(2, '0')}`, {}, { labels: { parity: i % 2 ? 'odd' : 'even' } }),
    );
  }
});
afterAll(() => server.close());

const IN_READ = '/api/v1/namespaces/read/configmaps';

describe('a paged list', () => {
  it('shows one snapshot, whatever is written between its pages', async () => {
    const seen: string[] = [];
    let path = `${IN_READ}?limit=10`;
    let version: string | undefined;
    for (let page = 0; ; page++) {
      const { body } = await server.ask('GET', path);
      version ??= body.metadata.resourceVersion;
      expect(body.metadata.resourceVersion).toBe(version);
      seen.push(...names(body));
      if (page === 0) {
        expect(body.metadata.remainingItemCount).toBe(15);
        await server.ask('POST', IN_READ, configMap('m05-between'));
        await server.ask('DELETE', `${IN_READ}/m20`);
      }
      if (!body.metadata.continue) break;
      path = `${IN_READ}?limit=10&continue=${body.metadata.continue}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => `m${String(i).padStart(2, '0')}`));
    const { body } = await server.ask('GET', IN_READ);
    expect(names(body)).toContain('m05-between');
    expect(names(body)).not.toContain('m20');
  });

  it('pages through what a selector matches', async () => {
    const first = await server.ask('GET', `${IN_READ}?limit=5&labelSelector=parity%3Dodd`);
    expect(names(first.body)).toEqual(['m01', 'm03', 'm05', 'm07', 'm09']);
    expect(first.body.metadata.remainingItemCount).toBeUndefined();
    const second = await server.ask(
      'GET',
      `${IN_READ}?limit=50&labelSelector=parity%3Dodd&continue=${first.body.metadata.continue}`,
    );
    expect(names(second.body)).toEqual(['m11', 'm13', 'm15', 'm17', 'm19', 'm21', 'm23']);
  });

  it('is answered 410 with a new token once its snapshot is compacted', async () => {
    const { body } = await server.ask('GET', `${IN_READ}?limit=3`);
    server.store.compact(server.store.revision);
    await server.ask('POST', IN_READ, configMap('after-compaction'));
    server.store.compact(server.store.revision);
    const expired = await server.ask('GET', `${IN_READ}?limit=3&continue=${body.metadata.continue}`);
    expect(expired.status).toBe(410);
    expect(expired.body.reason).toBe('Expired');
    const onward = await server.ask('GET', `${IN_READ}?limit=3&continue=${expired.body.metadata.continue}`);
    expect(names(onward.body)).toEqual(['m03', 'm04', 'm05']);
  });

  it('refuses tokens of others', async () => {
    for (const token of [
      'x',
      'e30',
      Buffer.from('{"v":"meta.k8s.io/v1","rv":-7,"start":"a"}').toString('base64url'),
    ]) {
      expect((await server.ask('GET', `${IN_READ}?limit=3&continue=${token}`)).status).toBe(400);
    }
  });
});

describe('a watch', () => {
  it('goes on after the version of a list without loss', async () => {
    const { body } = await server.ask('GET', IN_READ);
    const watching = server.lines(`${IN_READ}?watch=1&resourceVersion=${body.metadata.resourceVersion}`, 3);
    await server.ask('POST', IN_READ, configMap('watched'));
    await server.ask('PATCH', `${IN_READ}/watched`, { data: { a: '1' } });
    const gone = await server.ask('DELETE', `${IN_READ}/watched`);
    expect(gone.status).toBe(200);
    const events = await watching;
    expect(events.map(({ type, object }) => [type, object.metadata.name])).toEqual([
      ['ADDED', 'watched'],
      ['MODIFIED', 'watched'],
      ['DELETED', 'watched'],
    ]);
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('with a selector sees an object come and go as its labels change', async () => {
    const { body } = await server.ask('GET', IN_READ);
    const from = body.metadata.resourceVersion;
    const watching = server.lines(`${IN_READ}?watch=1&labelSelector=color%3Dred&resourceVersion=${from}`, 4);
    await server.ask('POST', IN_READ, configMap('coloured', {}, { labels: { color: 'blue' } }));
    for (const color of ['red', 'red', 'green']) {
      await server.ask('PATCH', `${IN_READ}/coloured`, {
        metadata: { labels: { color }, annotations: { at: String(Math.random()) } },
      });
    }
    await server.ask('PATCH', `${IN_READ}/coloured`, { metadata: { labels: { color: 'red' } } });
    expect((await watching).map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED', 'ADDED']);
  });

  it('that asks for initial events is told where they end', async () => {
    const path = `${IN_READ}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
    const { body } = await server.ask('GET', IN_READ);
    const events = await server.lines(path, body.items.length + 1);
    expect(events.slice(0, -1).every(({ type }) => type === 'ADDED')).toBe(true);
    expect(events.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
  });

  it('from a compacted version is told so in its stream', async () => {
    server.store.compact(server.store.revision);
    const [event] = await server.lines(`${IN_READ}?watch=1&resourceVersion=1`, 1);
    expect(event).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
  });

  it('ends when its time is over', async () => {
    const { body } = await server.ask('GET', IN_READ);
    const started = performance.now();
    expect(
      await server.lines(
        `${IN_READ}?watch=1&timeoutSeconds=1&resourceVersion=${body.metadata.resourceVersion}`,
        5,
      ),
    ).toEqual([]);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('shows tables and metadata when asked to', async () => {
    const { body } = await server.ask('GET', `${IN_READ}/m01`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    expect(body).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'm01' } });
    expect(body.data).toBeUndefined();
    const table = await server.ask('GET', `${IN_READ}?limit=2`, undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io, application/json',
    });
    expect(table.body.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Data',
      'Age',
    ]);
    expect(table.body.rows).toHaveLength(2);
  });

  it('is no table of what is never listed', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
    };
    const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect((await server.ask('POST', path, review, { accept: table })).status).toBe(406);
    const fallback = await server.ask('POST', path, review, { accept: `${table}, application/json` });
    expect(fallback).toMatchObject({ status: 201, body: { kind: 'SelfSubjectAccessReview' } });
  });
});

describe('versions', () => {
  it('that were never there are told as such', async () => {
    const answer = await server.ask('GET', `${CONFIG_MAPS}?resourceVersion=999999999`);
    expect(answer.status).toBe(504);
    expect(answer.body.details.causes[0].reason).toBe('ResourceVersionTooLarge');
  });

  it('can be listed exactly while they are kept', async () => {
    const before = await server.ask('GET', IN_READ);
    await server.ask('POST', IN_READ, configMap('newer'));
    const version = before.body.metadata.resourceVersion;
    const exact = await server.ask('GET', `${IN_READ}?resourceVersion=${version}&resourceVersionMatch=Exact`);
    expect(names(exact.body)).toEqual(names(before.body));
  });
});
