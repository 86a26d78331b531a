import { randomBytes } from 'node:crypto';
import { systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HubEvent } from '../src/events/event.ts';
import type { ProjectRules } from '../src/rules/project-rules.ts';
import { readUsage } from '../src/rules/usage.ts';
import { OCI_MANIFEST, type OpenRecords, type TestClient, TestHub } from './support.ts';

/** What projects allow, over either database. */
export function rulesSuite(openRecords?: OpenRecords): void {
  let hub: TestHub;
  const events: HubEvent[] = [];
  beforeAll(async () => {
    hub = await TestHub.start(systemClock, [async (some) => void events.push(...some)], { openRecords });
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  /** A project of `dev` with these rules, and a client of its repository `app`. */
  async function project(name: string, rules: ProjectRules): Promise<TestClient> {
    const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
    hub.directory.setProject({ name, public: false, members, ...rules });
    return hub.client(`${name}/app`);
  }

  const usage = (name: string) => readUsage(hub.records.read, name);
  const errorOf = async (answer: Response) =>
    ((await answer.json()) as { errors: { code: string; message: string }[] }).errors[0];

  test('a project has what its distinct blobs and manifests have, until they go', async () => {
    const client = await project('counted', {});
    const image = await client.image('one layer');
    const put = await client.putManifest('v1', image);
    const size = 2 + 9 + JSON.stringify(image).length;
    expect(await usage('counted')).toBe(size);
    const other = await hub.client('counted/other');
    await other.putManifest('v1', await other.image('one layer'));
    await client.putManifest('v2', image);
    expect(await usage('counted')).toBe(size);
    for (const each of [client, other]) {
      await each.send('DELETE', `manifests/${put.headers.get('docker-content-digest')}`);
    }
    expect(await usage('counted')).toBe(0);
    // what a push finds by HEAD within the grace counts again
    expect((await client.putManifest('v3', image)).status).toBe(201);
    expect(await usage('counted')).toBe(size);
    await client.send('DELETE', `manifests/${put.headers.get('docker-content-digest')}`);
    await hub.hub.collectGarbage({ grace: -1 });
    expect(await usage('counted')).toBe(0);
    expect(await hub.hub.check({ read: true })).toEqual([]);
  });

  test('a check of the registry finds usage that is counted wrong', async () => {
    const client = await project('miscounted', {});
    const put = await client.putManifest('v1', await client.image('miscounted'));
    const digest = put.headers.get('docker-content-digest');
    const faults = async () => (await hub.hub.check({ read: false })).map(({ what }) => what);
    const set = (bytes: number) =>
      hub.records.write((to) =>
        to.updateTable('project_usage').set({ bytes }).where('project', '=', 'miscounted').execute(),
      );
    const right = await usage('miscounted');
    await set(right + 1);
    expect(await faults()).toEqual(['is of a project whose usage is not the sum of what it holds']);
    await set(right);
    const change = (from: string, to: string) =>
      hub.records.write((write) =>
        write.updateTable('project_contents').set({ project: to }).where('project', '=', from).execute(),
      );
    await change('miscounted', 'nobody');
    const wrong = (await hub.hub.check({ read: false })).filter((fault) => fault.digest === digest);
    expect(wrong.map(({ what }) => what)).toEqual([
      'is held by a repository and not counted by its project',
      'is held by other repositories than its project counts',
    ]);
    await change('nobody', 'miscounted');
    expect(await faults()).toEqual([]);
  });

  test('what a quota has no room for is refused with the figures, however it is sent, and leaves nothing', async () => {
    const client = await project('small', { quotaBytes: 10_000 });
    const kept = randomBytes(6000);
    await client.pushBlob(kept);
    const more = randomBytes(5000);
    const digest = digestOf(more);
    const whole = await client.send('POST', `blobs/uploads/?digest=${digest}`, { body: more });
    expect(whole.status).toBe(403);
    expect(await errorOf(whole)).toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining('project small has 6.00 KB of 10.0 KB, 5.00 KB more are too much'),
    });
    const location = async () => (await client.send('POST', 'blobs/uploads/')).headers.get('location') ?? '';
    const put = await client.send('PUT', `${await location()}?digest=${digest}`, { body: more });
    expect(put.status).toBe(403);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(more);
        controller.close();
      },
    });
    const streamed = await location();
    expect((await client.send('PATCH', streamed, { body: stream, duplex: 'half' })).status).toBe(403);
    expect((await client.send('GET', streamed)).status).toBe(404);
    expect(await usage('small')).toBe(6000);
    expect(await hub.blobs.stat(digest)).toBeUndefined();
    expect((await hub.blobs.listUploads()).items).toEqual([]);
    // what is there already always fits
    expect(
      (await client.send('POST', `blobs/uploads/?digest=${digestOf(kept)}`, { body: kept })).status,
    ).toBe(201);
  });

  test('uploads at the same time do not exceed a quota together', async () => {
    const client = await project('raced', { quotaBytes: 10_000 });
    const blobs = Array.from({ length: 8 }, () => randomBytes(3000));
    const statuses = await Promise.all(
      blobs.map(
        async (body) =>
          (await client.send('POST', `blobs/uploads/?digest=${digestOf(body)}`, { body })).status,
      ),
    );
    expect(statuses.filter((status) => status === 201)).toHaveLength(3);
    expect(statuses.filter((status) => status === 403)).toHaveLength(5);
    expect(await usage('raced')).toBe(9000);
    for (const [index, body] of blobs.entries()) {
      expect((await hub.blobs.stat(digestOf(body))) !== undefined).toBe(statuses[index] === 201);
    }
  });

  test('a quota holds for manifests and mounts too, and tells of what it refused', async () => {
    const source = await hub.client('open/large');
    const digest = await source.pushBlob(randomBytes(900));
    const client = await project('tiny', { quotaBytes: 500 });
    const token = await hub.token('dev', ['repository:tiny/app:pull,push', 'repository:open/large:pull']);
    const mount = await client.send('POST', `blobs/uploads/?mount=${digest}&from=open/large`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(mount.status).toBe(403);
    const put = await client.putManifest('v1', {
      ...(await client.image()),
      annotations: { a: 'x'.repeat(600) },
    });
    expect(put.status).toBe(403);
    expect((await client.send('GET', 'manifests/v1')).status).toBe(404);
    expect(await usage('tiny')).toBe(7);
    await expect
      .poll(() => events.filter(({ type, project }) => type === 'quota' && project === 'tiny'))
      .toMatchObject([
        { repository: 'tiny/app', digest, size: 900, actor: 'dev', quota: { used: 0, limit: 500 } },
        { mediaType: OCI_MANIFEST, quota: { used: 7, limit: 500 } },
      ]);
  });

  test('an immutable tag is set once, may be pushed again as it is, and cannot be deleted', async () => {
    const client = await project('fixed', { immutability: [{ repositories: 'app', tags: 'v*' }] });
    const image = await client.image();
    expect((await client.putManifest('v1', image)).status).toBe(201);
    const put = await client.putManifest('v1', image);
    expect(put.status).toBe(201);
    const digest = put.headers.get('docker-content-digest');
    const other = { ...image, annotations: { other: 'image' } };
    const moved = await client.putManifest('v1', other);
    expect(moved.status).toBe(403);
    expect(await errorOf(moved)).toMatchObject({
      code: 'DENIED',
      message: expect.stringContaining(`tag v1 of fixed/app is immutable and has ${digest}`),
    });
    const many = await client.send(
      'PUT',
      `manifests/${digestOf(Buffer.from(JSON.stringify(other)))}?tag=next&tag=v1`,
      {
        body: JSON.stringify(other),
        headers: { 'content-type': OCI_MANIFEST },
      },
    );
    expect(many.status).toBe(403);
    expect((await client.send('HEAD', 'manifests/next')).status).toBe(404);
    expect((await client.send('DELETE', 'manifests/v1')).status).toBe(405);
    expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(405);
    expect((await client.putManifest('latest', image)).status).toBe(201);
    expect((await client.putManifest('latest', other)).status).toBe(201);
    expect((await client.send('DELETE', 'manifests/latest')).status).toBe(202);
    const elsewhere = await hub.client('fixed/other');
    await elsewhere.putManifest('v1', await elsewhere.image());
    expect((await elsewhere.putManifest('v1', { ...image, annotations: { a: 'b' } })).status).toBe(201);
  });

  test('a project that takes charts only takes neither images nor signatures, and indexes of charts', async () => {
    const client = await project('charts', { allowedArtifactTypes: ['application/vnd.cncf.helm.*'] });
    const image = await client.image();
    const refused = await client.putManifest('v1', image);
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({
      message: expect.stringContaining(
        'project charts does not take artifacts of type application/vnd.oci.image.config.v1+json',
      ),
    });
    expect((await client.putManifest('v1', { ...image, artifactType: 'a/signature' })).status).toBe(403);
    const config = { ...image.config, mediaType: 'application/vnd.cncf.helm.config.v1+json' };
    const chart = await client.putManifest('v1', { ...image, config });
    expect(chart.status).toBe(201);
    const index = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          mediaType: image.mediaType,
          digest: chart.headers.get('docker-content-digest'),
          size: JSON.stringify({ ...image, config }).length,
        },
      ],
    };
    expect((await client.putManifest('all', index, index.mediaType)).status).toBe(201);
  });
}
