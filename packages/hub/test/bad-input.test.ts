import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { FakeClock } from '@sampan/base';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { errorOf } from './error-of.ts';
import { OCI_MANIFEST, type TestClient, TestHub } from './support.ts';

let hub: TestHub;
let client: TestClient;
let token: string;
beforeAll(async () => {
  hub = await TestHub.start();
  client = await hub.client();
  token = await hub.token('dev', ['repository:open/app:pull,push,delete']);
});
afterAll(() => hub[Symbol.asyncDispose]());

/** A request as no tidy client makes it: the path as it is, more or fewer bytes than announced. */
function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string | number>; body?: Uint8Array; cut?: boolean } = {},
): Promise<{ status: number; code: string | undefined }> {
  const { headers = {}, body, cut = false } = options;
  return new Promise((resolve, reject) => {
    const all = { authorization: `Bearer ${token}`, ...headers };
    const sending = request(hub.url, { method, path, headers: all }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        const { errors } = JSON.parse(text || '{}') as { errors?: { code: string }[] };
        resolve({ status: answer.statusCode ?? 0, code: errors?.[0]?.code });
      });
    });
    sending.on('error', cut ? () => resolve({ status: 0, code: undefined }) : reject);
    if (cut) sending.write(body ?? '', () => sending.destroy());
    else sending.end(body);
  });
}

const location = (answer: Response) => answer.headers.get('location') ?? '';

/** What the registry keeps: nothing of what is refused may be added to it. */
async function kept(): Promise<{ blobs: string[]; uploads: string[]; manifests: string[] }> {
  const blobs = (await hub.blobs.list()).items.map(({ digest }) => digest);
  const uploads = (await hub.blobs.listUploads()).items.map(({ id }) => id);
  const rows = await hub.records.read.selectFrom('manifests').select('digest').execute();
  return { blobs, uploads, manifests: rows.map(({ digest }) => digest) };
}

const NAMES = [
  'Open/App',
  'open//app',
  'open/../closed/app',
  'open/./app',
  'open/app/',
  '.open/app',
  'open/app.',
  'open/a__.b',
  'open/a___b',
  'open/%2e%2e/app',
  'open%2f..%2fclosed/app',
  'open/app%00',
  'open/app%0d%0aset-cookie:a=b',
  'open/app%',
  'open/%C3%A4',
  'open\\app',
  `open/${'a'.repeat(256)}`,
  '..',
  '%2e%2e%2f%2e%2e%2fetc/passwd',
];

test.each(NAMES)('the name %j is refused and makes nothing', async (name) => {
  const before = await kept();
  for (const [method, rest] of [
    ['POST', 'blobs/uploads/'],
    ['GET', 'tags/list'],
    ['PUT', 'manifests/v1'],
  ] as const) {
    const { status, code } = await send(method, `/v2/${name}/${rest}`);
    expect([400, 404], `${method} ${code}`).toContain(status);
    expect(['NAME_INVALID', 'UNSUPPORTED']).toContain(code);
  }
  expect(await kept()).toEqual(before);
});

test.each([
  'blobs/sha256:../../../../etc/passwd',
  'blobs/sha256%3A..%2F..%2Fhub.db',
  `blobs/sha256:${'a'.repeat(63)}%00`,
  'blobs/md5:d41d8cd98f00b204e9800998ecf8427e',
  'blobs/sha256:',
  'manifests/..%2f..%2fv1',
  'manifests/%2e%2e',
  `manifests/${'a'.repeat(129)}`,
  'manifests/-v1',
  'referrers/v1',
  'blobs/uploads/..%2f..%2fhub.db',
  'blobs/uploads/%2e%2e',
  `blobs/uploads/${'f'.repeat(32)}`,
])('nothing is read at %s', async (path) => {
  const { status } = await send('GET', `/v2/open/app/${path}`);
  expect([400, 404]).toContain(status);
});

test.each(['TRACE', 'OPTIONS', 'MKCOL', 'PATCH'])(
  'the method %s is refused on a manifest',
  async (method) => {
    expect((await send(method, '/v2/open/app/manifests/v1')).status).toBe(405);
  },
);

test('bodies that end early leave no blob, in one request as in chunks', async () => {
  const before = await kept();
  const bytes = randomBytes(1000);
  const digest = digestOf(bytes);
  const headers = { 'content-length': 1000 };
  const half = bytes.subarray(0, 500);
  await send('POST', `/v2/open/app/blobs/uploads/?digest=${digest}`, { headers, body: half, cut: true });
  await expect.poll(kept).toEqual(before);
  const start = await client.send('POST', 'blobs/uploads/');
  await send('PUT', `${location(start)}?digest=${digest}`, { headers, body: half, cut: true });
  expect(await hub.blobs.stat(digest)).toBeUndefined();
  // what came before the end is not lost: the client may go on from there
  await expect
    .poll(async () => (await client.send('DELETE', location(start))).status, { timeout: 5000 })
    .toBe(204);
  expect(await kept()).toEqual(before);
});

test('chunks that are not as long as they say are refused', async () => {
  const start = await client.send('POST', 'blobs/uploads/');
  const sizes: [range: string, status: number, code: string][] = [
    ['0-99', 400, 'SIZE_INVALID'],
    ['0-8', 400, 'SIZE_INVALID'],
    ['9-0', 400, 'BLOB_UPLOAD_INVALID'],
    ['a-b', 400, 'BLOB_UPLOAD_INVALID'],
    ['-9', 400, 'BLOB_UPLOAD_INVALID'],
    ['5-14', 416, 'RANGE_INVALID'],
    ['999999999999999999-9', 400, 'BLOB_UPLOAD_INVALID'],
  ];
  for (const [range, status, code] of sizes) {
    const chunk = await client.send('PATCH', location(start), {
      body: '0123456789',
      headers: { 'content-range': range },
    });
    expect(await errorOf(chunk), range).toEqual([status, code]);
  }
  const state = await client.send('GET', location(start));
  expect([state.status, state.headers.get('range')]).toEqual([204, '0-0']);
  await client.send('DELETE', location(start));
});

test('an upload without a digest, or with one that is none, is not ended', async () => {
  const start = await client.send('POST', 'blobs/uploads/');
  for (const query of [
    '',
    '?digest=',
    '?digest=sha256:abc',
    '?digest=sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709',
  ]) {
    const put = await client.send('PUT', location(start) + query);
    expect(await errorOf(put), query).toEqual([400, 'DIGEST_INVALID']);
  }
  expect((await client.send('DELETE', location(start))).status).toBe(204);
  const post = await client.send('POST', 'blobs/uploads/?digest-algorithm=md5');
  expect(await errorOf(post)).toEqual([400, 'DIGEST_INVALID']);
});

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** Small texts that could take much time or memory to read. */
const BOMBS: Readonly<Record<string, string>> = {
  'a million nested lists': `{"schemaVersion":2,"layers":${nested(1_000_000, '[', ']')}}`,
  'half a million nested objects': `{"schemaVersion":2,"a":${nested(500_000, '{"a":', '}').replace(':}', ':1}')}}`,
  'a deep subject': `{"schemaVersion":2,"subject":${nested(500_000, '{"a":', '}').replace(':}', ':1}')}}`,
  'as many layers as fit': `{"schemaVersion":2,"config":{},"layers":[${'{},'.repeat(1_000_000)}{}]}`,
  'as many annotations as fit': `{"schemaVersion":2,"annotations":{${Array.from({ length: 250_000 }, (_, n) => `"${n}":""`).join()}}}`,
  'a number of a million digits': `{"schemaVersion":2,"config":{"size":${'9'.repeat(1_000_000)}}}`,
  'an own __proto__': `{"schemaVersion":2,"__proto__":{"config":1},"constructor":{"prototype":1},"layers":[]}`,
  null: 'null',
  'a list': '[]',
  nothing: '',
};

test.each(Object.entries(BOMBS))('a manifest of %s is refused at once', async (_, text) => {
  const before = await kept();
  const body = Buffer.from(text, 'utf8').subarray(0, 4 * 1024 * 1024);
  const headers = { 'content-type': OCI_MANIFEST };
  const started = performance.now();
  const put = await client.send('PUT', 'manifests/bomb', { body, headers });
  expect(await errorOf(put)).toEqual([400, 'MANIFEST_INVALID']);
  expect(performance.now() - started).toBeLessThan(5000);
  expect(await kept()).toEqual(before);
});

test('a manifest that is not UTF-8 is refused', async () => {
  const body = Buffer.from('{"schemaVersion":2,"layers":[],"a":"\u00ff"}', 'latin1');
  const headers = { 'content-type': OCI_MANIFEST };
  const put = await client.send('PUT', 'manifests/latin', { body, headers });
  expect(await errorOf(put)).toEqual([400, 'MANIFEST_INVALID']);
});

test('as many references as are allowed are looked up in little time', async () => {
  const image = await client.image();
  const absent = Array.from({ length: 9_000 }, (_, n) => ({
    mediaType: 'a/b',
    digest: digestOf(Buffer.from(String(n))),
    size: 1,
  }));
  const started = performance.now();
  const put = await client.putManifest('many', { ...image, layers: absent });
  expect(await errorOf(put)).toEqual([404, 'MANIFEST_BLOB_UNKNOWN']);
  const real = image.layers[0] as object;
  const same = await client.putManifest('same', { ...image, layers: Array(9_000).fill(real) });
  expect(same.status).toBe(201);
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('a manifest that grows beyond what is allowed is refused while it comes', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': OCI_MANIFEST };
  const path = '/v2/open/app/manifests/endless';
  const sending = request(hub.url, { method: 'PUT', path, headers });
  const status = new Promise((resolve, reject) => {
    sending.once('response', ({ statusCode }) => resolve(statusCode));
    sending.on('error', reject);
  });
  const piece = Buffer.alloc(64 * 1024, ' ');
  const more = (): void => {
    while (sending.write(piece));
    sending.once('drain', more);
  };
  more();
  expect(await status).toBe(413);
  sending.off('drain', more);
  sending.destroy();
});

test.each(['n=-1', 'n=1.5', 'n=a', `n=${'9'.repeat(20)}`, 'n='])('the page %s is refused', async (query) => {
  await client.putManifest('paged', await client.image());
  const answer = await client.send('GET', `tags/list?${query}`);
  expect(await errorOf(answer)).toEqual([400, 'PAGINATION_NUMBER_INVALID']);
});

test('a page that begins at any text is answered', async () => {
  for (const last of ["'; DROP TABLE tags; --", '%', '\u{10ffff}', '../..', '_']) {
    const answer = await client.send('GET', `tags/list?n=5&last=${encodeURIComponent(last)}`);
    expect(answer.status, last).toBe(200);
  }
});

test('a token is of no use before its time, after it, and for another registry', async () => {
  const clock = new FakeClock();
  await using other = await TestHub.start(clock);
  const scopes = ['repository:open/app:pull'];
  const ask = async (text: string) =>
    (await fetch(`${other.url}/v2/open/app/tags/list`, { headers: { authorization: `Bearer ${text}` } }))
      .status;
  const good = await other.token('dev', scopes);
  expect(await ask(good)).toBe(404);
  expect(await ask(token)).toBe(401);
  clock.advance(15 * 60_000 + 30_000);
  // clocks differ: half a minute is forgiven, more is not
  expect(await ask(good)).toBe(404);
  clock.advance(60_000);
  expect(await ask(good)).toBe(401);
  clock.advance(60 * 60_000);
  const future = await other.token('dev', scopes);
  clock.advance(-50_000);
  expect(await ask(future)).toBe(404);
  clock.advance(-30_000);
  expect(await ask(future)).toBe(401);
});

test.each([
  '',
  'Bearer',
  'Bearer ',
  'Bearer a b',
  `Bearer ${'a'.repeat(7000)}`,
  'Basic !!!',
  'Basic OnBhc3M=',
  'Negotiate abc',
])('the credentials %j are refused with the challenge', async (authorization) => {
  const answer = await fetch(`${hub.url}/v2/closed/app/tags/list`, { headers: { authorization } });
  expect(answer.headers.get('www-authenticate')).toContain('scope="repository:closed/app:pull"');
  expect(await errorOf(answer)).toEqual([401, 'UNAUTHORIZED']);
});

test('no scope of any form grants more than the account may', async () => {
  const scopes = [
    'repository:closed/app:*',
    'repository:closed/app:pull,push,delete,admin',
    'repository:closed/app:pull repository:nowhere/app:push',
    'repository:*:pull',
    'repository:closed/*:push',
    'repository(plugin):closed/app:push',
    'registry:catalog:*',
    'registry:*:*',
    'constructor:a:b',
    '__proto__:a:b',
    'repository:closed/app:',
    ':::',
    `repository:${'a/'.repeat(500)}b:pull`,
  ];
  const granted = await hub.token('guest', scopes);
  const payload = JSON.parse(Buffer.from(granted.split('.')[1] ?? '', 'base64url').toString()) as {
    access: { name: string; actions: string[] }[];
  };
  for (const { name, actions } of payload.access) {
    expect([name, actions]).toEqual(['closed/app', ['pull']]);
  }
});

test('what was refused here left nothing wrong', async () => {
  expect(await hub.hub.check({ read: true })).toEqual([]);
  expect((await kept()).uploads).toEqual([]);
});
