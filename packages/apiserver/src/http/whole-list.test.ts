import { kinds } from '@sampan/api';
import { createMemoryStore } from '@sampan/store';
import { expect, it } from 'vitest';
import { ServedResource } from '../registry/served-resource.ts';
import { wholeListBytes } from './whole-list.ts';

it('joins the bytes of a list once for all who ask for it while nothing is written', async () => {
  const definition = kinds.find(({ kind }) => kind === 'ConfigMap');
  if (!definition) throw new Error('there are no ConfigMaps');
  const resource = new ServedResource(definition);
  const [store, other] = [createMemoryStore(), createMemoryStore()];
  let made = 0;
  const make = () => Buffer.from(`list ${++made}`);
  const ask = (namespace: string, from = store) => String(wholeListBytes(from, resource, namespace, make));
  expect(ask('a')).toBe('list 1');
  expect(ask('a')).toBe('list 1');
  await store.put('configmaps/a/b', () => ({ bytes: Buffer.from('{}') }));
  expect(ask('a')).toBe('list 2');
  expect(ask('b')).toBe('list 3');
  expect(ask('a')).toBe('list 4');
  // another cluster's list is never the answer
  await other.put('configmaps/a/b', () => ({ bytes: Buffer.from('{}') }));
  expect(ask('a', other)).toBe('list 5');
  expect(ask('a')).toBe('list 4');
  await Promise.all([store.close(), other.close()]);
});
