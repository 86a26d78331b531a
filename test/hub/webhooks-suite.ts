import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@sampan/base';
import {
  HUB_MIGRATIONS,
  type HubCondition,
  type HubEvent,
  type HubTables,
  WEBHOOKS,
  WebhookController,
  type WebhookObject,
  type WebhookSpec,
  Webhooks,
} from '@sampan/hub';
import { HttpClient, REFS } from '@sampan/machinery';
import { openSqliteRecords, type Records } from '@sampan/records';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { installHubKinds } from '../../apps/server/src/hub/install-kinds.ts';
import type { Api } from './hub-on-cluster.ts';

const WAIT = { timeout: 20_000 };

/** What Webhooks promise, whoever serves their kind. */
export function webhooksSuite(name: string, startApi: () => Promise<Api>): void {
  describe(name, () => {
    let folder: string;
    let api: Api;
    let records: Records<HubTables>;
    let client: HttpClient;
    let own: HttpClient;
    let webhooks: Webhooks;
    let controller: WebhookController;
    let allowed: readonly string[] = ['127.0.0.1'];
    let changed: () => void = () => undefined;
    const received: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
    let status = 200;
    const receiver = createServer((request, response) => {
      received.push({ path: request.url ?? '', headers: request.headers });
      response.writeHead(status).end();
    });
    let url: string;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sampan-webhooks-'));
      api = await startApi();
      records = await openSqliteRecords<HubTables>({
        file: join(folder, 'hub.db'),
        migrations: HUB_MIGRATIONS,
      });
      client = new HttpClient(api, { name: 'test' });
      own = new HttpClient(api, { name: 'sampan-hub' });
      await installHubKinds(client);
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'webhooks' } };
      await client.create(REFS.namespaces, namespace);
      // a kind is served soon after it is made
      await vi.waitFor(() => client.list(WEBHOOKS), WAIT);
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
      start();
    });

    afterAll(async () => {
      await stop();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
      await records.close();
      for (const each of [client, own]) each.close();
      await api.stop();
      await rm(folder, { recursive: true });
    });

    /** As the registry's process does when it starts and ends. */
    function start(): void {
      webhooks = new Webhooks({ records, clock: systemClock, logger: silentLogger });
      const hosts = {
        list: () => allowed,
        follow: (listener: () => void) => {
          changed = listener;
          return () => undefined;
        },
      };
      const common = { client: own, clock: systemClock, log: silentLogger };
      controller = new WebhookController({ ...common, webhooks, hosts });
      controller.start();
    }

    async function stop(): Promise<void> {
      await controller.stop();
      await webhooks.close();
    }

    async function create(name: string, spec: Partial<WebhookSpec> = {}): Promise<void> {
      await client.create<WebhookObject>(WEBHOOKS, {
        apiVersion: 'hub.sampan.dev/v1',
        kind: 'Webhook',
        metadata: { name },
        spec: { project: 'shop', url: `${url}/${name}`, events: ['push'], ...spec },
      });
      await expect.poll(() => ready(name), WAIT).toBeDefined();
    }

    const read = (name: string) => client.get<WebhookObject>(WEBHOOKS, undefined, name);

    const said = ({ type, status: is, reason }: HubCondition<string>) => `${type} ${is} ${reason}`;

    async function ready(name: string): Promise<string | undefined> {
      const [condition] = (await read(name)).status?.conditions ?? [];
      return condition && `${condition.status} ${condition.reason}`;
    }

    let events = 0;

    function push(tag: string): Promise<void> {
      const id = `event-${events++}`;
      const what = {
        type: 'push',
        repository: 'shop/web',
        tag,
        digest: 'sha256:0',
        mediaType: 'a/b',
        size: 1,
      } as const;
      const who = { actor: 'dev', address: '127.0.0.1', userAgent: 'test' };
      const event: HubEvent = { id, time: Date.now(), project: 'shop', ...what, ...who };
      return webhooks.listener([event]);
    }

    const to = (name: string) => received.filter(({ path }) => path === `/${name}`);

    it('a Webhook is told of what happens, and its status says so', async () => {
      await create('shop.plain');
      expect(await ready('shop.plain')).toBe('True Ready');
      await push('v1');
      await expect
        .poll(async () => (await read('shop.plain')).status, WAIT)
        .toMatchObject({
          pending: 0,
          failed: 0,
          lastDelivery: { code: 200, ok: true },
          observedGeneration: 1,
        });
      expect(to('shop.plain')).toHaveLength(1);
    });

    it('nothing is sent unsigned while the Secret is missing, and all is once it is there', async () => {
      await create('shop.signed', { secretRef: { namespace: 'webhooks', name: 'hook', key: 'key' } });
      await expect.poll(() => ready('shop.signed'), WAIT).toBe('False SecretMissing');
      const conditions = async () => (await read('shop.signed')).status?.conditions ?? [];
      await expect
        .poll(async () => (await conditions())[0]?.message, WAIT)
        .toBe('there is no Secret webhooks/hook: nothing is sent');
      await push('v1');
      await expect.poll(async () => (await webhooks.summary('shop.signed')).pending, WAIT).toBe(1);
      expect(to('shop.signed')).toEqual([]);
      await client.create(REFS.secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hook', namespace: 'webhooks' },
        stringData: { key: 'secret' },
      });
      await expect.poll(() => to('shop.signed').length, WAIT).toBe(1);
      expect(to('shop.signed')[0]?.headers['webhook-signature']).toMatch(/^v1,/);
      await expect.poll(() => ready('shop.signed'), WAIT).toBe('True Ready');
    });

    it('nothing is sent to this machine until an administrator lets it, and all that waited then', async () => {
      const say = async () => (await read('shop.local')).status?.conditions?.[0]?.message;
      const local = url.replace('127.0.0.1', 'localhost');
      await create('shop.local', { url: `${local}/shop.local` });
      expect(await ready('shop.local')).toBe('False HostNotAllowed');
      expect(await say()).toMatch(/an administrator must add "localhost" to webhookHosts in settings.json/);
      await push('v1');
      const { error } = await vi.waitUntil(async () => {
        const { lastTry } = await webhooks.summary('shop.local');
        return lastTry;
      }, WAIT);
      expect(error).toMatch(/^localhost leads to .*, which is this machine: .* must add "localhost"/);
      expect(to('shop.local')).toEqual([]);
      allowed = ['127.0.0.1', 'localhost'];
      changed();
      await expect.poll(() => to('shop.local').length, WAIT).toBe(1);
      await expect.poll(() => ready('shop.local'), WAIT).toBe('True Ready');
    });

    it('a delivery is replayed once for each time that it is asked for, also when the registry starts again', async () => {
      status = 410;
      await create('shop.replay');
      await push('v1');
      await expect.poll(async () => (await read('shop.replay')).status?.failed, WAIT).toBe(1);
      expect(await ready('shop.replay')).toBe('False DeliveryFailed');
      status = 200;
      const { id } = await records.read
        .selectFrom('webhook_deliveries')
        .select('id')
        .where('webhook', '=', 'shop.replay')
        .executeTakeFirstOrThrow();
      const replay = { delivery: id, requestedAt: '2026-01-01T00:00:00Z' };
      await client.patch(WEBHOOKS, undefined, 'shop.replay', 'merge', { spec: { replay } });
      await expect
        .poll(async () => (await read('shop.replay')).status, WAIT)
        .toMatchObject({ pending: 0, failed: 0, replayed: replay.requestedAt, lastDelivery: { ok: true } });
      const conditions = async () => ((await read('shop.replay')).status?.conditions ?? []).map(said);
      expect(await conditions()).toEqual(['Ready True Ready', 'Replayed True Sent']);
      const unknown = { delivery: 'none', requestedAt: '2026-01-01T00:00:01Z' };
      await client.patch(WEBHOOKS, undefined, 'shop.replay', 'merge', { spec: { replay: unknown } });
      await expect.poll(conditions, WAIT).toEqual(['Ready True Ready', 'Replayed False DeliveryUnknown']);
      await stop();
      start();
      await push('v2');
      await expect.poll(() => to('shop.replay').length, WAIT).toBe(3);
    });

    it('a Webhook that is deleted, also while the registry is away, is told nothing more', async () => {
      await create('shop.gone');
      await push('v1');
      await expect.poll(() => to('shop.gone').length, WAIT).toBe(1);
      await stop();
      await client.delete(WEBHOOKS, undefined, 'shop.gone');
      start();
      await push('v2');
      const left = () =>
        records.read
          .selectFrom('webhook_deliveries')
          .select('id')
          .where('webhook', '=', 'shop.gone')
          .execute();
      await expect.poll(left, WAIT).toEqual([]);
      expect(to('shop.gone')).toHaveLength(1);
    });
  });
}
