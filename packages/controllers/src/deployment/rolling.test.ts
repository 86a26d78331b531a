import { describe, expect, it } from 'vitest';
import { NOW } from '../workloads/testing.ts';
import { rollStep } from './rolling.ts';
import { Rollout } from './rollout.ts';
import { type DeploymentOptions, deploymentOf, setOf } from './testing.ts';

/** Sizes of the new and the old set after one step. */
function step(
  options: DeploymentOptions,
  {
    fresh,
    freshAvailable = fresh,
    old,
    oldAvailable = old,
  }: Record<'fresh' | 'old', number> & Partial<Record<'freshAvailable' | 'oldAvailable', number>>,
): (number | undefined)[] {
  const sets = [
    setOf('fresh', fresh, { image: 'new', available: freshAvailable }),
    setOf('old', old, { available: oldAvailable, age: 60 }),
  ];
  const rollout = new Rollout(deploymentOf(options), sets, NOW);
  rollStep(rollout);
  return [rollout.newSet?.spec.replicas, rollout.oldSets[0]?.spec.replicas];
}

describe('a step of a rolling update', () => {
  // from upstream's TestDeploymentController_reconcileNewReplicaSet
  it.each<[string, DeploymentOptions, number, number, number]>([
    ['does not grow when the old pods leave no room', { maxSurge: 0 }, 0, 10, 0],
    ['grows by what may surge', { maxSurge: 2 }, 0, 10, 2],
    ['grows by what old sets have left', { maxSurge: 2 }, 0, 5, 7],
    ['does not grow beyond what may surge', { maxSurge: 2, maxUnavailable: 2 }, 2, 10, 2],
    ['shrinks when it has become too large', { maxSurge: 2 }, 11, 0, 10],
    ['grows by a share of the size', { maxSurge: '25%' }, 0, 10, 3],
  ])('%s', (_, options, fresh, old, expected) => {
    expect(step(options, { fresh, old, freshAvailable: 0, oldAvailable: 0 })[0]).toBe(expected);
  });

  // from upstream's TestDeploymentController_reconcileOldReplicaSets and _scaleDownOldReplicaSets
  it.each<[string, DeploymentOptions, Parameters<typeof step>[1], number]>([
    [
      'do not go below what must be available',
      { maxUnavailable: 1 },
      { fresh: 1, freshAvailable: 0, old: 9 },
      9,
    ],
    ['may go when that is allowed', { maxUnavailable: 2 }, { fresh: 0, old: 10 }, 8],
    ['go first when they do not work', { maxUnavailable: 2 }, { fresh: 0, old: 10, oldAvailable: 8 }, 8],
    [
      'that do not work go though the new ones do not either',
      { maxUnavailable: 2 },
      { fresh: 2, freshAvailable: 0, old: 10, oldAvailable: 8 },
      8,
    ],
    [
      'wait for new ones that are not available',
      { maxUnavailable: 2 },
      { fresh: 2, freshAvailable: 0, old: 8 },
      8,
    ],
    ['go as new ones become available', { maxUnavailable: 2 }, { fresh: 2, freshAvailable: 1, old: 8 }, 7],
  ])('of old pods %s', (_, options, sizes, expected) => {
    expect(step({ ...options, maxSurge: 0 }, sizes)[1]).toBe(expected);
  });

  it('makes the new set when there is none, and numbers it', () => {
    const annotations = { 'deployment.kubernetes.io/revision': '4' };
    const old = setOf('old', 10, { annotations, age: 60 });
    const deployment = deploymentOf({
      maxSurge: 3,
      annotations: { own: 'x', 'deployment.kubernetes.io/revision': '4' },
    });
    const rollout = new Rollout(deployment, [old], NOW);
    expect(rollStep(rollout)).toBe(false);
    expect(rollout.actions).toMatchObject([
      {
        type: 'create',
        set: {
          metadata: {
            labels: { app: 'd' },
            annotations: {
              own: 'x',
              'deployment.kubernetes.io/revision': '5',
              'deployment.kubernetes.io/desired-replicas': '10',
              'deployment.kubernetes.io/max-replicas': '13',
            },
            ownerReferences: [{ kind: 'Deployment', name: 'd', uid: 'd', controller: true }],
          },
          spec: { replicas: 3 },
        },
      },
    ]);
    const [{ set }] = rollout.actions as [(typeof rollout.actions)[number]];
    const hash = set.metadata.labels?.['pod-template-hash'];
    expect(set.metadata.name).toBe(`d-${hash}`);
    expect(set.spec.selector.matchLabels).toEqual({ app: 'd', 'pod-template-hash': hash });
    expect(set.spec.template?.metadata?.labels).toEqual({ app: 'd', 'pod-template-hash': hash });
    expect(rollout.annotations['deployment.kubernetes.io/revision']).toBe('5');
    expect(rollout.conditions).toMatchObject([{ type: 'Progressing', reason: 'NewReplicaSetCreated' }]);
  });

  it('forgets the oldest revisions when there are too many', () => {
    const history = Array.from({ length: 900 }, (_, index) => 1000 + index).join();
    const annotations = {
      'deployment.kubernetes.io/revision': '5000',
      'deployment.kubernetes.io/revision-history': history,
    };
    const sets = [
      setOf('old', 10, { annotations: { 'deployment.kubernetes.io/revision': '6000' } }),
      setOf('fresh', 0, { image: 'new', annotations }),
    ];
    const rollout = new Rollout(deploymentOf(), sets, NOW);
    rollStep(rollout);
    const kept = rollout.newSet?.metadata.annotations?.['deployment.kubernetes.io/revision-history'] ?? '';
    expect(kept.length).toBeLessThanOrEqual(2000);
    expect(kept).toMatch(/^1501,1502,.*,1899,5000$/);
  });

  it('counts revisions exactly, however large', () => {
    const annotations = { 'deployment.kubernetes.io/revision': '3546343826724305832' };
    const rollout = new Rollout(deploymentOf({ maxSurge: 1 }), [setOf('old', 10, { annotations })], NOW);
    rollStep(rollout);
    expect(rollout.annotations['deployment.kubernetes.io/revision']).toBe('3546343826724305833');
  });

  it('takes an old set of the same template again, under a new number', () => {
    const revision = (number: string) => ({ 'deployment.kubernetes.io/revision': number });
    const sets = [
      setOf('first', 0, { image: 'new', annotations: revision('1'), age: 60 }),
      setOf('second', 10, { image: 'old', annotations: revision('2') }),
    ];
    const rollout = new Rollout(deploymentOf({ maxSurge: 1 }), sets, NOW);
    rollStep(rollout);
    expect(rollout.newSet?.metadata.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
    expect(rollout.actions).toMatchObject([{ type: 'update', scaled: { up: true, from: 0, to: 1 } }]);
  });
});
