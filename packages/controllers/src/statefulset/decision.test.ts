import type { Claim } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { NOW } from '../workloads/testing.ts';
import { claimsOf, retained } from './claims.ts';
import { decideStatefulSet } from './decision.ts';
import { newPod, ordinalOf } from './identity.ts';
import { statefulSetStatus } from './status.ts';
import { claimOf, DATA, replica, setOf, templateOf } from './testing.ts';

const UP = { readySince: NOW - 1000 };

function decide(set: StatefulSet, pods: readonly Pod[], claims: readonly Claim[] = [], now = NOW): string[] {
  const actions = decideStatefulSet({
    set,
    pods,
    current: { name: 'r1', template: templateOf('i1') },
    update: { name: 'r2', template: templateOf('i2') },
    claim: (name) => claims.find(({ metadata }) => metadata.name === name),
    now,
  });
  return actions.map((action) =>
    action.type === 'updateClaim'
      ? `updateClaim ${action.claim.metadata.name}`
      : `${action.type} ${action.pod.metadata.name}`,
  );
}

const parallel = (replicas: number, spec = {}) =>
  setOf(replicas, { podManagementPolicy: 'Parallel', ...spec });
const ups = (set: StatefulSet, revision: string, ...ordinals: number[]) =>
  ordinals.map((ordinal) => replica(set, ordinal, revision, UP));

describe('a StatefulSet in order', () => {
  const set = setOf(3);
  it.each<[string, readonly Pod[], string[]]>([
    ['makes the first pod', [], ['create s-0']],
    ['waits for it', [replica(set, 0, 'r2')], []],
    ['makes the next one when it is ready', ups(set, 'r2', 0), ['create s-1']],
    ['fills a gap first', ups(set, 'r2', 0, 2), ['create s-1']],
    ['waits for a pod that ends', [replica(set, 0, 'r2', { ...UP, deleted: true })], []],
    ['deletes a pod that failed', [replica(set, 0, 'r2', { phase: 'Failed' })], ['delete s-0']],
    ['and one that succeeded', [replica(set, 0, 'r2', { phase: 'Succeeded' })], ['delete s-0']],
    ['has nothing to do when all are there', ups(set, 'r2', 0, 1, 2), []],
    ['scales down from the top', ups(set, 'r2', 0, 1, 2, 3, 4), ['delete s-4']],
    [
      'does not scale down while a pod is not ready',
      [...ups(set, 'r2', 0, 1, 3, 4), replica(set, 2, 'r2')],
      [],
    ],
    [
      'waits for the one that is not ready, unless it is the one to go',
      [...ups(set, 'r2', 0, 1, 2), replica(set, 3, 'r2')],
      ['delete s-3'],
    ],
    ['does not update while one is not ready', [...ups(set, 'r1', 0, 1), replica(set, 2, 'r2')], []],
    ['updates from the top', ups(set, 'r1', 0, 1, 2), ['delete s-2']],
    ['and goes on below', [...ups(set, 'r1', 0, 1), ...ups(set, 'r2', 2)], ['delete s-1']],
  ])('%s', (_, pods, actions) => {
    expect(decide(set, pods)).toEqual(actions);
  });

  it('waits until a pod has been ready for long enough', () => {
    const patient = setOf(2, { minReadySeconds: 5 });
    expect(decide(patient, ups(patient, 'r2', 0))).toEqual([]);
    expect(decide(patient, ups(patient, 'r2', 0), [], NOW + 4000)).toEqual(['create s-1']);
  });

  it('does nothing while it is deleted', () => {
    const going = { ...set, metadata: { ...set.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(decide(going, [])).toEqual([]);
  });

  it('makes pods below the partition as they were', () => {
    const parted = setOf(3, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } });
    const images = [[], ups(parted, 'r1', 0)].map((pods) => {
      const [action] = decideStatefulSet({
        set: parted,
        pods,
        current: { name: 'r1', template: templateOf('i1') },
        update: { name: 'r2', template: templateOf('i2') },
        claim: () => undefined,
        now: NOW,
      });
      return action?.type === 'create' ? action.pod.spec.containers?.[0]?.image : undefined;
    });
    expect(images).toEqual(['i1', 'i2']);
    expect(decide(parted, [...ups(parted, 'r1', 0, 1), ...ups(parted, 'r2', 2)])).toEqual(['delete s-1']);
    expect(decide(parted, [...ups(parted, 'r1', 0), ...ups(parted, 'r2', 1, 2)])).toEqual([]);
  });

  it('leaves old pods alone when updates wait for deletions', () => {
    const manual = setOf(2, { updateStrategy: { type: 'OnDelete' } });
    expect(decide(manual, ups(manual, 'r1', 0, 1))).toEqual([]);
  });
});

describe('a StatefulSet in parallel', () => {
  it('makes and deletes all at once', () => {
    const set = parallel(3);
    expect(decide(set, [])).toEqual(['create s-0', 'create s-1', 'create s-2']);
    const surplus = [replica(set, 3, 'r2'), ...ups(set, 'r2', 4, 5)];
    expect(decide(set, [...ups(set, 'r2', 0, 1, 2), ...surplus])).toEqual([
      'delete s-5',
      'delete s-4',
      'delete s-3',
    ]);
  });

  it.each<[string, number | string | undefined, number[], string[]]>([
    ['one by one', undefined, [], ['delete s-3']],
    ['several at a time', 2, [], ['delete s-3', 'delete s-2']],
    ['by a share, rounded down', '60%', [], ['delete s-3', 'delete s-2']],
    ['at least one by one', '10%', [], ['delete s-3']],
    ['fewer when some are not ready', 2, [0], ['delete s-3', 'delete s-0']],
    ['and those that are not ready at once', 1, [3, 2], ['delete s-3', 'delete s-2']],
  ])('updates %s', (_, maxUnavailable, broken, actions) => {
    const rollingUpdate = { partition: 0, ...(maxUnavailable === undefined ? {} : { maxUnavailable }) };
    const set = parallel(4, { updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
    const pods = [0, 1, 2, 3].map((ordinal) =>
      replica(set, ordinal, 'r1', broken.includes(ordinal) ? {} : UP),
    );
    expect(decide(set, pods)).toEqual(actions);
  });

  it('takes a size that nobody can have as many steps', () => {
    expect(decide(parallel(2 ** 31 - 1), [])).toHaveLength(500);
    expect(decide(setOf(2 ** 31 - 1), [])).toEqual(['create s-0']);
  });

  it('counts ordinals from where it is told to', () => {
    const set = parallel(2, { ordinals: { start: 3 } });
    expect(decide(set, [])).toEqual(['create s-3', 'create s-4']);
    expect(decide(set, ups(set, 'r2', 2, 3, 4, 5))).toEqual(['delete s-5', 'delete s-2']);
  });
});

describe('the pod of an ordinal', () => {
  const set = setOf(1, { volumeClaimTemplates: [DATA] });

  it('has its name everywhere and volumes of its claims', () => {
    const template = templateOf('i1');
    const volumes = [
      { name: 'data', emptyDir: {} },
      { name: 'other', emptyDir: {} },
    ];
    const pod = newPod(set, { ...template, spec: { ...template.spec, volumes } }, 'r1', 0);
    expect(pod.metadata).toMatchObject({
      name: 's-0',
      namespace: 'default',
      labels: {
        app: 's',
        'statefulset.kubernetes.io/pod-name': 's-0',
        'apps.kubernetes.io/pod-index': '0',
        'controller-revision-hash': 'r1',
      },
    });
    expect(pod.spec).toMatchObject({ hostname: 's-0', subdomain: 's' });
    expect(pod.spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'data-s-0' } },
      { name: 'other', emptyDir: {} },
    ]);
  });

  it.each([
    ['s-0', 0],
    ['s-12', 12],
    ['s-', -1],
    ['s-x', -1],
    ['t-0', -1],
    ['s-1-0', -1],
    ['s-99999999999', -1],
  ])('is told from the name %s: %i', (name, ordinal) => {
    const pod = replica(set, 0, 'r1');
    expect(ordinalOf(set, { ...pod, metadata: { ...pod.metadata, name } })).toBe(ordinal);
  });

  it('is mended when it lost its identity', () => {
    const pod = replica(set, 0, 'r2', UP);
    const { 'statefulset.kubernetes.io/pod-name': _, ...labels } = pod.metadata.labels ?? {};
    const lost = { ...pod, metadata: { ...pod.metadata, labels } };
    expect(decide(set, [lost], [claimOf('data-s-0')])).toEqual(['update s-0']);
  });
});

describe('the claims of a StatefulSet', () => {
  const set = setOf(2, { volumeClaimTemplates: [DATA] });
  const keeping = (whenScaled: string, whenDeleted: string) =>
    setOf(1, {
      volumeClaimTemplates: [DATA],
      persistentVolumeClaimRetentionPolicy: { whenScaled, whenDeleted },
    });

  it('are made with the pod, and carry its labels', () => {
    const pod = replica(set, 1, 'r1');
    expect(claimsOf(set, pod)).toMatchObject([
      { kind: 'PersistentVolumeClaim', metadata: { name: 'data-s-1', labels: { app: 's' } } },
    ]);
  });

  it('that go or belong to a pod that is gone hold its successor up', () => {
    const going = claimOf('data-s-0', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(decide(set, [], [going])).toEqual(['blocked s-0']);
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 's-0', uid: 'gone' };
    expect(decide(set, [], [claimOf('data-s-0', { ownerReferences: [owner] })])).toEqual(['blocked s-0']);
  });

  it('that are lost are made again while the pod waits for them', () => {
    expect(decide(set, [replica(set, 0, 'r2', { phase: 'Pending' })])).toEqual(['claims s-0']);
  });

  it.each<[string, string, number, string[]]>([
    ['Retain', 'Retain', 0, []],
    ['Retain', 'Delete', 0, ['StatefulSet']],
    ['Delete', 'Retain', 0, []],
    ['Delete', 'Delete', 0, ['StatefulSet']],
    ['Retain', 'Retain', 1, []],
    ['Retain', 'Delete', 1, ['StatefulSet']],
    ['Delete', 'Retain', 1, ['Pod']],
    ['Delete', 'Delete', 1, ['Pod']],
  ])(
    'when scaled: %s, when deleted: %s, for ordinal %i of one are owned by %j',
    (scaled, deleted, ordinal, kinds) => {
      const owner = keeping(scaled, deleted);
      const pod = replica(owner, ordinal, 'r1');
      for (const before of [[], ['StatefulSet'], ['Pod']]) {
        const ownerReferences = before.map((kind) => ({
          apiVersion: 'v1',
          kind,
          name: 'x',
          uid: kind === 'Pod' ? (pod.metadata.uid ?? '') : 's',
          controller: true,
        }));
        const claim = claimOf('data-s', { ownerReferences });
        const after = retained(owner, pod, claim) ?? claim;
        expect(after.metadata.ownerReferences?.map(({ kind }) => kind)).toEqual(kinds);
        expect(retained(owner, pod, after)).toBeUndefined();
      }
    },
  );

  it('of another controller are left alone', () => {
    const other = { apiVersion: 'v1', kind: 'Else', name: 'x', uid: 'x', controller: true };
    const owner = keeping('Delete', 'Delete');
    expect(
      retained(owner, replica(owner, 0, 'r1'), claimOf('c', { ownerReferences: [other] })),
    ).toBeUndefined();
  });
});

describe('the status of a StatefulSet', () => {
  const set = setOf(3);
  const status = (pods: readonly Pod[], of = set) =>
    statefulSetStatus(of, { pods, current: 'r1', update: 'r2', collisionCount: 0, now: NOW });

  it('counts pods by what they are made of, without those that end', () => {
    const ending = replica(set, 2, 'r1', { ...UP, deleted: true });
    expect(status([replica(set, 0, 'r1'), ...ups(set, 'r2', 1), ending])).toMatchObject({
      replicas: 3,
      readyReplicas: 2,
      availableReplicas: 2,
      currentReplicas: 1,
      updatedReplicas: 1,
      currentRevision: 'r1',
      updateRevision: 'r2',
    });
  });

  it('makes the update the present state when all pods are of it', () => {
    expect(status(ups(set, 'r2', 0, 1, 2))).toMatchObject({ currentRevision: 'r2', currentReplicas: 3 });
    expect(status(ups(set, 'r2', 0, 1))).toMatchObject({ currentRevision: 'r1', currentReplicas: 0 });
    const manual = setOf(3, { updateStrategy: { type: 'OnDelete' } });
    expect(status(ups(manual, 'r2', 0, 1, 2), manual).currentRevision).toBe('r1');
  });
});
