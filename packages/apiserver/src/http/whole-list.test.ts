import { kinds } from '@sampan/api';
import { expect, it } from 'vitest';
import { ServedResource } from '../registry/served-resource.ts';
import { wholeListBytes } from './whole-list.ts';

it('joins the bytes of a list once for all who ask for it while nothing is written', () => {
  const definition = kinds.find(({ kind }) => kind === 'ConfigMap');
  if (!definition) throw new Error('there are no ConfigMaps');
  const resource = new ServedResource(definition);
  let made = 0;
  const make = () => Buffer.from(`list ${++made}`);
  const ask = (namespace: string, revision: number) =>
    String(wholeListBytes(resource, namespace, revision, make));
  expect(ask('a', 1)).toBe('list 1');
  expect(ask('a', 1)).toBe('list 1');
  expect(ask('a', 2)).toBe('list 2');
  expect(ask('b', 2)).toBe('list 3');
  expect(ask('a', 2)).toBe('list 4');
});
