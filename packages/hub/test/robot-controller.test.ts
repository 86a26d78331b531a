import { FakeClock, silentLogger } from '@sampan/base';
import type { Client } from '@sampan/machinery';
import { expect, test } from 'vitest';
import type { HubObjects } from '../src/controllers/hub-objects.ts';
import { RobotController } from '../src/controllers/robot-controller.ts';
import type { RobotAccountObject, RobotAccountStatus } from '../src/kinds/robot-account.ts';

/** A robot of whose logins the cluster is told as slowly as a test wants. */
function setUp() {
  const clock = new FakeClock();
  const robots = new Map<string, RobotAccountObject>();
  const metadata = { name: 'ci', resourceVersion: '1' };
  robots.set('ci', { apiVersion: 'hub.sampan.dev/v1', kind: 'RobotAccount', metadata });
  const told: (string | undefined)[] = [];
  const slow = { until: Promise.resolve() };
  const client = {
    prefersWatchList: false,
    scan: async () => '1',
    watch: () => () => {},
    patch: async (...given: unknown[]) => {
      const { status: patch } = given[4] as { status: RobotAccountStatus };
      // a merge patch
      const entries = Object.entries(patch).filter(([, value]) => value !== null);
      const status = Object.fromEntries(entries) as RobotAccountStatus;
      told.push(status.lastUsed);
      await slow.until;
      robots.set('ci', { apiVersion: 'hub.sampan.dev/v1', kind: 'RobotAccount', metadata, status });
      return {};
    },
  } as unknown as Client;
  const objects = {
    robots: { get: (_: string, name: string) => robots.get(name), onChange: () => () => {} },
  } as unknown as HubObjects;
  const controller = new RobotController({ client, objects, clock, log: silentLogger, hosts: [] });
  controller.start();
  return { clock, controller, told, slow };
}

test('a login while the one before is told is told in its turn', async () => {
  const { clock, controller, told, slow } = setUp();
  const telling = Promise.withResolvers<void>();
  slow.until = telling.promise;
  controller.used('ci');
  clock.advance(1000);
  await expect.poll(() => told).toEqual(['2026-01-01T00:00:00Z']);
  clock.advance(1000);
  controller.used('ci');
  telling.resolve();
  // time passes until it is due; not before
  await expect
    .poll(() => {
      clock.advance(10_000);
      return told.length;
    })
    .toBe(2);
  expect(told[1]).toBe('2026-01-01T00:00:02Z');
  expect(clock.now() - Date.UTC(2026, 0, 1)).toBeGreaterThanOrEqual(5 * 60_000);
  await controller.stop();
});
