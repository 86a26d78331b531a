import { expect, test } from 'vitest';
import { parseChallenges } from '../src/auth/challenge.ts';

test('challenges are taken apart, also several in one header', () => {
  expect(
    parseChallenges('Bearer realm="https://a/token",service="hub", scope="repository:a/b:pull,push"'),
  ).toEqual([
    {
      scheme: 'bearer',
      parameters: { realm: 'https://a/token', service: 'hub', scope: 'repository:a/b:pull,push' },
    },
  ]);
  expect(parseChallenges('Basic realm="a \\"b\\"", Bearer realm=x')).toEqual([
    { scheme: 'basic', parameters: { realm: 'a "b"' } },
    { scheme: 'bearer', parameters: { realm: 'x' } },
  ]);
  expect(parseChallenges('Negotiate')).toEqual([{ scheme: 'negotiate', parameters: {} }]);
});

test('what is no challenge is none, and does not take long', () => {
  expect(parseChallenges(undefined)).toEqual([]);
  expect(parseChallenges('"')).toEqual([]);
  const started = performance.now();
  parseChallenges(`Bearer ${'a="'.repeat(20_000)}`);
  parseChallenges(`Bearer a="${'\\'.repeat(50_000)}`);
  expect(performance.now() - started).toBeLessThan(1000);
});
