import { expect, test, vi } from 'vitest';
import { TagLists } from './tag-lists.ts';

const answerOf = (size: number) => ({
  status: 200,
  headers: { 'content-length': String(size) },
  body: Buffer.alloc(0),
});

test('a list is read once, until a tag of its repository changes', async () => {
  const lists = new TagLists();
  const read = vi.fn(async () => answerOf(10));
  for (const repository of ['a', 'a', 'b', 'a']) await lists.answer(repository, '1', read);
  expect(read).toHaveBeenCalledTimes(2);
  lists.changed('a');
  await lists.answer('a', '1', read);
  await lists.answer('b', '1', read);
  expect(read).toHaveBeenCalledTimes(3);
  await lists.answer('b', '2', read);
  expect(read).toHaveBeenCalledTimes(4);
});

test('what was read while a tag changed is not kept', async () => {
  const lists = new TagLists();
  const old = answerOf(1);
  const answered = await lists.answer('a', '1', async () => {
    lists.changed('a');
    return old;
  });
  expect(answered).toBe(old);
  const fresh = answerOf(2);
  expect(await lists.answer('a', '1', async () => fresh)).toBe(fresh);
});

test('only so many bytes of lists are kept, those asked for last', async () => {
  const lists = new TagLists();
  const read = vi.fn(async () => answerOf(5 * 1024 * 1024));
  for (const repository of ['a', 'b', 'c', 'a', 'd']) await lists.answer(repository, '1', read);
  expect(read).toHaveBeenCalledTimes(4);
  await lists.answer('a', '1', read);
  expect(read).toHaveBeenCalledTimes(4);
  await lists.answer('b', '1', read);
  expect(read).toHaveBeenCalledTimes(5);
});
