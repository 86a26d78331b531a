import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterSpec, ClusterStatus } from '../kind/cluster.ts';
import { FINALIZER, type Known, nextStep } from './next-step.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const ENDPOINT = 'https://127.0.0.1:6443/clusters/dev';
const known = (more: Partial<Known> = {}): Known => ({
  settled: 1,
  phase: undefined,
  backupFailedAt: 0,
  endpoint: ENDPOINT,
  now: NOW,
  ...more,
});
const cluster = (
  spec: ClusterSpec = {},
  status: ClusterStatus = {},
  metadata: Partial<Cluster['metadata']> = {},
): Cluster => ({
  apiVersion: 'clusters.sampan.dev/v1',
  kind: 'Cluster',
  metadata: {
    name: 'dev',
    generation: 1,
    finalizers: [FINALIZER],
    creationTimestamp: '2026-11-22T10:30:00Z',
    ...metadata,
  },
  spec,
  status: { observedGeneration: 1, phase: 'Running', endpoint: ENDPOINT, ...status },
});

describe('the next step for a cluster', () => {
  it('is to hold its object before anything is made', () => {
    expect(nextStep(cluster({}, {}, { finalizers: [] }), known({ settled: undefined }))).toEqual({
      do: 'hold',
    });
  });

  it('is to remove it when its object is deleted, whatever else is asked', () => {
    const deleted = { deletionTimestamp: '2026-11-22T11:00:00Z' };
    const asked = { backup: { requestedAt: '2026-11-22T11:00:00Z' } };
    expect(nextStep(cluster(asked, {}, deleted), known({ settled: undefined }))).toEqual({ do: 'remove' });
    expect(nextStep(cluster({}, {}, { ...deleted, finalizers: ['other'] }), known())).toEqual({
      do: 'nothing',
    });
  });

  it('is to make it when it never was, and to configure it when its spec changed', () => {
    const never: Cluster = { ...cluster(), status: {} };
    expect(nextStep(never, known({ settled: undefined }))).toEqual({ do: 'settle', isNew: true });
    expect(nextStep(cluster({}, {}, { generation: 2 }), known())).toEqual({ do: 'settle', isNew: false });
  });

  const afterStart = (status: ClusterStatus, phase: Known['phase'], spec: ClusterSpec = {}) =>
    nextStep(cluster(spec, status), known({ settled: undefined, phase })).do;

  it('is none after a start for those that are as their status tells', () => {
    expect(afterStart({ phase: 'Sleeping' }, 'asleep')).toBe('rest');
    expect(afterStart({ phase: 'Running' }, 'awake')).toBe('rest');
    const deletion = { requestedAt: '2026-11-22T11:00:00Z' };
    expect(afterStart({ phase: 'Deleting' }, 'asleep', { deletion })).toBe('rest');
  });

  it('is to look after a start at those that are otherwise', () => {
    expect(afterStart({ phase: 'Running' }, 'asleep')).toBe('settle');
    expect(afterStart({ phase: 'Failed' }, 'asleep')).toBe('settle');
    expect(afterStart({ phase: 'Upgrading' }, 'asleep')).toBe('settle');
    expect(afterStart({ phase: 'Sleeping' }, undefined)).toBe('settle');
    expect(afterStart({ phase: 'Sleeping', endpoint: 'https://127.0.0.1:1/clusters/dev' }, 'asleep')).toBe(
      'readdress',
    );
    expect(afterStart({ phase: 'Sleeping', observedGeneration: 0 }, 'asleep')).toBe('settle');
  });

  it('is what was asked for by a time that was not handled yet, a restore before a sleep', () => {
    const at = '2026-11-22T11:00:00Z';
    const asked = { sleepRequestedAt: at, restore: { requestedAt: at, backup: 'dev/x.tar' } };
    expect(nextStep(cluster(asked), known())).toEqual({ do: 'act', action: 'restore', at });
    const handled = { handled: { restore: at } };
    expect(nextStep(cluster(asked, handled), known())).toEqual({ do: 'act', action: 'sleep', at });
    expect(nextStep(cluster(asked, { handled: { restore: at, sleep: at } }), known())).toEqual({
      do: 'rest',
    });
  });

  it('is nothing that is asked for while it lies in the trash, and its end when its time is over', () => {
    const asked = { wakeRequestedAt: '2026-11-22T11:00:00Z' };
    const deletion = { requestedAt: '2026-11-22T11:59:00Z', keepSeconds: 90 };
    expect(nextStep(cluster({ ...asked, deletion }), known())).toEqual({ do: 'rest', afterMs: 30_000 });
    expect(nextStep(cluster({ deletion }), known({ now: NOW + 30_000 }))).toEqual({ do: 'expire' });
    const day = { requestedAt: '2026-11-21T12:00:01Z' };
    expect(nextStep(cluster({ deletion: day }), known())).toEqual({ do: 'rest', afterMs: 1000 });
  });

  it('is a backup when its schedule says so, or said so while nobody looked', () => {
    const hourly = { backup: { schedule: '0 * * * *' } };
    expect(nextStep(cluster(hourly), known())).toEqual({ do: 'backup' });
    const done = { backup: { time: '2026-11-22T12:00:00Z', file: 'dev/x.tar', bytes: 1 } };
    expect(nextStep(cluster(hourly, done), known())).toEqual({ do: 'rest', afterMs: 3_600_000 });
  });

  it('is no backup again before its next time when one failed', () => {
    const hourly = { backup: { schedule: '30 * * * *' } };
    expect(nextStep(cluster(hourly), known({ backupFailedAt: NOW }))).toEqual({
      do: 'rest',
      afterMs: 1_800_000,
    });
  });

  it('cannot be told when its schedule is none', () => {
    for (const schedule of ['every day', '* * * * * *', '61 * * * *'])
      expect(() => nextStep(cluster({ backup: { schedule } }), known())).toThrow('is no schedule');
  });
});
