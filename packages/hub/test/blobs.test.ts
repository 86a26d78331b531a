import { randomBytes } from 'node:crypto';
import { digestOf } from '@sampan/blobs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHub } from './support.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await TestHub.start();
});
afterAll(() => hub[Symbol.asyncDispose]());

const code = async (answer: Response) =>
  ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code;
const location = (answer: Response) => answer.headers.get('location') ?? '';

test('a blob pushed by one POST is read whole, by HEAD and in parts', async () => {
  const client = await hub.client();
  const bytes = randomBytes(100_000);
  const digest = await client.pushBlob(bytes);
  const head = await client.send('HEAD', `blobs/${digest}`);
  expect(head.status).toBe(200);
  expect(head.headers.get('content-length')).toBe('100000');
  expect(head.headers.get('docker-content-digest')).toBe(digest);
  const whole = await client.send('GET', `blobs/${digest}`);
  expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
  const part = await client.send('GET', `blobs/${digest}`, { headers: { range: 'bytes=10-19' } });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe('bytes 10-19/100000');
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
  const tail = await client.send('GET', `blobs/${digest}`, { headers: { range: 'bytes=-5' } });
  expect(Buffer.from(await tail.arrayBuffer()).equals(bytes.subarray(-5))).toBe(true);
  const beyond = await client.send('GET', `blobs/${digest}`, { headers: { range: 'bytes=100000-' } });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get('content-range')).toBe('bytes */100000');
});

test('a blob is sent in chunks, and a chunk out of order is refused with what is there', async () => {
  const client = await hub.client();
  const bytes = randomBytes(3000);
  const start = await client.send('POST', 'blobs/uploads/');
  expect(start.status).toBe(202);
  const chunk = (at: number, from: string) =>
    client.send('PATCH', from, {
      body: bytes.subarray(at, at + 1000),
      headers: { 'content-range': `${at}-${at + 999}`, 'content-type': 'application/octet-stream' },
    });
  const first = await chunk(0, location(start));
  expect(first.status).toBe(202);
  expect(first.headers.get('range')).toBe('0-999');
  const wrong = await chunk(2000, location(first));
  expect(wrong.status).toBe(416);
  expect(wrong.headers.get('range')).toBe('0-999');
  const status = await client.send('GET', location(first));
  expect(status.status).toBe(204);
  expect(status.headers.get('range')).toBe('0-999');
  const second = await chunk(1000, location(status));
  const digest = digestOf(bytes);
  const end = await client.send('PUT', `${location(second)}?digest=${digest}`, {
    body: bytes.subarray(2000),
    headers: { 'content-range': '2000-2999' },
  });
  expect(end.status).toBe(201);
  expect(location(end)).toBe(`/v2/open/app/blobs/${digest}`);
  expect((await client.send('HEAD', `blobs/${digest}`)).headers.get('content-length')).toBe('3000');
  expect(await code(await client.send('GET', location(second)))).toBe('BLOB_UPLOAD_UNKNOWN');
});

test('a blob is sent as one stream of unknown length', async () => {
  const client = await hub.client();
  const bytes = randomBytes(200_000);
  const start = await client.send('POST', 'blobs/uploads/');
  const body = new Blob([bytes]).stream();
  const sent = await client.send('PATCH', location(start), { body, duplex: 'half' });
  expect(sent.headers.get('range')).toBe('0-199999');
  const end = await client.send('PUT', `${location(sent)}?digest=${digestOf(bytes)}`);
  expect(end.status).toBe(201);
});

test('an empty blob and one with a sha512 digest are blobs as any other', async () => {
  const client = await hub.client();
  for (const [bytes, algorithm] of [
    [Buffer.alloc(0), 'sha256'],
    [randomBytes(10), 'sha512'],
  ] as const) {
    const digest = await client.pushBlob(bytes, algorithm);
    const read = await client.send('GET', `blobs/${digest}`);
    expect(read.status).toBe(200);
    expect(Buffer.from(await read.arrayBuffer()).equals(bytes)).toBe(true);
  }
});

test('a wrong digest is refused, and nothing is kept', async () => {
  const client = await hub.client();
  const other = digestOf(randomBytes(8));
  const post = await client.send('POST', `blobs/uploads/?digest=${other}`, { body: 'text' });
  expect([post.status, await code(post)]).toEqual([400, 'DIGEST_INVALID']);
  const start = await client.send('POST', 'blobs/uploads/');
  const put = await client.send('PUT', `${location(start)}?digest=${other}`, { body: 'text' });
  expect([put.status, await code(put)]).toEqual([400, 'DIGEST_INVALID']);
  expect((await client.send('GET', location(start))).status).toBe(404);
  expect((await client.send('HEAD', `blobs/${other}`)).status).toBe(404);
  const malformed = await client.send('GET', 'blobs/sha256:zz');
  expect([malformed.status, await code(malformed)]).toEqual([400, 'DIGEST_INVALID']);
});

test('an upload is cancelled and then unknown, and is of its repository only', async () => {
  const client = await hub.client();
  const start = await client.send('POST', 'blobs/uploads/');
  const elsewhere = await hub.client('open/other');
  const foreign = await elsewhere.send('GET', location(start).replace('open/app', 'open/other'));
  expect(await code(foreign)).toBe('BLOB_UPLOAD_UNKNOWN');
  expect((await client.send('DELETE', location(start))).status).toBe(204);
  expect((await client.send('DELETE', location(start))).status).toBe(404);
});

test('a blob is mounted from a repository that the caller may read, and from no other', async () => {
  const source = await hub.client('closed/source');
  const digest = await source.pushBlob(randomBytes(100));
  const mount = `blobs/uploads/?mount=${digest}&from=closed/source`;
  const rightless = await hub.client('open/target');
  expect((await rightless.send('POST', mount)).status).toBe(202);
  expect((await rightless.send('HEAD', `blobs/${digest}`)).status).toBe(404);
  const token = await hub.token('dev', ['repository:open/target:pull,push', 'repository:closed/source:pull']);
  const headers = { authorization: `Bearer ${token}` };
  const mounted = await rightless.send('POST', mount, { headers });
  expect(mounted.status).toBe(201);
  expect((await rightless.send('HEAD', `blobs/${digest}`)).status).toBe(200);
});

test('a blob is deleted from its repository, but not while a manifest needs it', async () => {
  const client = await hub.client('open/deletion');
  const lone = await client.pushBlob(randomBytes(10));
  expect((await client.send('DELETE', `blobs/${lone}`)).status).toBe(202);
  expect((await client.send('DELETE', `blobs/${lone}`)).status).toBe(404);
  const image = await client.image();
  expect((await client.putManifest('v1', image)).status).toBe(201);
  const [layer] = image.layers as { digest: string }[];
  const refused = await client.send('DELETE', `blobs/${layer?.digest}`);
  expect([refused.status, await code(refused)]).toEqual([405, 'DENIED']);
});
