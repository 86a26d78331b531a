import { randomBytes } from 'node:crypto';
import { systemClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf } from '../error-of.ts';
import { type TestClient, TestHub, type TestOptions } from '../support.ts';
import { CONTENTS, Contents, OCI_INDEX, OCI_MANIFEST } from './contents.ts';
import { locationOf, WAYS } from './pushing.ts';

/** What upstream's conformance suite covers of manifests, tags and referrers, for each kind of content. */
export function contentsSuite(options?: TestOptions): void {
  let hub: TestHub;
  let client: TestClient;
  beforeAll(async () => {
    hub = await TestHub.start(systemClock, [], options);
    client = await hub.client('open/conformance');
  });
  afterAll(() => hub[Symbol.asyncDispose]());

  /** Each blob by another way, then each manifest by its digest, which sets its tags too. */
  async function push({ blobs, manifests }: Contents): Promise<void> {
    const ways = Object.values(WAYS);
    let next = 0;
    for (const [digest, bytes] of blobs) {
      const way = ways[next++ % ways.length];
      expect((await way?.(client, { bytes, digest }))?.status).toBe(201);
    }
    for (const [digest, { mediaType, bytes, tags }] of manifests) {
      const query = tags.map((tag) => `tag=${tag}`).join('&');
      const put = await client.send('PUT', `manifests/${digest}?${query}`, {
        body: bytes,
        headers: { 'content-type': mediaType },
      });
      expect(put.status, await put.text()).toBe(201);
      expect(put.headers.get('docker-content-digest')).toBe(digest);
      expect(put.headers.get('oci-tag')).toBe(tags.length > 0 ? tags.join(', ') : null);
      const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: string } };
      expect(put.headers.get('oci-subject')).toBe(subject?.digest ?? null);
      await expectManifest(locationOf(put), digest, { mediaType, bytes });
    }
  }

  async function expectManifest(
    path: string,
    digest: string,
    { mediaType, bytes }: { readonly mediaType: string; readonly bytes: Buffer },
  ): Promise<void> {
    const accept = `${OCI_INDEX}, ${OCI_MANIFEST}`;
    for (const method of ['HEAD', 'GET']) {
      const answer = await client.send(method, path, { headers: { accept } });
      expect(answer.status, `${method} ${path}`).toBe(200);
      expect(answer.headers.get('docker-content-digest')).toBe(digest);
      expect(answer.headers.get('content-type')).toBe(mediaType);
      expect(answer.headers.get('content-length')).toBe(String(bytes.length));
      const body = Buffer.from(await answer.arrayBuffer());
      expect(body.equals(method === 'HEAD' ? Buffer.alloc(0) : bytes)).toBe(true);
    }
  }

  async function tagsAfter(last?: string): Promise<string[]> {
    const answer = await client.send('GET', `tags/list${last === undefined ? '' : `?last=${last}`}`);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { tags: string[] }).tags;
  }

  async function expectTags(contents: Contents): Promise<void> {
    const wanted = [...contents.manifests.values()].flatMap(({ tags }) => tags).sort();
    expect(await tagsAfter()).toEqual(wanted);
    const [first = ''] = wanted;
    expect(await tagsAfter(first)).toEqual(wanted.slice(1));
  }

  async function referrersOf(subject: string, query = ''): Promise<{ digest: string }[]> {
    const answer = await client.send('GET', `referrers/${subject}${query}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(OCI_INDEX);
    expect(answer.headers.get('oci-filters-applied')).toBe(query === '' ? null : 'artifactType');
    const index = (await answer.json()) as { manifests: { digest: string }[] };
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: OCI_INDEX });
    return index.manifests;
  }

  const byDigest = <T extends { digest: string }>(list: readonly T[]): T[] =>
    list.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));

  async function expectReferrers({ referrers }: Contents): Promise<void> {
    for (const [subject, wanted] of referrers) {
      expect(await referrersOf(subject)).toEqual(byDigest(wanted));
      for (const type of new Set(wanted.map(({ artifactType }) => artifactType))) {
        const some = wanted.filter(({ artifactType }) => artifactType === type);
        expect(await referrersOf(subject, `?artifactType=${encodeURIComponent(type)}`)).toEqual(
          byDigest(some),
        );
      }
    }
  }

  /** Tags, then manifests from the last pushed, then blobs: each is gone with the answer. */
  async function remove({ blobs, manifests, referrers }: Contents): Promise<void> {
    const gone = async (path: string) => {
      expect((await client.send('DELETE', path)).status, path).toBe(202);
      expect((await client.send('HEAD', path)).status, path).toBe(404);
    };
    for (const { tags } of manifests.values()) for (const tag of tags) await gone(`manifests/${tag}`);
    for (const digest of [...manifests.keys()].reverse()) await gone(`manifests/${digest}`);
    for (const digest of blobs.keys()) await gone(`blobs/${digest}`);
    for (const subject of referrers.keys()) expect(await referrersOf(subject)).toEqual([]);
    expect(await tagsAfter()).toEqual([]);
  }

  test.each(Object.entries(CONTENTS))('%s is pushed, listed, pulled and deleted', async (_, make) => {
    const contents = make();
    await push(contents);
    await expectTags(contents);
    for (const [digest, manifest] of contents.manifests) {
      for (const reference of [digest, ...manifest.tags]) {
        await expectManifest(`manifests/${reference}`, digest, manifest);
      }
    }
    for (const [digest, bytes] of contents.blobs) {
      const read = await client.send('GET', `blobs/${digest}`);
      expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
    }
    await expectReferrers(contents);
    expect(await hub.hub.check({ read: true })).toEqual([]);
    await remove(contents);
  });

  test('a manifest is tagged by its path, and a tag moves', async () => {
    const contents = new Contents();
    contents.image();
    contents.image();
    await push(contents);
    for (const [digest, { mediaType, bytes }] of contents.manifests) {
      const headers = { 'content-type': mediaType };
      const put = await client.send('PUT', 'manifests/moving', { body: bytes, headers });
      expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digest]);
      await expectManifest('manifests/moving', digest, { mediaType, bytes });
      expect(await tagsAfter()).toEqual(['moving']);
    }
  });

  describe('refusals', () => {
    test('the root answers', async () => {
      const token = await hub.token('dev', []);
      const answer = await fetch(`${hub.url}/v2/`, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status).toBe(200);
    });

    test('a repository without content has no tags and no referrers', async () => {
      const empty = await hub.client('open/never-pushed');
      expect(await errorOf(await empty.send('GET', 'tags/list'))).toEqual([404, 'NAME_UNKNOWN']);
      const referrers = await empty.send('GET', `referrers/${digestOf(randomBytes(5))}`);
      expect([referrers.status, referrers.headers.get('content-type')]).toEqual([200, OCI_INDEX]);
      expect(await referrers.json()).toEqual({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
    });

    test('a manifest that was never pushed is unknown, by digest and by tag', async () => {
      for (const reference of [digestOf(randomBytes(5)), digestOf(randomBytes(5), 'sha512'), 'missing']) {
        const get = await client.send('GET', `manifests/${reference}`);
        expect(await errorOf(get)).toEqual([404, 'MANIFEST_UNKNOWN']);
        const gone = await client.send('DELETE', `manifests/${reference}`);
        expect(await errorOf(gone)).toEqual([404, 'MANIFEST_UNKNOWN']);
      }
    });

    test('a manifest is refused under what is no digest, and under another digest', async () => {
      const contents = new Contents();
      const { digest } = contents.image();
      await push(contents);
      const body = contents.manifests.get(digest)?.bytes ?? Buffer.alloc(0);
      const headers = { 'content-type': OCI_MANIFEST };
      for (const wrong of ['sha256:baddigeststring', `sha256:${'A'.repeat(64)}`, 'md5:abc']) {
        const put = await client.send('PUT', `manifests/${wrong}`, { body, headers });
        expect(await errorOf(put), wrong).toEqual([400, 'DIGEST_INVALID']);
        const get = await client.send('GET', `manifests/${wrong}`);
        expect(await errorOf(get), wrong).toEqual([400, 'DIGEST_INVALID']);
      }
      const spaced = Buffer.concat([body, Buffer.from('  ')]);
      const put = await client.send('PUT', `manifests/${digest}`, { body: spaced, headers });
      expect(await errorOf(put)).toEqual([400, 'DIGEST_INVALID']);
    });

    test('a manifest of which something is missing is refused', async () => {
      const contents = new Contents();
      const layer = contents.layer();
      contents.image({ layers: [layer] });
      const [image] = contents.manifests.values();
      const index = new Contents();
      index.index([{ mediaType: OCI_MANIFEST, digest: digestOf(randomBytes(5)), size: 5 }]);
      const [listing] = index.manifests.values();
      for (const [body, mediaType] of [
        [image?.bytes, OCI_MANIFEST],
        [listing?.bytes, OCI_INDEX],
      ] as const) {
        const headers = { 'content-type': mediaType };
        const put = await client.send('PUT', 'manifests/sparse', { body: body ?? '', headers });
        expect(await errorOf(put)).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
      }
      expect((await client.send('HEAD', 'manifests/sparse')).status).toBe(404);
    });
  });
}
