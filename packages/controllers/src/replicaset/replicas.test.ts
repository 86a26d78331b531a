import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../workloads/objects.ts';
import { NOW, names, podOf } from '../workloads/testing.ts';
import { BURST_REPLICAS, decideReplicas } from './replicas.ts';
import { replicationControllerAsSet } from './replication-controller.ts';
import { replicaStatus, sameReplicaStatus } from './status.ts';

const set = (replicas: number, more: Partial<ReplicaSet['spec']> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 's', uid: 's', generation: 3 },
  spec: {
    replicas,
    selector: { matchLabels: { app: 's' } },
    template: { metadata: { labels: { app: 's', tier: 'x' } } },
    ...more,
  },
});
const alone = () => 1;

describe('a ReplicaSet', () => {
  it('makes what is missing, but not too many at once', () => {
    expect(decideReplicas(set(3), [podOf('a')], alone, NOW)).toEqual({ create: 2, remove: [] });
    expect(
      decideReplicas(
        set(3),
        ['a', 'b', 'c'].map((name) => podOf(name)),
        alone,
        NOW,
      ).create,
    ).toBe(0);
    expect(decideReplicas(set(10_000), [], alone, NOW).create).toBe(BURST_REPLICAS);
  });

  it('deletes what is too many, the least useful first', () => {
    const pods = [
      podOf('ready', { node: 'n', readySince: NOW - 1000 }),
      podOf('pending'),
      podOf('running', { node: 'n' }),
    ];
    expect(names(decideReplicas(set(1), pods, alone, NOW).remove)).toEqual(['pending', 'running']);
    expect(decideReplicas(set(0), pods, alone, NOW).remove).toHaveLength(3);
  });

  it('counts pods that match its template, are ready, and have been for long enough', () => {
    const labels = { app: 's', tier: 'x' };
    const active = [
      podOf('a', { labels, node: 'n', readySince: NOW - 10_000 }),
      podOf('b', { labels, node: 'n', readySince: NOW - 9000 }),
      podOf('c', { labels: { app: 's' }, node: 'n' }),
    ];
    const status = replicaStatus(set(3, { minReadySeconds: 10 }), { active, terminating: 2, now: NOW });
    expect(status).toEqual({
      observedGeneration: 3,
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 2,
    });
  });

  it('tells the first failure until there is none any more', () => {
    const facts = { active: [], terminating: 0, now: NOW };
    const failed = replicaStatus(set(1), { ...facts, failure: 'no quota' });
    expect(failed.conditions).toEqual([
      {
        type: 'ReplicaFailure',
        status: 'True',
        reason: 'FailedCreate',
        message: 'no quota',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ]);
    const later = { ...set(1), status: failed };
    expect(replicaStatus(later, { ...facts, failure: 'other' }).conditions).toEqual(failed.conditions);
    expect(replicaStatus(later, facts).conditions).toBeUndefined();
    const tooMany = { ...facts, active: [podOf('a')], failure: 'refused' };
    expect(replicaStatus(set(0), tooMany).conditions?.[0]?.reason).toBe('FailedDelete');
  });

  it('says nothing new when only zeros are left out', () => {
    const status = replicaStatus(set(0), { active: [], terminating: 0, now: NOW });
    expect(sameReplicaStatus({ replicas: 0, observedGeneration: 3, terminatingReplicas: 0 }, status)).toBe(
      true,
    );
    expect(sameReplicaStatus({ replicas: 0, observedGeneration: 2, terminatingReplicas: 0 }, status)).toBe(
      false,
    );
  });

  it('is what a ReplicationController is read as, once per version', () => {
    const old = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'o' },
      spec: { replicas: 2, selector: { a: 'b' } },
    };
    expect(replicationControllerAsSet(old).spec).toEqual({
      replicas: 2,
      selector: { matchLabels: { a: 'b' } },
    });
    expect(replicationControllerAsSet(old)).toBe(replicationControllerAsSet(old));
  });
});
