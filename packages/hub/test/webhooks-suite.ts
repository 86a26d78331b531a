import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, FakeClock, silentLogger, systemClock } from '@sampan/base';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { expect, test } from 'vitest';
import { countUndelivered, pruneDeliveries } from '../src/webhooks/delivery-records.ts';
import { keyOfSecret } from '../src/webhooks/signature.ts';
import type { WebhookTarget } from '../src/webhooks/target.ts';
import { Webhooks } from '../src/webhooks/webhooks.ts';
import { Receiver } from './receiver.ts';
import { replaced } from './replaced.ts';
import { type OpenRecords, TestHub } from './support.ts';

const WAIT = { timeout: 10_000 };

/** What an event says besides. */
const NOTHING = { digest: '', mediaType: '', size: 0, actor: '', address: '', userAgent: '' };

/** A hub that tells webhooks, and what they are sent to. */
class WebhookTest implements AsyncDisposable {
  readonly hub: TestHub;
  readonly webhooks: Webhooks;
  readonly receiver: Receiver;

  private constructor(hub: TestHub, webhooks: Webhooks, receiver: Receiver) {
    this.hub = hub;
    this.webhooks = webhooks;
    this.receiver = receiver;
  }

  static async start(clock: Clock, openRecords: OpenRecords | undefined): Promise<WebhookTest> {
    let webhooks: Webhooks | undefined;
    const hub = await TestHub.start(clock, [async (events) => webhooks?.listener(events)], { openRecords });
    webhooks = new Webhooks({ records: hub.records, clock, logger: silentLogger });
    return new WebhookTest(hub, webhooks, await Receiver.start());
  }

  target(changes: Partial<WebhookTarget> = {}): WebhookTarget {
    const { url } = this.receiver;
    const own = { name: 'open.ci', project: 'open', url, events: ['push', 'pull', 'delete'] } as const;
    return { ...own, ca: undefined, allowed: true, filter: {}, key: undefined, disabled: false, ...changes };
  }

  async set(changes: Partial<WebhookTarget> = {}): Promise<void> {
    await this.webhooks.set(this.target(changes));
    await this.webhooks.known();
  }

  async push(...tags: string[]): Promise<void> {
    const client = await this.hub.client('open/team/web');
    const image = await client.image();
    for (const tag of tags) await client.putManifest(tag, image);
  }

  received(count: number): Promise<void> {
    return expect.poll(() => this.receiver.received.length, WAIT).toBe(count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.hub.hub.close();
    await this.webhooks.close();
    await closed;
    await this.hub[Symbol.asyncDispose]();
    await this.receiver[Symbol.asyncDispose]();
  }
}

class NextProcess implements AsyncDisposable {
  readonly webhooks: Webhooks;

  constructor({ hub }: WebhookTest, clock: Clock) {
    this.webhooks = new Webhooks({ records: hub.records, clock, logger: silentLogger });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.webhooks.close();
  }
}

/** What webhooks are sent, over either database. */
export function webhooksSuite(openRecords?: OpenRecords): void {
  test('a webhook is sent a signed CloudEvent', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    const key = keyOfSecret(Buffer.from('whsec_c2VjcmV0\n'));
    expect(Buffer.from(key).toString()).toBe('secret');
    await own.set({ key });
    await own.push('v1');
    await own.received(1);
    const [received] = own.receiver.received;
    const { headers, body = '', path } = received ?? {};
    expect(path).toBe('/hook');
    expect(headers?.['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(body)).toMatchObject({
      specversion: '1.0',
      id: headers?.['webhook-id'],
      source: '/hub/projects/open',
      type: 'dev.sampan.hub.push',
      subject: 'open/team/web:v1',
      data: { project: 'open', repository: 'open/team/web', tag: 'v1', actor: 'dev', address: '127.0.0.1' },
    });
    const signed = `${headers?.['webhook-id']}.${headers?.['webhook-timestamp']}.${body}`;
    const standard = createHmac('sha256', 'secret').update(signed).digest('base64');
    expect(headers?.['webhook-signature']).toBe(`v1,${standard}`);
    const github = createHmac('sha256', 'secret').update(body).digest('hex');
    expect(headers?.['x-hub-signature-256']).toBe(`sha256=${github}`);
    await expect
      .poll(() => own.webhooks.summary('open.ci'), WAIT)
      .toMatchObject({ pending: 0, failed: 0, lastTry: { code: 204, ok: true } });
  });

  test('only the events, repositories and tags that it asks for are sent', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    await own.set({ events: ['push', 'delete'], filter: { repositories: 'team/*', tags: 'v*' } });
    await own.webhooks.set(own.target({ name: 'open.off', disabled: true }));
    await own.webhooks.set(own.target({ name: 'closed.ci', project: 'closed' }));
    await own.push('v1', 'latest', 'v2');
    const client = await own.hub.client('open/team/web');
    await client.send('GET', 'manifests/v1');
    const elsewhere = await own.hub.client('open/web');
    await elsewhere.putManifest('v1', await elsewhere.image());
    await client.send('DELETE', 'manifests/v2');
    await own.received(3);
    expect(own.receiver.subjects.sort()).toEqual([
      'delete open/team/web:v2',
      'push open/team/web:v1',
      'push open/team/web:v2',
    ]);
  });

  test('what happens before it is known which webhooks there are is sent all the same', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    await own.push('early');
    await own.set();
    await own.received(1);
  });

  test('what a receiver refuses is sent again with pauses, by the next process too, under the same id', async () => {
    const clock = new FakeClock();
    await using own = await WebhookTest.start(clock, openRecords);
    own.receiver.status = 503;
    await own.set();
    await own.push('v1');
    await own.received(1);
    await expect
      .poll(() => own.webhooks.summary('open.ci'), WAIT)
      .toMatchObject({ pending: 1, lastTry: { code: 503, ok: false } });
    clock.advance(9_000);
    await own.webhooks.close();
    own.receiver.status = 200;
    await using next = new NextProcess(own, clock);
    await next.webhooks.set(own.target());
    await next.webhooks.known();
    await expect
      .poll(() => {
        clock.advance(1000);
        return own.receiver.received.length;
      }, WAIT)
      .toBe(2);
    expect(new Set(own.receiver.messages.map(({ id }) => id)).size).toBe(1);
    await expect
      .poll(() => next.webhooks.summary('open.ci'), WAIT)
      .toMatchObject({ pending: 0, lastTry: { ok: true } });
  });

  test('a receiver that fails gets one message at a time and holds up no other', async () => {
    // it stands still: the first pause does not end
    await using own = await WebhookTest.start(new FakeClock(), openRecords);
    await using other = await Receiver.start();
    own.receiver.status = 500;
    await own.set();
    await own.webhooks.set(own.target({ name: 'open.other', url: other.url }));
    await own.push('v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8');
    await expect.poll(() => other.received.length, WAIT).toBe(8);
    // those that were under way when the first one failed
    expect(own.receiver.received.length).toBeLessThanOrEqual(4);
    // another address: what failed is tried there without a pause
    await own.webhooks.set(own.target({ url: `${other.url}/moved` }));
    const moved = () => other.received.filter(({ path }) => path === '/hook/moved').length;
    await expect.poll(moved, WAIT).toBe(8);
  });

  test('a message that the receiver does not answer holds up no other', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    own.receiver.ignores = 'web:v1"';
    await own.set();
    await own.push('v1', 'v2', 'v3', 'v4', 'v5', 'v6');
    // before the first one is given up
    await expect.poll(() => own.receiver.received.length, { timeout: 9000 }).toBe(6);
    await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ pending: 1 });
  });

  test('a delivery that was given up or taken is sent again when asked', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    own.receiver.status = 410;
    await own.set();
    await own.push('v1');
    await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ pending: 0, failed: 1 });
    own.receiver.status = 200;
    const [delivery] = await own.hub.records.read.selectFrom('webhook_deliveries').selectAll().execute();
    expect(delivery).toMatchObject({ state: 'failed', code: 410, error: 'the receiver answered 410' });
    expect(await own.webhooks.replay('closed.ci', delivery?.id ?? '')).toBe(false);
    for (const count of [2, 3]) {
      expect(await own.webhooks.replay('open.ci', delivery?.id ?? '')).toBe(true);
      await own.received(count);
      await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ pending: 0, failed: 0 });
    }
  });

  test('what was under way to an address that fails is sent to the next one at once', async () => {
    await using own = await WebhookTest.start(new FakeClock(), openRecords);
    await using next = await Receiver.start();
    const answer = Promise.withResolvers<void>();
    own.receiver.until = answer.promise;
    own.receiver.status = 500;
    await own.set();
    await own.push('v1');
    await own.received(1);
    await own.webhooks.set(own.target({ url: next.url }));
    answer.resolve();
    await expect.poll(() => next.received.length, WAIT).toBe(1);
  });

  test('a delivery that is asked for while it is under way is sent again', async () => {
    const clock = new FakeClock();
    await using own = await WebhookTest.start(clock, openRecords);
    const answer = Promise.withResolvers<void>();
    own.receiver.until = answer.promise;
    own.receiver.status = 410;
    await own.set();
    await own.push('v1');
    await own.received(1);
    clock.advance(1000);
    const delivery = await own.hub.records.read
      .selectFrom('webhook_deliveries')
      .select('id')
      .executeTakeFirst();
    expect(await own.webhooks.replay('open.ci', delivery?.id ?? '')).toBe(true);
    answer.resolve();
    await own.received(2);
    await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ pending: 0, failed: 1 });
  });

  test('what a webhook is told of while it goes is forgotten with it', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    const { records } = own.hub;
    const adding = Promise.withResolvers<void>();
    const mayAdd = Promise.withResolvers<void>();
    let writes = 0;
    const write: typeof records.write = async (task) => {
      writes += 1;
      adding.resolve();
      if (writes === 1) await mayAdd.promise;
      return records.write(task);
    };
    const options = { clock: systemClock, logger: silentLogger };
    const webhooks = new Webhooks({ records: replaced(records, { write }), ...options });
    await webhooks.set(own.target());
    await webhooks.known();
    const event = {
      id: 'e',
      time: 0,
      project: 'open',
      type: 'push',
      repository: 'open/app',
      ...NOTHING,
    } as const;
    const told = webhooks.listener([event]);
    await adding.promise;
    const removed = webhooks.remove('open.ci');
    // long enough for one that does not wait
    await Promise.race([removed, sleep(100)]);
    mayAdd.resolve();
    await Promise.all([told, removed]);
    expect(await records.read.selectFrom('webhook_deliveries').select('id').execute()).toEqual([]);
    await webhooks.close();
  });

  test('what is held is kept and sent later; a webhook that goes takes its deliveries along', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    await own.set({ held: 'the Secret is not there' });
    await own.push('v1');
    await expect
      .poll(() => own.webhooks.summary('open.ci'), WAIT)
      .toMatchObject({ pending: 1, lastTry: undefined });
    expect(own.receiver.received).toEqual([]);
    await own.webhooks.set(own.target({ key: Buffer.from('k') }));
    await own.received(1);
    await own.webhooks.remove('open.ci');
    expect(await own.hub.records.read.selectFrom('webhook_deliveries').select('id').execute()).toEqual([]);
  });

  test('of what ended the newest are kept, none for longer than wanted; what waits stays', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    await own.set();
    await own.push('v1', 'v2', 'v3', 'v4');
    await expect
      .poll(() => own.webhooks.summary('open.ci'), WAIT)
      .toMatchObject({ pending: 0, lastTry: { ok: true } });
    await own.received(4);
    await own.webhooks.set(own.target({ held: 'a reason' }));
    await own.push('v5');
    await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ pending: 1 });
    const { records } = own.hub;
    const left = async () => {
      const rows = await records.read
        .selectFrom('webhook_deliveries')
        .select('body')
        .orderBy('created')
        .execute();
      return rows.map(({ body }) => (JSON.parse(body) as { tag: string }).tag);
    };
    await records.write((to) => pruneDeliveries(to, 'open.other', Date.now() + 1000, 0));
    expect(await left()).toHaveLength(5);
    await records.write((to) => pruneDeliveries(to, 'open.ci', 0, 2));
    expect(await left()).toEqual(['v3', 'v4', 'v5']);
    expect(await countUndelivered(records.read)).toEqual([
      { webhook: 'open.ci', state: 'pending', count: 1 },
    ]);
    await records.write((to) => pruneDeliveries(to, 'open.ci', Date.now() + 1000, 2));
    expect(await left()).toEqual(['v5']);
  });

  test('over HTTPS only what has a certificate of a trusted authority is told', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    const authority = createCertificateAuthority('receivers');
    const certificate = issueCertificate(authority, {
      subject: { commonName: 'receiver', organizations: [] },
      usages: ['server auth'],
      ipAddresses: ['127.0.0.1'],
    });
    await using receiver = await Receiver.start({
      cert: certificate.certificatePem,
      key: certificate.privateKeyPem ?? '',
    });
    await own.set({ url: receiver.url });
    await own.webhooks.set(
      own.target({ name: 'open.trusting', url: receiver.url, ca: authority.certificatePem }),
    );
    await own.push('v1');
    await expect.poll(() => receiver.subjects, WAIT).toEqual(['push open/team/web:v1']);
    await expect.poll(() => own.webhooks.summary('open.ci'), WAIT).toMatchObject({ lastTry: { ok: false } });
    await expect
      .poll(() => own.webhooks.summary('open.trusting'), WAIT)
      .toMatchObject({ lastTry: { ok: true } });
    expect(receiver.received).toHaveLength(1);
  });

  test('no redirect is followed, and nothing is sent to link-local addresses', async () => {
    await using own = await WebhookTest.start(systemClock, openRecords);
    own.receiver.status = 307;
    own.receiver.headers = { location: `${own.receiver.url}/elsewhere` };
    await own.set();
    const forbidden = ['169.254.169.254', '[fe80::1]', '[::ffff:a9fe:a9fe]'];
    for (const [index, host] of forbidden.entries()) {
      await own.webhooks.set(own.target({ name: `open.f${index}`, url: `http://${host}/latest/meta-data` }));
    }
    await own.push('v1');
    const errors = () =>
      own.hub.records.read
        .selectFrom('webhook_deliveries')
        .select(['webhook', 'error'])
        .where('error', 'is not', null)
        .orderBy('webhook')
        .execute();
    await expect.poll(async () => (await errors()).length, WAIT).toBe(4);
    const [redirected, ...refused] = await errors();
    expect(redirected?.error).toContain('a redirect, which is not followed');
    for (const { error } of refused) expect(error).toContain('is link-local: webhooks are not sent there');
    expect(own.receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  });
}
