import { describe, expect, it } from 'vitest';
import type { ReplicaSet } from '../workloads/objects.ts';
import { NOW } from '../workloads/testing.ts';
import { DESIRED_REPLICAS, MAX_REPLICAS } from './annotations.ts';
import { Rollout } from './rollout.ts';
import { isScaling, scaleSets } from './scaling.ts';
import { deploymentOf, setOf } from './testing.ts';

/** Sets from the newest (of the present template) to the oldest; 0: there is none. */
type Sizes = readonly number[];

function scaled(from: number, to: number, maxSurge: number | string, before: Sizes): number[] {
  const old = deploymentOf({ replicas: from, maxSurge });
  const most =
    from + (typeof maxSurge === 'number' ? maxSurge : Math.ceil((from * parseFloat(maxSurge)) / 100));
  const annotations = { [DESIRED_REPLICAS]: String(from), [MAX_REPLICAS]: String(most) };
  const sets = before.map((size, index) =>
    setOf(`s${index}`, size, {
      image: index === 0 ? 'new' : `old${index}`,
      age: index,
      annotations,
      available: 0,
    }),
  );
  const deployment = { ...old, spec: { ...old.spec, replicas: to } };
  const rollout = new Rollout(deployment, sets, NOW);
  scaleSets(rollout);
  const size = ({ metadata }: ReplicaSet) =>
    rollout.allSets.find((set) => set.metadata.name === metadata.name)?.spec.replicas ?? -1;
  return sets.map(size);
}

describe('scaling in the middle of a rollout', () => {
  // the cases of upstream's TestScale, and some of surging
  it.each<[string, number, number, number | string, Sizes, Sizes]>([
    ['the only set upwards', 10, 12, 0, [10], [12]],
    ['the only set downwards', 10, 5, 0, [10], [5]],
    ['two sets upwards', 5, 10, 0, [2, 3], [4, 6]],
    ['two sets downwards', 5, 3, 0, [2, 3], [1, 2]],
    ['a large and a small set downwards', 9, 4, 0, [8, 1], [4, 0]],
    ['three sets upwards', 7, 10, 0, [2, 3, 2], [3, 4, 3]],
    ['three sets downwards', 13, 8, 0, [2, 8, 3], [1, 5, 2]],
    ['what is left upwards: the newest gets it', 3, 4, 0, [1, 1, 1], [2, 1, 1]],
    ['what is left downwards: the oldest gives it', 3, 2, 0, [1, 1, 1], [1, 1, 0]],
    ['all sets to nothing', 6, 0, 0, [3, 2, 1], [0, 0, 0]],
    ['only the latest set from nothing', 6, 6, 0, [0, 0, 0], [6, 0, 0]],
    ['sets that surge upwards', 100, 200, 2, [50, 50, 2], [99, 99, 4]],
    ['sets that surge downwards', 8, 4, '25%', [5, 5], [3, 2]],
    ['what rounding left to the largest set', 10, 11, 0, [7, 2, 1], [8, 2, 1]],
  ])('changes %s', (_, from, to, surge, before, after) => {
    expect(scaled(from, to, surge, before)).toEqual(after);
  });

  it('is told from rolling by the size that sets remember', () => {
    const annotations = { [DESIRED_REPLICAS]: '5' };
    const of = (size: number, replicas = 10) =>
      isScaling(new Rollout(deploymentOf({ replicas }), [setOf('s', size, { annotations })], NOW));
    expect(of(3)).toBe(true);
    expect(of(0)).toBe(false);
    expect(of(3, 5)).toBe(false);
  });

  it('empties old sets when the new one has all pods already', () => {
    const annotations = { [DESIRED_REPLICAS]: '10' };
    const sets = [setOf('new', 10, { image: 'new', annotations }), setOf('old', 2, { annotations, age: 1 })];
    const rollout = new Rollout(deploymentOf(), sets, NOW);
    scaleSets(rollout);
    expect(rollout.allSets.map(({ spec }) => spec.replicas)).toEqual([0, 10]);
  });

  it('scales the latest set when none is active', () => {
    const rollout = new Rollout(
      deploymentOf({ replicas: 2 }),
      [setOf('older', 0, { age: 2 }), setOf('newer', 0, { age: 1, image: 'other' })],
      NOW,
    );
    scaleSets(rollout);
    expect(rollout.actions).toMatchObject([
      { type: 'update', set: { metadata: { name: 'newer' }, spec: { replicas: 2 } } },
    ]);
  });
});
