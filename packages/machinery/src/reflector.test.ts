import { type KubeObject, StatusError } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import type { Client, WatchHandlers, WatchRequest } from './client.ts';
import { Reflector } from './reflector.ts';
import { REFS } from './refs.ts';

const settle = () => new Promise(setImmediate);
const object = (name: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, resourceVersion },
});

/** A server of which the test decides what it answers. */
function setUp(prefersWatchList: boolean) {
  const clock = new FakeClock();
  const watches: { request: WatchRequest; handlers: WatchHandlers }[] = [];
  const told: string[] = [];
  let scans = 0;
  const server = {
    scan: async (_onObject: (object: KubeObject) => void): Promise<string> => {
      throw new Error('down');
    },
  };
  const client = {
    get prefersWatchList() {
      return prefersWatchList;
    },
    scan: (_ref: unknown, _options: unknown, onObject: (object: KubeObject) => void) => {
      scans++;
      return server.scan(onObject);
    },
    watch: (_ref: unknown, request: WatchRequest, handlers: WatchHandlers) => {
      watches.push({ request, handlers });
      return () => {};
    },
  } as unknown as Client;
  const reflector = new Reflector(
    { client, ref: REFS.configMaps, clock, log: silentLogger },
    {
      beginList: () => told.push('begin'),
      endList: () => told.push('end'),
      put: ({ metadata }) => told.push(`put ${metadata.name}`),
      remove: ({ metadata }) => told.push(`remove ${metadata.name}`),
    },
  );
  const refuse = () => {
    prefersWatchList = false;
  };
  return { clock, watches, told, server, reflector, refuse, scans: () => scans };
}

describe('a reflector', () => {
  it('waits longer and longer while the server cannot be reached', async () => {
    const { clock, scans, reflector } = setUp(false);
    reflector.start();
    const times: number[] = [];
    let seen = 0;
    for (let second = 0; second < 300; second++) {
      await settle();
      if (scans() > seen) {
        seen = scans();
        times.push(second);
      }
      clock.advance(1000);
    }
    reflector.stop();
    expect(scans()).toBeLessThan(20);
    expect((times.at(-1) ?? 0) - (times.at(-2) ?? 0)).toBeGreaterThanOrEqual(29);
  });

  it('goes on from the last bookmark, and lists again when that is too old', async () => {
    const { clock, watches, told, server, reflector } = setUp(false);
    server.scan = async (onObject) => {
      onObject(object('a', '5'));
      return '7';
    };
    reflector.start();
    await settle();
    expect(watches[0]?.request).toMatchObject({ resourceVersion: '7', bookmarks: true });
    watches[0]?.handlers.onEvent({ type: 'BOOKMARK', object: object('', '20') });
    clock.advance(5000);
    watches[0]?.handlers.onEnd();
    expect(watches[1]?.request.resourceVersion).toBe('20');
    watches[1]?.handlers.onEnd(new StatusError('Expired', 'too old'));
    clock.advance(60_000);
    await settle();
    expect(watches[2]?.request.resourceVersion).toBe('7');
    expect(told).toEqual(['begin', 'put a', 'end', 'begin', 'put a', 'end']);
    reflector.stop();
  });

  it('takes the initial state from a watch, whole at its bookmark', async () => {
    const { watches, told, reflector } = setUp(true);
    reflector.start();
    const [watch] = watches;
    expect(watch?.request).toMatchObject({ sendInitialEvents: true });
    watch?.handlers.onEvent({ type: 'ADDED', object: object('a', '3') });
    const mark = object('', '9');
    mark.metadata.annotations = { 'k8s.io/initial-events-end': 'true' };
    watch?.handlers.onEvent({ type: 'BOOKMARK', object: mark });
    expect(told).toEqual(['begin', 'put a', 'end']);
    reflector.stop();
    watch?.handlers.onEvent({ type: 'ADDED', object: object('b', '10') });
    expect(told).toHaveLength(3);
  });

  it('lists where the server refuses such watches', async () => {
    const { watches, server, refuse, told, reflector } = setUp(true);
    server.scan = async () => '4';
    reflector.start();
    refuse();
    watches[0]?.handlers.onEnd(new StatusError('Invalid', 'sendInitialEvents is forbidden'));
    await settle();
    expect(watches[1]?.request.resourceVersion).toBe('4');
    expect(told).toEqual(['begin', 'begin', 'end']);
    reflector.stop();
  });
});
