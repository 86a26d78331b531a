import { type KubeObject, StatusError } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import type { Client, WatchHandlers } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { SharedInformers } from './shared-informers.ts';
import { again, runWorkload, workloadShell } from './workload-shell.ts';

const settle = () => new Promise(setImmediate);
const quota = (namespace: string, resourceVersion: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace, uid: namespace, resourceVersion },
});

/** A client that only watches, and sees what the test says. */
function watchingClient() {
  const watches: WatchHandlers[] = [];
  const client = {
    prefersWatchList: true,
    watch(_ref: unknown, _request: unknown, handlers: WatchHandlers) {
      watches.push(handlers);
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      const object = { apiVersion: 'v1', kind: '', metadata: { resourceVersion: '1', annotations } };
      queueMicrotask(() => handlers.onEvent({ type: 'BOOKMARK', object }));
      return () => {};
    },
  };
  const show = (object: KubeObject) => {
    for (const watch of watches) watch.onEvent({ type: 'MODIFIED', object });
  };
  // nothing else of it is called
  return { client: client as unknown as Client, show };
}

async function start(reconcile: () => Promise<undefined>) {
  const { client, show } = watchingClient();
  const clock = new FakeClock();
  const context = { client: () => client, clock, log: silentLogger };
  const informers = new SharedInformers(context, client);
  const shell = workloadShell(context, informers, 'test');
  const controller = runWorkload(shell, 'test', reconcile, (reconciler) => reconciler.enqueue('ns/a'));
  informers.start();
  await controller.synced;
  await settle();
  return { clock, show, controller };
}

describe('a workload that was refused', () => {
  it('is tried at once when a quota of its namespace changes, and not when another does', async () => {
    let tries = 0;
    const { show, controller } = await start(() => {
      tries++;
      throw new StatusError('Forbidden', 'exceeded quota');
    });
    expect(tries).toBe(1);
    show(quota('other', '2'));
    await settle();
    expect(tries).toBe(1);
    show(quota('ns', '3'));
    await settle();
    expect(tries).toBe(2);
    await controller.stop();
  });

  it('is not woken any more when it went well, or failed for another reason', async () => {
    let tries = 0;
    const failures = [new Error('else'), undefined];
    const { clock, show, controller } = await start(async () => {
      const failure = failures[tries++];
      if (failure) throw failure;
      return undefined;
    });
    show(quota('ns', '2'));
    await settle();
    expect(tries).toBe(1);
    clock.advance(1000);
    await settle();
    expect(tries).toBe(2);
    show(quota('ns', '3'));
    await settle();
    expect(tries).toBe(2);
    await controller.stop();
  });
});

describe('when to look again', () => {
  it('is the earliest of the known times', () => {
    expect(again(undefined, 500, 200, 0)).toEqual({ afterMs: 201 });
    expect(again(undefined, 0)).toBeUndefined();
  });
});
