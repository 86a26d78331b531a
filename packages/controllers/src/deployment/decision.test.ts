import { describe, expect, it } from 'vitest';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { NOW, podOf } from '../workloads/testing.ts';
import { ROLLBACK_TO } from './annotations.ts';
import { decideDeployment, isToldAlready } from './decision.ts';
import { decideRollback } from './rollback.ts';
import { deploymentOf, setOf } from './testing.ts';

const decide = (deployment: Deployment, sets: readonly ReplicaSet[], now = NOW) =>
  decideDeployment({ deployment, sets, podsOf: () => [], now });
const sized = {
  'deployment.kubernetes.io/desired-replicas': '10',
  'deployment.kubernetes.io/max-replicas': '10',
};
const numbered = (revision: number) => ({ ...sized, 'deployment.kubernetes.io/revision': String(revision) });
const progressing = (reason: string, status = 'True', ago = 0) => ({
  type: 'Progressing',
  status,
  reason,
  message: '',
  lastUpdateTime: new Date(NOW - ago).toISOString().replace('.000Z', 'Z'),
  lastTransitionTime: '2025-01-01T00:00:00Z',
});
const reasons = (deployment: Deployment, sets: readonly ReplicaSet[]) =>
  Object.fromEntries(
    (decide(deployment, sets).status.conditions ?? []).map(({ type, reason }) => [type, reason]),
  );

describe('the status of a Deployment', () => {
  const fresh = (available: number) =>
    setOf('fresh', 10, { image: 'new', available, annotations: numbered(1) });

  it('adds up what its sets say', () => {
    const old = setOf('old', 3, { available: 2, annotations: numbered(1), age: 60 });
    const set = setOf('fresh', 7, { image: 'new', available: 5, annotations: numbered(2) });
    const deployment = deploymentOf({ annotations: { 'deployment.kubernetes.io/revision': '2' } });
    expect(
      decide({ ...deployment, spec: { ...deployment.spec, paused: true } }, [old, set]).status,
    ).toMatchObject({
      observedGeneration: 1,
      replicas: 10,
      updatedReplicas: 7,
      readyReplicas: 7,
      availableReplicas: 7,
      unavailableReplicas: 3,
    });
  });

  it.each<[string, string, Deployment, ReplicaSet]>([
    ['is complete', 'NewReplicaSetAvailable', deploymentOf(), fresh(10)],
    [
      'moves when more pods are available',
      'ReplicaSetUpdated',
      deploymentOf({ status: { replicas: 10, updatedReplicas: 10, availableReplicas: 3, readyReplicas: 3 } }),
      fresh(4),
    ],
    [
      'has taken too long',
      'ProgressDeadlineExceeded',
      deploymentOf({
        status: {
          replicas: 10,
          updatedReplicas: 10,
          readyReplicas: 4,
          availableReplicas: 4,
          conditions: [progressing('ReplicaSetUpdated', 'True', 601_000)],
        },
      }),
      fresh(4),
    ],
    [
      'has not taken too long yet',
      'ReplicaSetUpdated',
      deploymentOf({
        status: {
          replicas: 10,
          updatedReplicas: 10,
          readyReplicas: 4,
          availableReplicas: 4,
          conditions: [progressing('ReplicaSetUpdated', 'True', 600_000)],
        },
      }),
      fresh(4),
    ],
    [
      'stays complete when pods are lost later',
      'NewReplicaSetAvailable',
      deploymentOf({
        status: {
          replicas: 10,
          updatedReplicas: 10,
          conditions: [progressing('NewReplicaSetAvailable', 'True', 900_000)],
        },
      }),
      fresh(4),
    ],
  ])('%s', (_, reason, deployment, set) => {
    expect(reasons(deployment, [set]).Progressing).toBe(reason);
  });

  it('says nothing of progress without a deadline', () => {
    const deployment = deploymentOf({ spec: { progressDeadlineSeconds: 2 ** 31 - 1 } });
    expect(reasons(deployment, [fresh(10)])).toEqual({ Available: 'MinimumReplicasAvailable' });
  });

  it('passes on why pods cannot be made', () => {
    const failure = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no quota' };
    const set = fresh(0);
    const failing = { ...set, status: { ...set.status, conditions: [failure] } };
    expect(reasons(deploymentOf(), [failing])).toMatchObject({
      ReplicaFailure: 'FailedCreate',
      Available: 'MinimumReplicasUnavailable',
    });
  });

  it('is looked at again when the deadline passes, and not when it cannot', () => {
    const at = (conditions: ReturnType<typeof progressing>[]) =>
      decide(deploymentOf({ status: { replicas: 10, updatedReplicas: 10, conditions } }), [fresh(0)]).afterMs;
    expect(at([progressing('ReplicaSetUpdated', 'True', 10_000)])).toBe(591_000);
    expect(at([progressing('ProgressDeadlineExceeded', 'False')])).toBeUndefined();
    expect(decide(deploymentOf(), [fresh(10)]).afterMs).toBeUndefined();
  });

  it('is written once', () => {
    const deployment = deploymentOf();
    const decision = decide(deployment, [fresh(10)]);
    expect(isToldAlready(deployment, decision)).toBe(false);
    const metadata = { ...deployment.metadata, annotations: { ...decision.annotations } };
    const told = { ...deployment, metadata, status: decision.status };
    const later = decide(told, [fresh(10)], NOW + 60_000);
    expect(isToldAlready(told, later)).toBe(true);
    expect(later.actions).toEqual([]);
  });
});

describe('a paused Deployment', () => {
  it('does not roll, and says so; when it is resumed its time begins anew', () => {
    const paused = deploymentOf({
      maxSurge: 0,
      spec: { paused: true },
      status: { conditions: [progressing('ReplicaSetUpdated')] },
    });
    const old = setOf('old', 10, { annotations: numbered(1) });
    const decision = decide(paused, [old]);
    expect(decision.actions).toEqual([]);
    expect(reasons(paused, [old]).Progressing).toBe('DeploymentPaused');
    const resumed = { ...paused, spec: { ...paused.spec, paused: false }, status: decision.status };
    expect(reasons(resumed, [old]).Progressing).toBe('NewReplicaSetCreated');
  });

  it('keeps saying that it took too long', () => {
    const status = { conditions: [progressing('ProgressDeadlineExceeded', 'False')] };
    const paused = deploymentOf({ spec: { paused: true }, status });
    expect(reasons(paused, [setOf('old', 10, { annotations: numbered(1) })]).Progressing).toBe(
      'ProgressDeadlineExceeded',
    );
  });
});

describe('a Deployment that recreates', () => {
  const deployment = deploymentOf({ spec: { strategy: { type: 'Recreate' } } });
  const steps = (set: ReplicaSet, pods = [podOf('p')]) =>
    decideDeployment({ deployment, sets: [set], podsOf: () => pods, now: NOW }).actions.map(
      ({ type, set: { spec } }) => `${type} ${spec.replicas}`,
    );

  it('empties old sets first', () => {
    expect(steps(setOf('old', 10, { annotations: numbered(1) }))).toEqual(['update 0']);
  });

  it('waits until their pods have ended', () => {
    const empty = setOf('old', 0, { annotations: numbered(1) });
    expect(steps({ ...empty, status: { replicas: 2 } }, [])).toEqual([]);
    expect(steps(empty, [podOf('p', { deleted: true, node: 'n' })])).toEqual([]);
    expect(steps(empty, [podOf('p', { phase: 'Failed' })])).toEqual(['create 10']);
    expect(steps(empty, [])).toEqual(['create 10']);
  });
});

describe('old ReplicaSets', () => {
  it('go oldest first when they are empty and more than the history may hold', () => {
    const annotations = numbered(1);
    const status = {
      replicas: 10,
      updatedReplicas: 10,
      availableReplicas: 10,
      readyReplicas: 10,
      observedGeneration: 1,
    };
    const sets = [
      setOf('fresh', 10, { image: 'new', annotations }),
      setOf('third', 0, { image: 'c', annotations, age: 10 }),
      setOf('second', 0, { image: 'b', annotations, age: 20 }),
      setOf('first', 0, { image: 'a', annotations, age: 30 }),
    ];
    const limited = (limit: number) =>
      decide(deploymentOf({ spec: { revisionHistoryLimit: limit }, status }), sets).actions.flatMap(
        ({ type, set }) => (type === 'delete' ? [set.metadata.name] : []),
      );
    expect(limited(1)).toEqual(['first', 'second']);
    expect(limited(3)).toEqual([]);
    expect(limited(2 ** 31 - 1)).toEqual([]);
  });
});

describe('the rollback of extensions/v1beta1', () => {
  const sets = [
    setOf('one', 0, { image: 'one', annotations: { ...numbered(1), note: 'one' } }),
    setOf('two', 10, { image: 'two', annotations: numbered(2) }),
  ];
  const to = (revision: string) =>
    decideRollback(
      deploymentOf({ image: 'two', annotations: { [ROLLBACK_TO]: revision, note: 'two' } }),
      sets,
    );

  it('is not there when nobody asks', () => {
    expect(decideRollback(deploymentOf(), sets)).toBeUndefined();
  });

  it.each(['0', '1'])('goes to revision %s', (revision) => {
    const { deployment, event } = to(revision) ?? {};
    expect(deployment?.spec.template.spec?.containers?.[0]?.image).toBe('one');
    expect(deployment?.metadata.annotations).toEqual({ note: 'one' });
    expect(event).toMatchObject({
      reason: 'DeploymentRollback',
      note: 'Rolled back deployment "d" to revision 1',
    });
  });

  it('changes nothing when it cannot', () => {
    expect(to('7')?.event.reason).toBe('DeploymentRollbackRevisionNotFound');
    expect(to('2')?.event.reason).toBe('DeploymentRollbackTemplateUnchanged');
    expect(to('7')?.deployment.metadata.annotations).toEqual({ note: 'two' });
  });
});
