import { expect, test } from 'vitest';
import { parseScopes } from './scope.ts';

test('scopes come repeated or joined by spaces, with ports and classes in their names', () => {
  expect(
    parseScopes([
      'repository:a/b:pull,push repository(plugin):c:pull',
      'registry:catalog:*',
      'repository:d:*',
    ]),
  ).toEqual([
    { type: 'repository', name: 'a/b', actions: ['pull', 'push'] },
    { type: 'repository', name: 'c', actions: ['pull'] },
    { type: 'registry', name: 'catalog', actions: ['*'] },
    { type: 'repository', name: 'd', actions: ['pull', 'push', 'delete'] },
  ]);
});

test('what is not understood is left out', () => {
  const odd = [
    '',
    'x',
    'repository:a',
    'repository::pull',
    'repository:../a:pull',
    'registry:other:*',
    '__proto__:a:b',
  ];
  expect(parseScopes(odd)).toEqual([]);
  expect(parseScopes(['repository:a:fly,pull'])).toEqual([
    { type: 'repository', name: 'a', actions: ['pull'] },
  ]);
  expect(parseScopes(Array(1000).fill('repository:a:pull')).length).toBe(64);
});
