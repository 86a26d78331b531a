import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

// WatchList (KEP-3157) on built-in kinds; its refusals are asked of upstream in test/differential
const INITIAL =
  'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
const END = 'k8s.io/initial-events-end';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

type Event = Awaited<ReturnType<Server['lines']>>[number];
const told = (events: readonly Event[]) =>
  events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
const endsAt = (event: Event | undefined): string | undefined => {
  expect(event?.type).toBe('BOOKMARK');
  expect(event?.object.metadata.annotations).toEqual({ [END]: 'true' });
  return event?.object.metadata.resourceVersion;
};
const place = async (name: string): Promise<string> => {
  await server.ask('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return `/api/v1/namespaces/${name}`;
};

describe('a watch with initial events', () => {
  it('sends what there is, says that this was all, then what changes', async () => {
    const maps = `${await place('listed')}/configmaps`;
    for (const name of ['a', 'b']) await server.ask('POST', maps, configMap(name));
    const watching = server.lines(`${maps}?${INITIAL}`, 5);
    // the first three come at once; these two when they happen
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.ask('PATCH', `${maps}/a`, { data: { k: 'v' } });
    await server.ask('DELETE', `${maps}/b`);
    const events = await watching;
    expect(told(events)).toEqual(['ADDED a', 'ADDED b', 'BOOKMARK', 'MODIFIED a', 'DELETED b']);
    const end = Number(endsAt(events[2]));
    const versions = events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(Math.max(versions[0] ?? 0, versions[1] ?? 0)).toBeLessThanOrEqual(end);
    expect(versions[3]).toBeGreaterThan(end);
  });

  it('of nothing says so at once', async () => {
    const events = await server.lines(`${await place('empty')}/pods?${INITIAL}`, 1);
    expect(events[0]?.object).toMatchObject({ kind: 'Pod', apiVersion: 'v1' });
    expect(Number(endsAt(events[0]))).toBeGreaterThan(0);
  });

  it('misses and repeats nothing while others write', async () => {
    const maps = `${await place('busy')}/configmaps`;
    const names = Array.from({ length: 60 }, (_, i) => `n${String(i).padStart(2, '0')}`);
    const writing = Promise.all(names.map((name) => server.ask('POST', maps, configMap(name))));
    const watches = Array.from({ length: 5 }, () => server.lines(`${maps}?${INITIAL}`, names.length + 1));
    await writing;
    for (const events of await Promise.all(watches)) {
      const added = events.filter(({ type }) => type === 'ADDED').map(({ object }) => object.metadata.name);
      expect(added.sort()).toEqual(names);
      expect(events.filter(({ type }) => type === 'BOOKMARK')).toHaveLength(1);
    }
  });

  it('takes a version as the least that it shows, even one that was compacted', async () => {
    const maps = `${await place('compacted')}/configmaps`;
    const { body } = await server.ask('POST', maps, configMap('a'));
    await server.ask('PATCH', `${maps}/a`, { data: { k: 'v' } });
    await server.store.compact(server.store.revision);
    const version = body.metadata.resourceVersion;
    expect((await server.lines(`${maps}?watch=true&resourceVersion=${version}`, 1))[0]?.type).toBe('ERROR');
    const events = await server.lines(`${maps}?${INITIAL}&resourceVersion=${version}`, 2);
    expect(told(events)).toEqual(['ADDED a', 'BOOKMARK']);
    expect(events[0]?.object.data).toEqual({ k: 'v' });
  });

  it('tells those who take no bookmarks nothing of the end', async () => {
    const maps = `${await place('plain')}/configmaps`;
    await server.ask('POST', maps, configMap('a'));
    const query = INITIAL.replace('&allowWatchBookmarks=true', '');
    const watching = server.lines(`${maps}?${query}`, 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.ask('POST', maps, configMap('b'));
    expect(told(await watching)).toEqual(['ADDED a', 'ADDED b']);
  });

  it('follows objects in and out of a selection', async () => {
    const maps = `${await place('selected')}/configmaps`;
    await server.ask('POST', maps, configMap('in', {}, { labels: { a: 'b' } }));
    await server.ask('POST', maps, configMap('out'));
    const watching = server.lines(`${maps}?${INITIAL}&labelSelector=a%3Db`, 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.ask('PATCH', `${maps}/out`, { metadata: { labels: { a: 'b' } } });
    await server.ask('PATCH', `${maps}/in`, { metadata: { labels: { a: 'c' } } });
    expect(told(await watching)).toEqual(['ADDED in', 'BOOKMARK', 'ADDED out', 'DELETED in']);
  });

  it('is in one namespace only, or in all', async () => {
    const one = `${await place('one')}/configmaps`;
    await server.ask('POST', one, configMap('here', {}, { labels: { scope: 'test' } }));
    await server.ask('POST', CONFIG_MAPS, configMap('there', {}, { labels: { scope: 'test' } }));
    const query = `${INITIAL}&labelSelector=scope%3Dtest`;
    expect(told(await server.lines(`${one}?${query}`, 2))).toEqual(['ADDED here', 'BOOKMARK']);
    expect(told(await server.lines(`/api/v1/configmaps?${query}`, 3))).toEqual([
      'ADDED there',
      'ADDED here',
      'BOOKMARK',
    ]);
  });

  it('goes on from its last bookmark where it was broken off', async () => {
    const maps = `${await place('resumed')}/configmaps`;
    await server.ask('POST', maps, configMap('a'));
    const first = await server.lines(`${maps}?${INITIAL}`, 2);
    await server.ask('POST', maps, configMap('b'));
    const version = endsAt(first[1]);
    const again = await server.lines(`${maps}?watch=true&resourceVersion=${version}`, 1);
    expect(told(again)).toEqual(['ADDED b']);
  });

  it('is refused without the match that it needs', async () => {
    const answer = await server.ask('GET', `${CONFIG_MAPS}?watch=true&sendInitialEvents=true`);
    expect(answer.status).toBe(422);
    expect(answer.body.message).toContain(
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  });
});
