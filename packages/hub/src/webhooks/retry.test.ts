import { expect, test } from 'vitest';
import { decideDelivery } from './retry.ts';

const HOUR = 60 * 60_000;

test('any 2xx takes a delivery', () => {
  for (const code of [200, 201, 202, 204, 299]) {
    expect(decideDelivery({ attempts: 4, begun: 0 }, { code }, 1000, 0)).toMatchObject({
      state: 'delivered',
      attempts: 5,
    });
  }
});

test('all else is tried again, with pauses that double up to an hour', () => {
  const pauses = Array.from({ length: 12 }, (_, attempts) => {
    const { state, next } = decideDelivery({ attempts, begun: 0 }, { code: 500 }, 1000, 0);
    expect(state).toBe('pending');
    return (next - 1000) / 1000;
  });
  expect(pauses.slice(0, 4)).toEqual([10, 20, 40, 80]);
  expect(pauses.slice(9)).toEqual([3600, 3600, 3600]);
  const others = [{ code: 302 }, { code: 404 }, { error: 'connect ECONNREFUSED' }];
  for (const answer of others) {
    expect(decideDelivery({ attempts: 0, begun: 0 }, answer, 0, 1)).toMatchObject({
      state: 'pending',
      next: 12_500,
    });
  }
});

test('a receiver may ask for a longer pause, up to an hour', () => {
  const next = (retryAfterMs: number) =>
    decideDelivery({ attempts: 0, begun: 0 }, { code: 429, retryAfterMs }, 0, 0).next;
  expect([next(1000), next(60_000), next(99 * HOUR)]).toEqual([10_000, 60_000, HOUR]);
});

test('a delivery is given up after three days, or when the receiver says that it is gone for good', () => {
  const after = (now: number) => decideDelivery({ attempts: 50, begun: 0 }, { code: 503 }, now, 0).state;
  expect([after(70 * HOUR), after(72 * HOUR)]).toEqual(['pending', 'failed']);
  expect(decideDelivery({ attempts: 0, begun: 0 }, { code: 410 }, 0, 0).state).toBe('failed');
});
