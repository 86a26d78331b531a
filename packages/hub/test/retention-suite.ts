import { type Clock, FakeClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { expect, test } from 'vitest';
import type { HubEvent } from '../src/events/event.ts';
import type { Listener } from '../src/events/event-queue.ts';
import type { RetentionPolicy } from '../src/rules/project-rules.ts';
import { basic, OCI_MANIFEST, type OpenRecords, PASSWORD, type TestClient, TestHub } from './support.ts';

const DAY = 24 * 60 * 60_000;
const ALL = { repositories: '**', tags: '**' };

/** A project `kept` of `dev` with this policy. */
function setPolicy(hub: TestHub, retention: RetentionPolicy | undefined): void {
  const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
  hub.directory.setProject({ name: 'kept', public: false, members, retention });
  hub.hub.retention.changed('kept');
}

async function push(client: TestClient, tag: string, annotations: object = { tag }): Promise<string> {
  const put = await client.putManifest(tag, { ...(await client.image()), annotations });
  expect(put.status).toBe(201);
  return put.headers.get('docker-content-digest') ?? '';
}

const tagsOf = async (client: TestClient) =>
  ((await (await client.send('GET', 'tags/list')).json()) as { tags: string[] }).tags;

const status = async (client: TestClient, reference: string) =>
  (await client.send('HEAD', `manifests/${reference}`)).status;

/** What retention removes, over either database. */
export function retentionSuite(openRecords?: OpenRecords): void {
  const start = (clock?: Clock, listeners?: readonly Listener[]) =>
    TestHub.start(clock, listeners, { openRecords });

  test('a policy runs by its schedule, removes tags with their manifests, and tells of it', async () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1, 12));
    const told: HubEvent[] = [];
    await using hub = await start(clock, [async (events) => void told.push(...events)]);
    setPolicy(hub, { schedule: '0 3 * * *', dryRun: false, rules: [{ ...ALL, keepLast: 1 }] });
    // in its turn: once it has run, the schedule holds
    await hub.hub.retention.run('kept', { dryRun: true });
    const client = await hub.client('kept/app');
    const old = await push(client, 'v1');
    clock.advance(60_000);
    const shared = await push(client, 'v2');
    await push(client, 'v2-too', { tag: 'v2' });
    const runs: unknown[] = [];
    hub.hub.retention.onRun((project, run) => runs.push([project, run.count]));
    clock.advance(14 * 60 * 60_000);
    expect(runs).toEqual([]);
    clock.advance(2 * 60 * 60_000);
    await expect.poll(() => runs).toEqual([['kept', 2]]);
    const again = await hub.client('kept/app');
    expect(await tagsOf(again)).toEqual(['v2-too']);
    expect(await status(again, old)).toBe(404);
    expect(await status(again, shared)).toBe(200);
    const last = await hub.hub.retention.last('kept');
    expect(last).toMatchObject({ dryRun: false, count: 2, deleted: ['kept/app:v1', 'kept/app:v2'] });
    clock.advance(1000);
    const deletes = () => told.filter(({ type }) => type === 'delete').map(({ tag, actor }) => [tag, actor]);
    await expect.poll(deletes).toEqual([
      ['v1', 'system:retention'],
      [undefined, 'system:retention'],
      ['v2', 'system:retention'],
    ]);
    clock.advance(DAY);
    await expect
      .poll(() => {
        // it may be set down for the next time only now
        clock.advance(1);
        return runs;
      })
      .toEqual([
        ['kept', 2],
        ['kept', 0],
      ]);
  });

  test('each new time asked for runs it once, a dry run removes nothing, and a lost policy is forgotten', async () => {
    await using hub = await start();
    const client = await hub.client('open/app');
    await client.image();
    const policy = { dryRun: true, rules: [{ ...ALL, keepLast: 0 }] };
    setPolicy(hub, policy);
    const kept = await hub.client('kept/app');
    await push(kept, 'v1');
    let runs = 0;
    hub.hub.retention.onRun(() => {
      runs += 1;
    });
    setPolicy(hub, { ...policy, requestedAt: 5 });
    await expect.poll(() => runs).toBe(1);
    setPolicy(hub, { ...policy, requestedAt: 5 });
    expect(await hub.hub.retention.run('kept', { dryRun: true })).toMatchObject({ count: 1 });
    expect(runs).toBe(1);
    expect(await hub.hub.retention.last('kept')).toMatchObject({ handled: 5, dryRun: true, count: 1 });
    expect(await tagsOf(kept)).toEqual(['v1']);
    setPolicy(hub, { ...policy, dryRun: false, requestedAt: 6 });
    await expect.poll(() => tagsOf(kept)).toEqual([]);
    setPolicy(hub, undefined);
    await expect.poll(() => hub.hub.retention.last('kept')).toBeUndefined();
  });

  test('an index goes with its images and signatures, but not what others need', async () => {
    await using hub = await start();
    setPolicy(hub, { dryRun: false, rules: [{ repositories: '*', tags: 'v*', keepLast: 0 }] });
    const client = await hub.client('kept/app');
    const images = [await push(client, 'tmp1'), await push(client, 'keep'), await push(client, 'tmp2')];
    await client.send('DELETE', 'manifests/tmp1');
    await client.send('DELETE', 'manifests/tmp2');
    const describe = (annotations: object, digest: string | undefined, size: number) => ({
      mediaType: OCI_MANIFEST,
      digest,
      size,
      annotations,
    });
    const image = await client.image();
    const sizeOf = (tag: string) => JSON.stringify({ ...image, annotations: { tag } }).length;
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const index = {
      schemaVersion: 2,
      mediaType,
      manifests: ['tmp1', 'keep', 'tmp2'].map((tag, at) => describe({}, images[at], sizeOf(tag))),
    };
    const digest = digestOf(Buffer.from(JSON.stringify(index)));
    expect((await client.putManifest('v1', index, mediaType)).status).toBe(201);
    // another index has one of the images too
    const other = { ...index, manifests: index.manifests.slice(2) };
    await client.putManifest('other', other, mediaType);
    const size = JSON.stringify(index).length;
    const signature = { ...image, subject: { mediaType, digest, size }, artifactType: 'a/signature' };
    const signed = digestOf(Buffer.from(JSON.stringify(signature)));
    await client.putManifest(signed, signature);
    const cosign = await push(client, `${digest.replace(':', '-')}.sig`);
    expect(await hub.hub.retention.run('kept', { dryRun: false })).toMatchObject({
      deleted: ['kept/app:v1'],
      count: 1,
    });
    const statuses = await Promise.all(
      [digest, ...images, signed, cosign].map((each) => status(client, each)),
    );
    expect(statuses).toEqual([404, 404, 200, 200, 404, 404]);
    expect(await tagsOf(client)).toEqual(['keep', 'other']);
    expect(await hub.hub.check({ read: true })).toEqual([]);
  });

  test('manifests that lost their tag go after a while, but not what an index or a signed image needs', async () => {
    const clock = new FakeClock();
    await using hub = await start(clock);
    setPolicy(hub, { dryRun: false, rules: [], keepUntaggedDays: 7 });
    let client = await hub.client('kept/app');
    const moved = await push(client, 'latest', { build: '1' });
    const used = await push(client, 'latest', { build: '2' });
    const current = await push(client, 'latest', { build: '3' });
    const image = await client.image();
    const sized = { mediaType: OCI_MANIFEST, digest: current };
    const subject = { ...sized, size: JSON.stringify({ ...image, annotations: { build: '3' } }).length };
    const signature = { ...image, artifactType: 'a/signature', subject };
    const signed = digestOf(Buffer.from(JSON.stringify(signature)));
    expect((await client.putManifest(signed, signature)).status).toBe(201);
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const child = await push(client, 'child');
    await client.send('DELETE', 'manifests/child');
    const size = JSON.stringify({ ...image, annotations: { tag: 'child' } }).length;
    const manifests = [{ mediaType: OCI_MANIFEST, digest: child, size }];
    await client.putManifest('index', { schemaVersion: 2, mediaType, manifests }, mediaType);
    clock.advance(6 * DAY);
    client = await hub.client('kept/app');
    await client.send('GET', `manifests/${used}`);
    await expect
      .poll(async () => {
        clock.advance(1000);
        const rows = await hub.records.read.selectFrom('manifests').select('pulled').execute();
        return rows.some(({ pulled }) => pulled !== null);
      })
      .toBe(true);
    expect((await hub.hub.retention.run('kept', { dryRun: false })).count).toBe(0);
    clock.advance(2 * DAY);
    for (const dryRun of [true, false]) {
      const { count, deleted } = await hub.hub.retention.run('kept', { dryRun });
      expect([count, deleted]).toEqual([1, [`kept/app@${moved}`]]);
    }
    client = await hub.client('kept/app');
    const statuses = [moved, used, current, signed, child].map((each) => status(client, each));
    expect(await Promise.all(statuses)).toEqual([404, 200, 200, 200, 200]);
  });

  test('what is pulled stays, and when it was pulled outlives the process', async () => {
    const clock = new FakeClock();
    await using hub = await start(clock);
    setPolicy(hub, { dryRun: false, rules: [{ ...ALL, keepPulledDays: 7 }] });
    let client = await hub.client('kept/app');
    const used = await push(client, 'used');
    await push(client, 'unused');
    clock.advance(30 * DAY);
    client = await hub.client('kept/app');
    // as a node does that has the image
    await client.send('HEAD', `manifests/${used}`);
    const pulled = async () =>
      (await hub.records.read.selectFrom('manifests').select('pulled').execute()).map((row) => row.pulled);
    await expect
      .poll(async () => {
        clock.advance(1000);
        return (await pulled()).filter((time) => time !== null).length;
      })
      .toBe(1);
    clock.advance(6 * DAY);
    expect((await hub.hub.retention.run('kept', { dryRun: false })).deleted).toEqual(['kept/app:unused']);
  });

  test('an administrator asks what would go, of projects that have a policy', async () => {
    await using hub = await start();
    setPolicy(hub, { dryRun: false, rules: [{ ...ALL, keepLast: 0 }] });
    const client = await hub.client('kept/app');
    await push(client, 'v1');
    const ask = async (project: string) => {
      const headers = { authorization: basic('root', PASSWORD) };
      const url = `${hub.url}/hub/api/retention/${project}?dryRun=true`;
      return (await fetch(url, { method: 'POST', headers })).json();
    };
    expect(await ask('kept')).toMatchObject({ dryRun: true, deleted: ['kept/app:v1'], count: 1 });
    expect(await tagsOf(client)).toEqual(['v1']);
    expect(await ask('open')).toMatchObject({
      errors: [{ message: expect.stringContaining('no retention rules') }],
    });
    expect(await ask('none')).toMatchObject({ errors: [{ code: 'NAME_UNKNOWN' }] });
  });
}
