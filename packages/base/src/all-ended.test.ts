import { expect, test } from 'vitest';
import { allEnded } from './all-ended.ts';

test('a failure is told when nothing goes on any more', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const happened: string[] = [];
  const slow = promise.then((text) => happened.push(text));
  const all = allEnded([Promise.reject(new Error('fast')), slow]).catch((error: Error) =>
    happened.push(error.message),
  );
  await new Promise((next) => setImmediate(next));
  resolve('slow');
  await all;
  expect(happened).toEqual(['slow', 'fast']);
  expect(await allEnded([Promise.resolve(1), 2])).toEqual([1, 2]);
});
