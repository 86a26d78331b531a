import { describe, expect, it } from 'vitest';
import { podOf, readyPod } from '../pods/fixtures.ts';
import { type Budget, decideBudget, expectedOf, failedBudget } from './budget.ts';
import { staleTarget } from './stale-target.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const budget = (spec: Budget['spec'], status?: Budget['status']): Budget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'b', namespace: 'ns', generation: 3 },
  spec,
  ...(status ? { status } : {}),
});

describe('what a budget expects', () => {
  it.each([
    [{ minAvailable: 2 }, 5, 9, { pods: 5, healthy: 2 }],
    [{ minAvailable: '50%' }, 5, 9, { pods: 9, healthy: 5 }],
    [{ maxUnavailable: 2 }, 5, 9, { pods: 9, healthy: 7 }],
    [{ maxUnavailable: '30%' }, 5, 10, { pods: 10, healthy: 7 }],
    [{ maxUnavailable: 20 }, 5, 9, { pods: 9, healthy: 0 }],
    [{}, 5, 9, { pods: 0, healthy: 0 }],
  ])('%j of %i pods and a scale of %i is %j', (spec, pods, scale, wanted) => {
    expect(expectedOf(budget(spec), pods, scale)).toEqual(wanted);
  });
});

describe('the status of a budget', () => {
  const pods = [
    readyPod('a'),
    readyPod('b'),
    podOf('c'),
    readyPod('d', { metadata: { deletionTimestamp: 'x' } }),
  ];

  it('counts ready pods that stay, and allows what is left', () => {
    const { status } = decideBudget(budget({ minAvailable: 1 }), pods, { pods: 4, healthy: 1 }, NOW);
    expect(status).toMatchObject({
      currentHealthy: 2,
      desiredHealthy: 1,
      expectedPods: 4,
      disruptionsAllowed: 1,
    });
    expect(status.conditions).toMatchObject([
      { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', observedGeneration: 3 },
    ]);
  });

  it('is the very same object when nothing changed, also at a later time', () => {
    const { status } = decideBudget(budget({ minAvailable: 1 }), pods, { pods: 4, healthy: 1 }, NOW);
    const again = budget({ minAvailable: 1 }, status);
    expect(decideBudget(again, pods, { pods: 4, healthy: 1 }, NOW + 5000).status).toBe(status);
  });

  it('allows nothing without pods', () => {
    const { status } = decideBudget(budget({ minAvailable: 0 }), [], { pods: 0, healthy: 0 }, NOW);
    expect(status.disruptionsAllowed).toBe(0);
    expect(status.conditions).toMatchObject([{ status: 'False', reason: 'InsufficientPods' }]);
  });

  it('does not count pods that are about to go, for two minutes', () => {
    const disruptedPods = {
      a: '2026-01-01T11:59:00Z',
      b: '2026-01-01T11:57:00Z',
      gone: '2026-01-01T11:59:00Z',
    };
    const before = budget({ minAvailable: 0 }, { disruptedPods });
    const { status, afterMs, overdue } = decideBudget(before, pods, { pods: 3, healthy: 0 }, NOW);
    expect(status).toMatchObject({ currentHealthy: 1, disruptedPods: { a: '2026-01-01T11:59:00Z' } });
    expect(Object.keys(status.disruptedPods ?? {})).toEqual(['a']);
    expect(afterMs).toBe(60_000);
    expect(overdue.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('allows nothing when it cannot be known', () => {
    const status = failedBudget(budget({ minAvailable: 1 }, { disruptionsAllowed: 4 }), 'why', NOW);
    expect(status).toMatchObject({
      disruptionsAllowed: 0,
      conditions: [{ reason: 'SyncFailed', message: 'why' }],
    });
  });
});

describe('an announced disruption', () => {
  const told = (reason: string) =>
    podOf('p', {
      status: {
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime: '2026-01-01T11:59:00Z' },
        ],
      },
    });
  it('is taken back two minutes later, unless the node agent announced it', () => {
    expect(staleTarget(told('EvictionByEvictionAPI'), NOW)).toEqual({ afterMs: 60_000 });
    expect(staleTarget(told('EvictionByEvictionAPI'), NOW + 60_000)).toEqual({
      conditions: [{ type: 'DisruptionTarget', status: 'False', lastTransitionTime: '2026-01-01T12:01:00Z' }],
    });
    expect(staleTarget(told('TerminationByKubelet'), NOW + 600_000)).toBeUndefined();
  });
});
