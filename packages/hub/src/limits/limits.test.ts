import { FakeClock } from '@sampan/base';
import { expect, test } from 'vitest';
import type { Origin } from '../api/message.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { addressKey } from './address-key.ts';
import { DEFAULT_LIMITS } from './hub-limits.ts';
import { RequestLimits } from './request-limits.ts';
import { TokenBuckets } from './token-buckets.ts';

test('a bucket gives its burst at once and then as it fills, each key its own', () => {
  const clock = new FakeClock();
  const buckets = new TokenBuckets({ perSecond: 2, burst: 3 }, clock);
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 0.5]);
  expect(buckets.wait('a')).toBe(0.5);
  expect(buckets.take('b')).toBe(0);
  clock.advance(250);
  expect(buckets.take('a')).toBe(0.25);
  clock.advance(250);
  expect([1, 2].map(() => buckets.take('a'))).toEqual([0, 0.5]);
  clock.advance(3_600_000);
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([0, 0, 0, 0.5]);
});

test('keys beyond what is remembered push out those used longest ago only', () => {
  const buckets = new TokenBuckets({ perSecond: 1, burst: 1 }, new FakeClock());
  buckets.take('first');
  buckets.take('used');
  for (let key = 0; key < 19_999; key++) {
    buckets.take(`k${key}`);
    buckets.take('used');
  }
  expect(buckets.take('used')).toBe(1);
  expect(buckets.take('first')).toBe(0);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['127.0.0.1', undefined],
  ['::ffff:127.0.0.1', undefined],
  ['::1', undefined],
  ['', undefined],
  ['2001:db8:0:7::1', '2001:db8:0:7::'],
  ['2001:0DB8::1:2:3', '2001:db8:0:0::'],
  ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::'],
  ['fe80::1%eth0', 'fe80:0:0:0::'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});

const from = (address: string): Origin => ({ scheme: 'https', address });

async function refusal(task: Promise<unknown>): Promise<RegistryError | undefined> {
  try {
    await task;
    return undefined;
  } catch (thrown) {
    if (thrown instanceof RegistryError) return thrown;
    throw thrown;
  }
}

test('who guesses passwords must wait, for that name and address only', async () => {
  const clock = new FakeClock();
  const failedLogins = { perSecond: 0.5, burst: 2 };
  const limits = new RequestLimits({ ...DEFAULT_LIMITS, failedLogins }, clock);
  const stranger = from('192.0.2.1');
  for (let guess = 0; guess < 2; guess++) {
    const end = await limits.beginLogin('dev', stranger);
    limits.countFailedLogin('dev', stranger);
    end();
  }
  const refused = await refusal(limits.beginLogin('dev', stranger));
  expect([refused?.code, refused?.status, refused?.headers['retry-after']]).toEqual([
    'TOOMANYREQUESTS',
    429,
    '2',
  ]);
  (await limits.beginLogin('dev', from('192.0.2.2')))();
  (await limits.beginLogin('other', stranger))();
  clock.advance(2000);
  (await limits.beginLogin('dev', stranger))();
  for (let guess = 0; guess < 20; guess++) limits.countFailedLogin(`name${guess}`, stranger);
  expect((await refusal(limits.beginLogin('fresh', stranger)))?.status).toBe(429);
});
