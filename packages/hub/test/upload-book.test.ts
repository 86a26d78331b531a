import { randomBytes } from 'node:crypto';
import { digestOf } from '@sampan/blobs';
import { expect, test } from 'vitest';
import { UploadBook } from '../src/metadata/upload-book.ts';
import { TestHub } from './support.ts';

const written = async ({ records }: TestHub): Promise<string[]> =>
  (await records.read.selectFrom('uploads').select('id').execute()).map(({ id }) => id);

test('a session is written down once it has bytes, and found by the next process', async () => {
  await using hub = await TestHub.start();
  const client = await hub.client();
  const bytes = randomBytes(100);
  const start = async () => (await client.send('POST', 'blobs/uploads/')).headers.get('location') ?? '';
  const finish = (session: string, body?: Uint8Array<ArrayBuffer>) =>
    client.send('PUT', `${session}?digest=${digestOf(bytes)}`, body ? { body } : {});

  const small = await start();
  expect(await written(hub)).toEqual([]);
  expect((await finish(small, bytes)).status).toBe(201);
  expect((await client.send('GET', small)).status).toBe(404);

  const inParts = await start();
  expect((await client.send('PATCH', inParts, { body: bytes })).status).toBe(202);
  const [id = ''] = await written(hub);
  const found = await new UploadBook(hub.records).find(id);
  expect(found).toMatchObject({ id: inParts.split('/').at(-1), repository: 'open/app', caller: 'dev' });
  expect((await finish(inParts)).status).toBe(201);
  expect(await written(hub)).toEqual([]);
});

test('a session without bytes counts as begun, and leaves nothing when it ends while it is written down', async () => {
  await using hub = await TestHub.start();
  const book = new UploadBook(hub.records);
  for (const id of ['a', 'b']) book.begin({ id, repository: 'open/app', caller: 'dev', started: 0 });
  const counts = () => Promise.all([book.has('dev', 2), book.has('dev', 3), book.has('other', 1)]);
  expect(await counts()).toEqual([true, false, false]);
  await book.keep('a');
  expect(await counts()).toEqual([true, false, false]);
  const keeping = book.keep('b');
  await book.end('b');
  await keeping;
  expect(await written(hub)).toEqual(['a']);
  expect(await book.find('b')).toBeUndefined();
});

test('requests that overlap keep their session together', async () => {
  await using hub = await TestHub.start();
  const book = new UploadBook(hub.records);
  book.begin({ id: 'a', repository: 'open/app', caller: 'dev', started: 0 });
  await Promise.all([book.keep('a'), book.keep('a')]);
  expect(await written(hub)).toEqual(['a']);
  expect(await book.find('a')).toBeDefined();
});

test('a session that ends while it is written down leaves nothing', async () => {
  await using hub = await TestHub.start();
  const book = new UploadBook(hub.records);
  book.begin({ id: 'a', repository: 'open/app', caller: 'dev', started: 0 });
  const keeping = book.keep('a');
  expect(book.ended('a')).toBe(false);
  await keeping;
  expect(await written(hub)).toEqual([]);
});
