import { expect, test } from 'vitest';
import { matchesGlob } from './glob.ts';

test.each([
  ['*', 'web', true],
  ['*', 'team/web', false],
  ['*', '', true],
  ['**', 'team/web', true],
  ['**', '', true],
  ['team/*', 'team/web', true],
  ['team/*', 'team/a/b', false],
  ['team/**', 'team/a/b', true],
  ['**/web', 'team/a/web', true],
  ['**/web', 'web', true],
  ['**/web', 'cobweb', false],
  ['a/**/web', 'a/web', true],
  ['v?', 'v1', true],
  ['v?', 'v10', false],
  ['a?b', 'a/b', false],
  ['v*.*.*', 'v1.22.3', true],
  ['v*.*.*', 'v1.22', false],
  ['{release,v*}', 'v1', true],
  ['{release,v*}', 'release', true],
  ['{release,v*}', 'main', false],
  ['v1.0', 'v1x0', false],
  ['application/vnd.cncf.helm.*', 'application/vnd.cncf.helm.config.v1+json', true],
  ['[a-z]', 'a', false],
  ['', '', true],
  ['', 'a', false],
])('%o and %o: %o', (glob, text, expected) => {
  expect(matchesGlob(glob, text)).toBe(expected);
});

test('a glob made to be slow is not', () => {
  const started = performance.now();
  expect(matchesGlob(`${'*a'.repeat(400)}b`, 'a'.repeat(128))).toBe(false);
  expect(matchesGlob('{a,b}'.repeat(150), 'a'.repeat(150))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
