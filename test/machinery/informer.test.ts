import type { KubeObject } from '@sampan/api';
import { FakeClock, silentLogger, systemClock } from '@sampan/base';
import { type Client, EventRecorder, HttpClient, Informer, LeaderLease, REFS } from '@sampan/machinery';
import { createMemoryStore, type Store } from '@sampan/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../controllers/server.ts';
import { type Plane, startPlane } from '../support/plane.ts';

const configMap = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
});

describe.each(['in process', 'over HTTP', 'over HTTP by list and watch'])('an informer %s', (how) => {
  let plane: Plane;
  let store: Store;
  let client: Client;
  let http: HttpClient | undefined;
  beforeAll(async () => {
    store = createMemoryStore();
    plane = await startPlane({ store });
    http = how === 'in process' ? undefined : new HttpClient(plane, { name: 'test' });
    client = http ?? plane.control.client('test');
    if (how.endsWith('watch')) Object.defineProperty(client, 'prefersWatchList', { value: false });
  });
  afterAll(async () => {
    http?.close();
    await plane.close();
  });
  const start = (labelSelector: string) => {
    const informer = new Informer(
      { client, ref: REFS.configMaps, options: { labelSelector }, clock: systemClock, log: silentLogger },
      { colour: ({ metadata }) => (metadata.labels?.colour ? [metadata.labels.colour] : []) },
    );
    informer.start();
    return informer;
  };

  it('holds what is there and follows changes, with indexes', async () => {
    await client.create(REFS.configMaps, configMap('a', { set: 'one', colour: 'red' }));
    const informer = start('set=one');
    await informer.synced();
    expect(informer.get('default', 'a')).toBeDefined();
    expect(informer.size).toBe(1);
    const changes: string[] = [];
    informer.onChange(({ type, object }) => changes.push(`${type} ${object.metadata.name}`));
    await client.create(REFS.configMaps, configMap('b', { set: 'one', colour: 'red' }));
    await client.create(REFS.configMaps, configMap('c', { set: 'two' }));
    await client.patch(REFS.configMaps, 'default', 'a', 'merge', {
      metadata: { labels: { colour: 'blue' } },
    });
    await client.patch(REFS.configMaps, 'default', 'b', 'merge', { metadata: { labels: { set: 'two' } } });
    await eventually('all changes', async () => changes.length === 4);
    expect(changes).toEqual(['added a', 'added b', 'modified a', 'deleted b']);
    expect(informer.byIndex('colour', 'red')).toEqual([]);
    expect(informer.byIndex('colour', 'blue').map(({ metadata }) => metadata.name)).toEqual(['a']);
    informer.stop();
    await client.delete(REFS.configMaps, 'default', 'a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(changes).toHaveLength(4);
  });

  it('lists again when the server has forgotten where it was', async () => {
    const labels = { set: 'gap' };
    await client.create(REFS.configMaps, configMap('kept', labels));
    await client.create(REFS.configMaps, configMap('gone', labels));
    // a client whose watches break at once while it is cut off
    let cut = false;
    const ends = new Set<() => void>();
    const flaky: Client = Object.create(client, {
      prefersWatchList: { get: () => client.prefersWatchList },
      scan: { value: client.scan.bind(client) },
      watch: {
        value: ((ref, request, handlers) => {
          if (cut) {
            queueMicrotask(() => handlers.onEnd(new Error('cut off')));
            return () => {};
          }
          const stop = client.watch(ref, request, handlers);
          ends.add(() => {
            stop();
            handlers.onEnd(new Error('cut off'));
          });
          return stop;
        }) satisfies Client['watch'],
      },
    });
    const clock = new FakeClock();
    const options = { labelSelector: 'set=gap' };
    const informer = new Informer({ client: flaky, ref: REFS.configMaps, options, clock, log: silentLogger });
    informer.start();
    await informer.synced();
    const changes: string[] = [];
    informer.onChange(({ type, object }) => changes.push(`${type} ${object.metadata.name}`));
    changes.length = 0;
    cut = true;
    for (const end of ends) end();
    await client.delete(REFS.configMaps, 'default', 'gone');
    await client.create(REFS.configMaps, configMap('new', labels));
    store.compact(store.revision);
    cut = false;
    await eventually('the new state', async () => {
      clock.advance(1000);
      await new Promise(setImmediate);
      return informer.get('default', 'new') && !informer.get('default', 'gone');
    });
    expect(changes.sort()).toEqual(['added new', 'deleted gone']);
    informer.stop();
  });
});

describe('leader leases and events', () => {
  let plane: Plane;
  let client: Client;
  beforeAll(async () => {
    plane = await startPlane();
    client = plane.control.client('test');
  });
  afterAll(() => plane.close());

  it('let one lead at a time, and the next when the first is silent', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    const make = (identity: string) =>
      new LeaderLease({
        client,
        clock,
        log: silentLogger,
        namespace: 'kube-system',
        name: 'test',
        identity,
        onStarted: () => log.push(`${identity} leads`),
        onStopped: () => log.push(`${identity} follows`),
      });
    const tick = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 500) {
        clock.advance(500);
        for (let i = 0; i < 10; i++) await new Promise(setImmediate);
      }
    };
    const a = make('a');
    const b = make('b');
    a.start();
    await tick(500);
    b.start();
    await tick(30_000);
    expect(log).toEqual(['a leads']);
    await a.stop();
    await tick(4_000);
    expect(log).toEqual(['a leads', 'a follows', 'b leads']);
    const lease = await client.get(REFS.leases, 'kube-system', 'test');
    expect(lease.spec).toMatchObject({ holderIdentity: 'b', leaseDurationSeconds: 15 });
    // b dies without a word: its lease is written over as if it had
    const c = make('c');
    await client.patch(REFS.leases, 'kube-system', 'test', 'merge', { spec: { holderIdentity: 'dead' } });
    await b.stop();
    c.start();
    await tick(14_000);
    expect(c.leading).toBe(false);
    await tick(4_000);
    expect(c.leading).toBe(true);
    await c.stop();
  });

  it('are recorded once, as a series when they come again', async () => {
    const clock = new FakeClock(Date.now());
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'default', uid: 'u' } };
    const options = { client, clock, log: silentLogger, controller: 'sampan.io/test', instance: 'here' };
    const recorder = new EventRecorder(options);
    const content = { type: 'Warning', reason: 'Failed', note: 'it did not work' } as const;
    recorder.record(pod, content);
    const events = async () => (await client.list(REFS.newEvents, { namespace: 'default' })).items;
    await eventually('one event', async () => (await events()).length === 1);
    recorder.record(pod, content);
    recorder.record(pod, content);
    clock.advance(30_000);
    const [event] = await eventually('a series', async () => {
      const all = await events();
      return all[0]?.series?.count === 3 && all;
    });
    expect(event).toMatchObject({ reason: 'Failed', regarding: { kind: 'Pod', name: 'p' }, type: 'Warning' });
    recorder.stop();
  });
});
