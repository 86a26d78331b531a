import { randomBytes } from 'node:crypto';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OCI_MANIFEST, TestHub } from './support.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

let hub: TestHub;
beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(() => hub[Symbol.asyncDispose]());

const code = async (answer: Response) =>
  ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code;
const digestIn = (answer: Response) => answer.headers.get('docker-content-digest') ?? '';

test('a manifest is read by tag and digest as it was pushed, byte by byte', async () => {
  const client = await hub.client();
  const text = `${JSON.stringify(await client.image(), undefined, 3)}\n`;
  const headers = { 'content-type': OCI_MANIFEST };
  const put = await client.send('PUT', 'manifests/v1', { body: text, headers });
  expect(put.status).toBe(201);
  expect(digestIn(put)).toBe(digestOf(Buffer.from(text)));
  for (const reference of ['v1', digestIn(put)]) {
    const read = await client.send('GET', `manifests/${reference}`);
    expect(read.headers.get('content-type')).toBe(OCI_MANIFEST);
    expect(digestIn(read)).toBe(digestIn(put));
    expect(await read.text()).toBe(text);
    const head = await client.send('HEAD', `manifests/${reference}`);
    expect(head.headers.get('content-length')).toBe(String(text.length));
  }
  const gone = await client.send('GET', 'manifests/v2');
  expect([gone.status, await code(gone)]).toEqual([404, 'MANIFEST_UNKNOWN']);
});

test('a manifest is pushed by digest, with sha512 and several tags at once', async () => {
  const client = await hub.client('open/many');
  const body = JSON.stringify(await client.image());
  const digest = digestOf(Buffer.from(body), 'sha512');
  const headers = { 'content-type': OCI_MANIFEST };
  const put = await client.send('PUT', `manifests/${digest}?tag=a&tag=b`, { body, headers });
  expect([put.status, digestIn(put)]).toEqual([201, digest]);
  expect(put.headers.get('oci-tag')).toBe('a, b');
  expect(digestIn(await client.send('HEAD', 'manifests/b'))).toBe(digest);
  const wrong = await client.send('PUT', `manifests/${digestOf(randomBytes(4))}`, { body, headers });
  expect([wrong.status, await code(wrong)]).toEqual([400, 'DIGEST_INVALID']);
});

test('manifests that cannot be right are refused, each with its reason', async () => {
  const client = await hub.client('open/bad');
  const image = await client.image();
  const absent = { mediaType: 'a/b', digest: digestOf(randomBytes(9)), size: 9 };
  const index = { schemaVersion: 2, mediaType: OCI_INDEX };
  const cases: [manifest: object, mediaType: string, code: string][] = [
    [{ ...image, layers: [absent] }, OCI_MANIFEST, 'MANIFEST_BLOB_UNKNOWN'],
    [{ ...index, manifests: [{ ...absent, mediaType: OCI_MANIFEST }] }, OCI_INDEX, 'MANIFEST_BLOB_UNKNOWN'],
    [{ ...image, schemaVersion: 1 }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, mediaType: OCI_INDEX }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, manifests: [] }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, layers: undefined }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, config: { ...absent, digest: 'sha256:../../x' } }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, config: { ...absent, size: -1 } }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [{ ...image, annotations: { a: 1 } }, OCI_MANIFEST, 'MANIFEST_INVALID'],
    [image, 'text/plain', 'MANIFEST_INVALID'],
    [{ ...image, layers: Array(10_001).fill(absent) }, OCI_MANIFEST, 'MANIFEST_INVALID'],
  ];
  for (const [manifest, mediaType, expected] of cases) {
    const answer = await client.putManifest('v1', manifest, mediaType);
    expect(await code(answer), JSON.stringify(manifest).slice(0, 200)).toBe(expected);
  }
  const headers = { 'content-type': OCI_MANIFEST };
  const text = await client.send('PUT', 'manifests/v1', { body: '{', headers });
  expect(await code(text)).toBe('MANIFEST_INVALID');
  const large = await client.send('PUT', 'manifests/v1', {
    body: Buffer.alloc(4 * 1024 * 1024 + 1),
    headers,
  });
  expect([large.status, await code(large)]).toEqual([413, 'SIZE_INVALID']);
  const tag = await client.putManifest(`-${'x'.repeat(9)}`, image);
  expect(await code(tag)).toBe('TAG_INVALID');
});

test('a size that is not that of the blob is refused', async () => {
  const client = await hub.client('open/sizes');
  const image = await client.image();
  const answer = await client.putManifest('v1', { ...image, config: { ...image.config, size: 999 } });
  expect([answer.status, await code(answer)]).toEqual([400, 'MANIFEST_INVALID']);
});

test('deleting a tag keeps the manifest; deleting the manifest takes its tags, unless an index needs it', async () => {
  const client = await hub.client('open/deletes');
  const image = await client.image('for deletion');
  const digest = digestIn(await client.putManifest('one', image));
  await client.putManifest('two', image);
  expect((await client.send('DELETE', 'manifests/one')).status).toBe(202);
  expect((await client.send('GET', 'manifests/one')).status).toBe(404);
  const size = JSON.stringify(image).length;
  const manifests = [{ mediaType: OCI_MANIFEST, digest, size }];
  const put = await client.putManifest(
    'all',
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
    OCI_INDEX,
  );
  expect(put.status).toBe(201);
  expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(405);
  expect((await client.send('DELETE', `manifests/${digestIn(put)}`)).status).toBe(202);
  expect((await client.send('DELETE', `manifests/${digest}`)).status).toBe(202);
  const tags = await client.send('GET', 'tags/list');
  expect(await tags.json()).toEqual({ name: 'open/deletes', tags: [] });
});

test('tags are listed in order and in pages', async () => {
  const client = await hub.client('open/pages');
  const image = await client.image();
  for (const tag of ['b', 'a', 'C', 'd']) await client.putManifest(tag, image);
  const first = await client.send('GET', 'tags/list?n=3');
  expect(await first.json()).toEqual({ name: 'open/pages', tags: ['C', 'a', 'b'] });
  expect(first.headers.get('link')).toBe('</v2/open/pages/tags/list?n=3&last=b>; rel="next"');
  const second = await client.send('GET', 'tags/list?n=3&last=b');
  expect(await second.json()).toEqual({ name: 'open/pages', tags: ['d'] });
  expect(second.headers.get('link')).toBeNull();
  expect(await (await client.send('GET', 'tags/list?n=0')).json()).toEqual({ name: 'open/pages', tags: [] });
  const wrong = await client.send('GET', 'tags/list?n=x');
  expect(await code(wrong)).toBe('PAGINATION_NUMBER_INVALID');
});

test('referrers are listed by subject, also before it comes, and filtered by artifact type', async () => {
  const client = await hub.client('open/subjects');
  const image = await client.image();
  const bytes = Buffer.from(JSON.stringify(image));
  const subject = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length };
  const none = await client.send('GET', `referrers/${subject.digest}`);
  expect([none.status, ((await none.json()) as { manifests: [] }).manifests]).toEqual([200, []]);
  const signature = { ...image, subject, artifactType: 'a/signature', annotations: { by: 'me' } };
  const put = await client.putManifest(digestOf(Buffer.from(JSON.stringify(signature))), signature);
  expect(put.headers.get('oci-subject')).toBe(subject.digest);
  await client.putManifest('sbom', { ...image, subject, artifactType: 'a/sbom' });
  const all = (await (await client.send('GET', `referrers/${subject.digest}`)).json()) as {
    manifests: object[];
  };
  expect(all.manifests).toHaveLength(2);
  const some = await client.send('GET', `referrers/${subject.digest}?artifactType=a%2Fsignature`);
  expect(some.headers.get('content-type')).toBe(OCI_INDEX);
  expect(some.headers.get('oci-filters-applied')).toBe('artifactType');
  expect(((await some.json()) as { manifests: object[] }).manifests).toEqual([
    {
      mediaType: OCI_MANIFEST,
      digest: digestIn(put),
      size: JSON.stringify(signature).length,
      artifactType: 'a/signature',
      annotations: { by: 'me' },
    },
  ]);
});
