import { describe, expect, it } from 'vitest';
import { sortByDeletionRank } from './pod-rank.ts';
import { NOW, names, type PodOptions, podOf } from './testing.ts';

const HOUR = 3_600_000;
const READY = { node: 'n', readySince: NOW - HOUR, created: NOW - 2 * HOUR };
const cost = (value: string): PodOptions => ({
  ...READY,
  annotations: { 'controller.kubernetes.io/pod-deletion-cost': value },
});

describe('of two pods the one goes first', () => {
  it.each<[string, PodOptions, PodOptions]>([
    ['that is on no node', {}, { node: 'n' }],
    ['that is pending', { node: 'n', phase: 'Pending' }, { node: 'n', phase: 'Running' }],
    ['whose state nobody knows', { node: 'n', phase: 'Unknown' }, { node: 'n' }],
    ['that is not ready', { node: 'n' }, READY],
    ['whose deletion costs less', cost('-1'), READY],
    ['whose cost is lower than the other', cost('5'), cost('10')],
    ['that is on a more crowded node', { ...READY, node: 'crowded' }, READY],
    ['that has been ready for a much shorter time', { ...READY, readySince: NOW - 60_000 }, READY],
    ['that was restarted more often', { ...READY, restarts: 3 }, { ...READY, restarts: 1 }],
    ['that is much younger', { ...READY, created: NOW - 60_000 }, READY],
  ])('%s', (_, first, second) => {
    const crowd = (node: string) => (node === 'crowded' ? 5 : 1);
    // names are against it, and so is the order
    const pods = [podOf('a', second), podOf('b', first)];
    expect(names(sortByDeletionRank(pods, crowd, NOW))).toEqual(['b', 'a']);
  });

  it('that is readier loses to crowds, not to age of the same order', () => {
    const pods = [
      podOf('b', { ...READY, readySince: NOW - HOUR }),
      podOf('a', { ...READY, readySince: NOW - HOUR - 1000 }),
    ];
    expect(names(sortByDeletionRank(pods, () => 0, NOW))).toEqual(['a', 'b']);
  });

  it('whose uid is smaller when nothing else tells them apart', () => {
    const pods = ['c', 'a', 'b'].map((name) => podOf(name, READY));
    expect(names(sortByDeletionRank(pods, () => 0, NOW))).toEqual(['a', 'b', 'c']);
  });

  it('counts restarts of sidecars after those of containers', () => {
    const sidecar = podOf('b', READY);
    const spec = { ...sidecar.spec, initContainers: [{ name: 's', restartPolicy: 'Always' }] };
    const statuses = [{ name: 's', ready: true, image: '', imageID: '', restartCount: 2 }];
    const restarted = { ...sidecar, spec, status: { ...sidecar.status, initContainerStatuses: statuses } };
    expect(names(sortByDeletionRank([podOf('a', READY), restarted], () => 0, NOW))).toEqual(['b', 'a']);
  });
});
