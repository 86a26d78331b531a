import type { KubeObject } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import type { Client, WatchHandlers } from '@sampan/machinery';
import { expect, test } from 'vitest';
import type { WebhookTarget } from '../src/webhooks/target.ts';
import { WebhookController } from '../src/webhooks/webhook-controller.ts';
import type { Webhooks } from '../src/webhooks/webhooks.ts';

const webhook = (name: string): KubeObject => ({
  apiVersion: 'hub.sampan.dev/v1',
  kind: 'Webhook',
  metadata: { name, resourceVersion: '1' },
});

test('a webhook that goes while the others are made known is not set again', async () => {
  const watching = Promise.withResolvers<WatchHandlers>();
  const client = {
    prefersWatchList: false,
    scan: async (_ref: unknown, _options: unknown, onObject: (object: KubeObject) => void) => {
      for (const name of ['first', 'second']) onObject(webhook(name));
      return '1';
    },
    watch: (_ref: unknown, _request: unknown, handlers: WatchHandlers) => {
      watching.resolve(handlers);
      return () => {};
    },
    patch: async () => ({}),
  } as unknown as Client;
  const set = new Set<string>();
  const settingFirst = Promise.withResolvers<void>();
  const maySetFirst = Promise.withResolvers<void>();
  const removed = Promise.withResolvers<void>();
  const known = Promise.withResolvers<void>();
  const webhooks = {
    onTry: () => () => {},
    set: async ({ name }: WebhookTarget) => {
      set.add(name);
      if (name !== 'first') return;
      settingFirst.resolve();
      await maySetFirst.promise;
    },
    remove: async (name: string) => {
      set.delete(name);
      removed.resolve();
    },
    known: async () => known.resolve(),
    summary: async () => ({ pending: 0, failed: 0, lastTry: undefined }),
  } as unknown as Webhooks;
  const controller = new WebhookController({ client, webhooks, clock: systemClock, log: silentLogger });
  controller.start();
  const { onEvent } = await watching.promise;
  await settingFirst.promise;
  onEvent({ type: 'DELETED', object: webhook('second') });
  await removed.promise;
  maySetFirst.resolve();
  await known.promise;
  await controller.stop();
  expect([...set]).toEqual(['first']);
});
