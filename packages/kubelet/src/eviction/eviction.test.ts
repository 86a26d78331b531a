import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import type { PodExtras } from '../stats/make-summary.ts';
import { evictionMessage } from './eviction-message.ts';
import { hasLocalLimits, localExcess } from './local-limits.ts';
import { pressureMisfit } from './pressure-admission.ts';
import { isCriticalPod, rankPods } from './rank-pods.ts';
import type { Observations } from './signals.ts';
import { judgePressure, NO_PRESSURE_SEEN, type Threshold } from './thresholds.ts';

const GIB = 2 ** 30;
const plenty = { available: GIB, capacity: 2 * GIB };
const observations = (more: Partial<Observations> = {}): Observations => ({
  'memory.available': plenty,
  'nodefs.available': plenty,
  'nodefs.inodesFree': plenty,
  'imagefs.available': plenty,
  'imagefs.inodesFree': plenty,
  'pid.available': plenty,
  ...more,
});
const low = { available: 50, capacity: 1000 };

describe('pressure', () => {
  const memory: Threshold = { signal: 'memory.available', least: 100 };
  const disk: Threshold = { signal: 'nodefs.available', least: '10%' };
  const judge = (of: Observations, state = NO_PRESSURE_SEEN, now = 0, thresholds = [disk, memory]) =>
    judgePressure(thresholds, of, state, now, 1000);

  it('is none while there is enough', () => {
    expect(judge(observations())).toMatchObject({ conditions: [], starved: [] });
  });

  it('is told for what is short, memory before disk', () => {
    const both = judge(observations({ 'memory.available': low, 'nodefs.available': low }));
    expect(both.starved).toEqual([memory, disk]);
    expect(both.conditions.toSorted()).toEqual(['DiskPressure', 'MemoryPressure']);
    expect(judge(observations({ 'nodefs.available': { available: 100, capacity: 1000 } })).starved).toEqual(
      [],
    );
  });

  it('is told a while longer than it lasts', () => {
    const begun = judge(observations({ 'memory.available': low }));
    const after = judge(observations(), begun.state, 999);
    expect(after).toMatchObject({ conditions: ['MemoryPressure'], starved: [] });
    expect(judge(observations(), after.state, 1000).conditions).toEqual([]);
  });

  it('evicts only after the grace of a threshold, and begins anew after a break', () => {
    const soft = [{ ...memory, graceMs: 500 }];
    const short = observations({ 'memory.available': low });
    const first = judge(short, NO_PRESSURE_SEEN, 0, soft);
    expect(first).toMatchObject({ conditions: ['MemoryPressure'], starved: [] });
    expect(judge(short, first.state, 500, soft).starved).toEqual(soft);
    const broken = judge(observations(), first.state, 200, soft);
    expect(judge(short, broken.state, 600, soft).starved).toEqual([]);
  });

  it('is none of inodes on file systems that count none', () => {
    const inodes: Threshold[] = [{ signal: 'nodefs.inodesFree', least: '5%' }];
    const none = observations({ 'nodefs.inodesFree': { available: 0, capacity: 0 } });
    expect(judge(none, NO_PRESSURE_SEEN, 0, inodes).starved).toEqual([]);
  });
});

const pod = (name: string, more: Partial<k8s.PodSpec> = {}, memory?: string): k8s.Pod => ({
  metadata: { name, uid: name },
  spec: {
    containers: [{ name: 'app', image: 'i', ...(memory && { resources: { requests: { memory } } }) }],
    ...more,
  },
});
const using = (memory: number) => ({ memory, pids: memory, 'ephemeral-storage': 0, inodes: 0 });

describe('the order of eviction', () => {
  it('is who exceeds a request, then priority, then how much', () => {
    const pods = [
      pod('modest', {}, '1Gi'),
      pod('important', { priority: 10 }),
      pod('small'),
      pod('large'),
      pod('requested', {}, '100'),
    ];
    const uses = new Map([
      ['modest', using(900)],
      ['important', using(10_000)],
      ['small', using(100)],
      ['large', using(500)],
      ['requested', using(550)],
    ]);
    const names = (of: k8s.Pod[]) => of.map(({ metadata }) => metadata?.name);
    expect(names(rankPods(pods, uses, 'memory'))).toEqual([
      'large',
      'requested',
      'small',
      'important',
      'modest',
    ]);
    expect(names(rankPods(pods, uses, 'pids'))[0]).toBe('modest');
    expect(names(rankPods([...pods, pod('unknown')], uses, 'memory'))[0]).toBe('unknown');
  });

  it('spares static pods and those of the system', () => {
    expect(isCriticalPod(pod('a'))).toBe(false);
    expect(isCriticalPod(pod('a', { priority: 2_000_000_000 }))).toBe(true);
    for (const name of ['kubernetes.io/config.source', 'kubernetes.io/config.mirror'])
      expect(isCriticalPod({ metadata: { annotations: { [name]: 'file' } } })).toBe(true);
  });
});

it('says why a pod was evicted', () => {
  const threshold: Threshold = { signal: 'memory.available', least: 100 * 2 ** 20 };
  const of = observations({ 'memory.available': { available: 80 * 2 ** 20, capacity: GIB } });
  expect(evictionMessage(threshold, of, pod('a', {}, '1Ki'), [{ name: 'app', memory: 4096, disk: 0 }])).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. ' +
      'Container app was using 4Ki, request is 1Ki, has larger consumption of memory. ',
  );
  expect(evictionMessage(threshold, of, pod('a', {}, '8Ki'), [{ name: 'app', memory: 4096, disk: 0 }])).toBe(
    'The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi. ',
  );
});

describe('limits of disk space', () => {
  const fs = (usedBytes: number) => ({ time: '', usedBytes, inodesUsed: 0 });
  const extras = (volume: number, layer: number, logs: number, whole: number): PodExtras => ({
    volumes: [{ ...fs(volume), name: 'v' }],
    containers: new Map([['app', { rootfs: fs(layer), logs: fs(logs) }]]),
    ephemeral: fs(whole),
  });
  const withVolume = pod('a', { volumes: [{ name: 'v', emptyDir: { sizeLimit: '1Ki' } }] });
  const limited = pod('a', {
    containers: [{ name: 'app', image: 'i', resources: { limits: { 'ephemeral-storage': '2Ki' } } }],
  });

  it('are those of volumes, of the pod and of its containers', () => {
    expect(localExcess(withVolume, extras(1025, 0, 0, 0), true)).toBe(
      'Usage of EmptyDir volume "v" exceeds the limit "1Ki". ',
    );
    expect(localExcess(withVolume, extras(1024, 0, 0, 9999), true)).toBeUndefined();
    expect(localExcess(limited, extras(0, 0, 0, 2049), true)).toBe(
      'Pod ephemeral local storage usage exceeds the total limit of containers 2Ki. ',
    );
    expect(localExcess(limited, extras(0, 2000, 100, 0), true)).toBe(
      'Container app exceeded its local ephemeral storage limit "2Ki". ',
    );
    expect(localExcess(limited, extras(0, 2000, 100, 0), false)).toBeUndefined();
  });

  it('are looked for only where there are any', () => {
    expect([pod('a'), withVolume, limited].map(hasLocalLimits)).toEqual([false, true, true]);
  });
});

it('takes no pods that would make things worse', () => {
  const modest = pod('a', {}, '1Mi');
  expect(pressureMisfit(pod('a'), [])).toBeUndefined();
  expect(pressureMisfit(pod('a'), ['MemoryPressure'])).toEqual({
    reason: 'Evicted',
    message: 'The node had condition: [MemoryPressure]. ',
  });
  expect(pressureMisfit(modest, ['MemoryPressure'])).toBeUndefined();
  expect(pressureMisfit(modest, ['DiskPressure', 'MemoryPressure'])?.reason).toBe('Evicted');
  expect(pressureMisfit(pod('a', { priority: 2e9 }), ['DiskPressure'])).toBeUndefined();
  const bears = { tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] };
  expect(pressureMisfit(pod('a', bears), ['MemoryPressure'])).toBeUndefined();
});
