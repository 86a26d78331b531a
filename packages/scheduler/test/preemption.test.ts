import { describe, expect, it } from 'vitest';
import type { Budget, Pod } from '../src/types.ts';
import { Harness } from './harness.ts';
import { nodeOf, podOf } from './objects.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

/** A pod of a priority, that started some hours after the others. */
function ranked(name: string, cpu: string, priority: number, startedAfterHours = 0, labels = {}): Pod {
  const startTime = new Date(START - 100 * HOUR + startedAfterHours * HOUR).toISOString();
  return podOf(name, { cpu }, { spec: { priority }, status: { startTime }, labels });
}

const budget = (name: string, app: string, disruptionsAllowed: number): Budget =>
  ({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed },
  }) as unknown as Budget;

const victimsOf = (harness: Harness, name: string): string[] =>
  (harness.failed.get(name)?.victims ?? []).map(({ metadata }) => metadata.name ?? '');

const three = (): Harness => new Harness(nodeOf('a'), nodeOf('b'), nodeOf('c'));

describe('preemption', () => {
  it('makes the fewest pods leave that are enough, the least important ones', () => {
    const harness = new Harness(nodeOf('a'));
    harness
      .place(ranked('low', '1', 1), 'a')
      .place(ranked('mid', '1', 5), 'a')
      .place(ranked('old', '1', 1, -5), 'a');
    harness
      .place(ranked('big', '1', 9), 'a')
      .add(ranked('p', '1', 10))
      .run();
    expect(victimsOf(harness, 'p')).toEqual(['low']);
    expect(harness.failed.get('p')?.nominatedNode).toBe('a');
    expect(harness.whyNot('p')).toBe('0/1 nodes are available: 1 Insufficient cpu.');
  });

  it('never touches pods of its own or a higher priority', () => {
    const harness = new Harness(nodeOf('a'))
      .place(ranked('equal', '4', 10), 'a')
      .add(ranked('p', '1', 10))
      .run();
    expect(victimsOf(harness, 'p')).toEqual([]);
    expect(harness.whyNot('p')).toBe(
      '0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
  });

  it('does not try where it cannot help', () => {
    const harness = new Harness(nodeOf('a', { cpu: '1' }))
      .place(ranked('low', '1', 1), 'a')
      .add(ranked('p', '2', 10))
      .run();
    expect(harness.whyNot('p')).toContain('1 Preemption is not helpful for scheduling.');
  });

  it('says why not for pods that never preempt', () => {
    const never = podOf('p', { cpu: '1' }, { spec: { priority: 10, preemptionPolicy: 'Never' } });
    const harness = new Harness(nodeOf('a'))
      .place(ranked('low', '4', 1), 'a')
      .add(never)
      .run();
    expect(victimsOf(harness, 'p')).toEqual([]);
    expect(harness.whyNot('p')).toContain('preemption: not eligible due to preemptionPolicy=Never.');
  });

  it.each([
    [
      'the fewest broken budgets',
      [ranked('a1', '4', 1, 0, { app: 'kept' })],
      [ranked('b1', '4', 8)],
      [ranked('c1', '4', 1, 0, { app: 'kept' })],
      'b',
    ],
    [
      'the least important of the most important victims',
      [ranked('a1', '4', 5)],
      [ranked('b1', '4', 3)],
      [ranked('c1', '4', 4)],
      'b',
    ],
    [
      'the smallest sum of priorities',
      [ranked('a1', '2', 5), ranked('a2', '2', 4)],
      [ranked('b1', '2', 5), ranked('b2', '2', 3)],
      [ranked('c1', '2', 5), ranked('c2', '2', 5)],
      'b',
    ],
    [
      'the fewest victims, of negative priority too',
      [ranked('a1', '2', -5), ranked('a2', '2', -5)],
      [ranked('b1', '4', -5)],
      [ranked('c1', '2', -5), ranked('c2', '2', -5)],
      'b',
    ],
    [
      'the latest start',
      [ranked('a1', '4', 1, 1)],
      [ranked('b1', '4', 1, 3)],
      [ranked('c1', '4', 1, 2)],
      'b',
    ],
  ])('chooses the node with %s', (_, onA, onB, onC, node) => {
    const harness = three();
    harness.core.putBudget(budget('keep', 'kept', 0));
    for (const pod of onA) harness.place(pod, 'a');
    for (const pod of onB) harness.place(pod, 'b');
    for (const pod of onC) harness.place(pod, 'c');
    harness.add(ranked('p', '4', 10)).run();
    expect(harness.failed.get('p')?.nominatedNode).toBe(node);
  });

  it('spares pods with a budget while others are enough', () => {
    const harness = new Harness(nodeOf('a'));
    harness.core.putBudget(budget('keep', 'kept', 0));
    harness.place(ranked('kept', '2', 1, 0, { app: 'kept' }), 'a').place(ranked('free', '2', 5), 'a');
    harness.add(ranked('p', '2', 10)).run();
    expect(victimsOf(harness, 'p')).toEqual(['free']);
  });

  it('breaks a budget rather than not at all', () => {
    const harness = new Harness(nodeOf('a'));
    harness.core.putBudget(budget('keep', 'kept', 0));
    harness
      .place(ranked('kept', '4', 1, 0, { app: 'kept' }), 'a')
      .add(ranked('p', '2', 10))
      .run();
    expect(victimsOf(harness, 'p')).toEqual(['kept']);
  });

  it('keeps the room for the pod it was made for', () => {
    const harness = new Harness(nodeOf('a'))
      .place(ranked('low', '4', 1), 'a')
      .add(ranked('p', '4', 10))
      .run();
    harness.remove('low');
    harness.add(ranked('sneaky', '1', 0), ranked('equal', '1', 10)).run();
    expect(harness.nodeOf('sneaky')).toBeUndefined();
    expect(harness.nodeOf('equal')).toBeUndefined();
    expect(harness.settle().nodeOf('p')).toBe('a');
  });

  it('lets a more important pod have the room, and makes the other look again', () => {
    const harness = new Harness(nodeOf('a'))
      .place(ranked('low', '4', 1), 'a')
      .add(ranked('p', '4', 10))
      .run();
    harness.remove('low');
    harness.add(ranked('boss', '4', 20)).run();
    expect(harness.nodeOf('boss')).toBe('a');
    expect(harness.settle().nodeOf('p')).toBeUndefined();
  });

  it('does not preempt again while those it told to leave are leaving', () => {
    const harness = new Harness(nodeOf('a'), nodeOf('b'));
    harness
      .place(ranked('low', '4', 1), 'a')
      .place(ranked('mid', '4', 5), 'b')
      .add(ranked('p', '4', 10))
      .run();
    expect(victimsOf(harness, 'p')).toEqual(['low']);
    // something that wakes it although the victim is still there
    harness.now += 11_000;
    harness.place(podOf('tiny'), 'a').remove('tiny');
    harness.run();
    expect(victimsOf(harness, 'p')).toEqual([]);
    expect(harness.whyNot('p')).toContain('not eligible due to a terminating pod on the nominated node.');
    expect(harness.failed.get('p')?.nominatedNode).toBe('a');
    harness.remove('low');
    expect(harness.settle().nodeOf('p')).toBe('a');
  });

  it('gives the room up when the victims cannot be told', () => {
    const harness = new Harness(nodeOf('a'))
      .place(ranked('low', '3', 1), 'a')
      .add(ranked('p', '4', 10))
      .run();
    const decision = harness.failed.get('p');
    if (decision) harness.core.notPreempted(decision);
    expect(
      harness
        .add(ranked('other', '1', 0))
        .run()
        .nodeOf('other'),
    ).toBe('a');
  });

  it('knows after a restart which room was made for whom', () => {
    const harness = new Harness(nodeOf('a')).place(ranked('low', '3', 1), 'a');
    harness
      .add({ ...ranked('p', '4', 10), status: { nominatedNodeName: 'a' } }, ranked('other', '1', 0))
      .run();
    expect(harness.nodeOf('other')).toBeUndefined();
    harness.remove('low');
    expect(harness.settle().nodeOf('p')).toBe('a');
  });

  it('makes pods leave that a pod cannot be near to', () => {
    const shy = podOf(
      'p',
      {},
      {
        spec: {
          priority: 10,
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'loud' } } },
              ],
            },
          },
        },
      },
    );
    const harness = new Harness(nodeOf('a')).place(ranked('loud', '1', 1, 0, { app: 'loud' }), 'a');
    harness
      .place(ranked('quiet', '1', 1), 'a')
      .add(shy)
      .run();
    expect(victimsOf(harness, 'p')).toEqual(['loud']);
    harness.remove('loud');
    expect(harness.settle().nodeOf('p')).toBe('a');
  });
});
