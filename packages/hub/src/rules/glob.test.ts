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

test('long patterns match as short ones do', () => {
  const pieces = ['a', 'b', '/', '*', '**', '?', '/'];
  let seed = 7;
  const pick = (list: readonly string[]): string => {
    seed = (seed * 48_271) % 2_147_483_647;
    return list[seed % list.length] ?? '';
  };
  const random = (list: readonly string[], length: number) =>
    Array.from({ length }, () => pick(list)).join('');
  let matched = 0;
  for (let round = 0; round < 20_000; round++) {
    const glob = random(pieces, 6);
    const text = random(['a', 'b', '/'], 6);
    const found = matchesGlob(glob, text);
    if (found) matched += 1;
    const tail = 'x'.repeat(40);
    expect([glob, text, matchesGlob(glob + tail, text + tail)]).toEqual([glob, text, found]);
  }
  expect(matched).toBeGreaterThan(500);
});

test('a glob made to be slow is not', () => {
  const started = performance.now();
  expect(matchesGlob(`${'*a'.repeat(400)}b`, 'a'.repeat(128))).toBe(false);
  expect(matchesGlob('{a,b}'.repeat(150), 'a'.repeat(150))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
