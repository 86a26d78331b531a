import { FakeClock, silentLogger, systemClock } from '@sampan/base';
import { expect, test } from 'vitest';
import type { HubEvent } from '../src/events/event.ts';
import { EventLog } from '../src/events/event-log.ts';
import { type OpenRecords, TestHub } from './support.ts';

const WAIT = { timeout: 10_000 };

/** Waits until `events` has `count` entries. */
const reach = (events: readonly unknown[], count: number) =>
  expect.poll(() => events.length, WAIT).toBe(count);

const brief = ({ type, repository, tag, actor }: HubEvent) => [type, repository, tag, actor];

async function retry(clock: FakeClock, tries: readonly unknown[], count: number): Promise<void> {
  await expect
    .poll(() => {
      clock.advance(1000);
      return tries.length;
    }, WAIT)
    .toBe(count);
}

function outbox({ records }: TestHub, clock?: FakeClock): Promise<unknown[]> {
  clock?.advance(1000);
  return records.read.selectFrom('event_outbox').select('id').execute();
}

/** What is told of, and how surely, over either database. */
export function eventsSuite(openRecords?: OpenRecords): void {
  test('pushes, pulls and deletes are told with what, who and from where, in order', async () => {
    const told: HubEvent[] = [];
    await using hub = await TestHub.start(systemClock, [async (events) => void told.push(...events)], {
      openRecords,
    });
    const client = await hub.client('open/told');
    const put = await client.putManifest('v1', await client.image());
    const digest = put.headers.get('docker-content-digest') ?? '';
    await client.send('HEAD', 'manifests/v1');
    await client.send('GET', 'manifests/v1', { headers: { 'user-agent': 'x'.repeat(999) } });
    await client.putManifest('v2', await client.image());
    await client.send('DELETE', 'manifests/v2');
    await client.send('DELETE', `manifests/${digest}`);
    await reach(told, 6);
    expect(told.map(brief)).toEqual([
      ['push', 'open/told', 'v1', 'dev'],
      ['pull', 'open/told', 'v1', 'dev'],
      ['push', 'open/told', 'v2', 'dev'],
      ['delete', 'open/told', 'v2', 'dev'],
      ['delete', 'open/told', 'v1', 'dev'],
      ['delete', 'open/told', undefined, 'dev'],
    ]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(6);
    const size = JSON.stringify(await client.image()).length;
    expect(told[0]).toMatchObject({ project: 'open', digest, size, address: '127.0.0.1' });
    expect(told[0]?.artifactType).toBe('application/vnd.oci.image.config.v1+json');
    expect(told[1]?.userAgent).toHaveLength(256);
  });

  test('a refused push tells nothing', async () => {
    const told: HubEvent[] = [];
    await using hub = await TestHub.start(systemClock, [async (events) => void told.push(...events)], {
      openRecords,
    });
    const client = await hub.client('open/refused');
    const image = await client.image();
    const wrong = await client.putManifest('v1', { ...image, config: { ...image.config, size: 999 } });
    expect(wrong.status).toBe(400);
    await client.putManifest('v1', image);
    await reach(told, 1);
  });

  test('a listener that fails gets the same events again, and one that works is not held up', async () => {
    const clock = new FakeClock();
    const tries: HubEvent[][] = [];
    const other: HubEvent[] = [];
    const failing = async (events: readonly HubEvent[]) => {
      tries.push([...events]);
      if (tries.length < 3) throw new Error('not now');
    };
    await using hub = await TestHub.start(clock, [failing, async (events) => void other.push(...events)], {
      openRecords,
    });
    const client = await hub.client('open/again');
    await client.putManifest('v1', await client.image());
    await reach(other, 1);
    await reach(tries, 1);
    await retry(clock, tries, 3);
    expect(new Set(tries.map(([event]) => event?.id)).size).toBe(1);
    await expect.poll(() => outbox(hub, clock), WAIT).toEqual([]);
  });

  test('what a process did not get dealt with is told by the next one on the same storage', async () => {
    const before: HubEvent[] = [];
    const after: HubEvent[] = [];
    const failing = async (events: readonly HubEvent[]) => {
      before.push(...events);
      throw new Error('not now');
    };
    // it stands still: the failing one is not tried again
    await using first = await TestHub.start(new FakeClock(), [failing], { openRecords });
    const client = await first.client('open/next');
    await client.putManifest('v1', await client.image());
    await reach(before, 1);
    await first.hub.close();
    const second = new EventLog({ records: first.records, clock: systemClock, logger: silentLogger });
    second.listen('test', async (events) => void after.push(...events));
    await second.start();
    await reach(after, 1);
    expect(after).toEqual(before);
    await second.close();
    expect(await outbox(first)).toEqual([]);
  });
}
