import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { SharedValues } from './shared-values.ts';

it('gives one value for one text to all who ask for it', () => {
  const values = new SharedValues<{ text: string }>();
  const first = values.get('a', () => ({ text: 'a' }));
  expect(values.get('a', () => ({ text: 'another' }))).toBe(first);
  expect(values.get('b', () => ({ text: 'b' }))).toEqual({ text: 'b' });
  expect(values.size).toBe(2);
});

it('forgets values that nobody holds any more', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const values = new SharedValues<object>();
  const kept = values.get('kept', () => ({}));
  for (let i = 0; i < 100; i++) values.get(`passing ${i}`, () => ({}));
  await expect
    .poll(() => {
      collect();
      return values.size;
    })
    .toBe(1);
  expect(values.get('kept', () => ({}))).toBe(kept);
});
