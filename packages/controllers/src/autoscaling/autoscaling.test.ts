import { describe, expect, it } from 'vitest';
import { podOf, random } from '../pods/fixtures.ts';
import type { Pod } from '../workloads/objects.ts';
import { decideScale, needsMetrics } from './decision.ts';
import { type History, limit, NO_HISTORY, remember, stabilize } from './limits.ts';
import type { MetricsSource, PodMetrics } from './metrics.ts';
import type { Autoscaler, MetricSpec } from './objects.ts';
import { MetricError, type MetricProposal, propose } from './propose.ts';
import {
  replicasForAverage,
  replicasForShare,
  replicasForUtilization,
  replicasForValue,
} from './replica-count.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const OLD = '2026-01-01T10:00:00Z';
const tolerances = { up: 0.1, down: 0.1 };

/** `+` ready, `-` unready since it started, `p` pending, `x` failed. */
const pods = (states: string, cpu = '100m'): Pod[] =>
  [...states].map((state, i) =>
    podOf(`p${i}`, {
      spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] },
      status: {
        phase: state === 'p' ? 'Pending' : state === 'x' ? 'Failed' : 'Running',
        startTime: OLD,
        conditions: [{ type: 'Ready', status: state === '+' ? 'True' : 'False', lastTransitionTime: OLD }],
      },
    }),
  );
const using = (...values: (number | undefined)[]): PodMetrics =>
  new Map(
    values.flatMap((value, i) =>
      value === undefined ? [] : [[`p${i}`, { value, timestamp: NOW, windowMs: 60_000 }] as const],
    ),
  );
const facts = (states: string, metrics: PodMetrics, current = states.length) => ({
  current,
  pods: pods(states),
  metrics,
  resource: 'cpu',
  tolerances,
  now: NOW,
});

describe('replicas for a utilization of 50%', () => {
  it.each([
    ['twice the use', '++', using(100, 100), 4],
    ['half the use', '++++', using(25, 25, 25, 25), 2],
    ['a little more', '++', using(54, 54), 2],
    ['unready pods when more is needed: they count as idle', '++-', using(100, 100, 100), 4],
    ['a failed pod, which does not count', '++x', using(100, 100, 100), 4],
    ['a pending pod when more is needed', '++p', using(70, 70), 3],
    ['a missing pod when less is needed: it counts as busy', '++++', using(10, 10, 10), 3],
    ['a missing pod when more is needed: it counts as idle', '+++', using(60, 60), 3],
    ['missing pods that turn the tables', '++++', using(20, 20), 4],
  ])('with %s', (_, states, metrics, wanted) => {
    expect(replicasForUtilization(facts(states, metrics), 50).replicas).toBe(wanted);
  });

  it('tells what is used', () => {
    expect(replicasForUtilization(facts('++', using(100, 60)), 50)).toEqual({
      replicas: 4,
      averageValue: 80,
      averageUtilization: 80,
    });
  });

  it('cannot be told without requests, metrics or pods', () => {
    const bare = {
      ...facts('+', using(100)),
      pods: [podOf('p0', { spec: { containers: [{ name: 'c' }] }, status: { startTime: OLD } })],
    };
    expect(() => replicasForUtilization(bare, 50)).toThrow(
      'missing request for cpu in container c of Pod p0',
    );
    expect(() => replicasForUtilization(facts('++', using()), 50)).toThrow('did not receive metrics');
    expect(() => replicasForUtilization(facts('', using(1)), 50)).toThrow('no pods returned by selector');
  });
});

describe('replicas for other targets', () => {
  it.each([
    [using(2000, 4000), 1000, 6],
    [using(1050, 1050), 1000, 2],
    [using(100, 100), 1000, 1],
  ])('an average of each pod', (metrics, target, wanted) => {
    const input = { ...facts('++', metrics), resource: undefined };
    expect(replicasForAverage(input, target).replicas).toBe(wanted);
  });

  it('a value of one object, and a share of a common one', () => {
    expect(replicasForValue(3, 200, 100, 3, tolerances)).toBe(6);
    expect(replicasForValue(3, 105, 100, 3, tolerances)).toBe(3);
    expect(replicasForValue(0, 250, 100, 0, tolerances)).toBe(3);
    expect(replicasForShare(3, 1000, 100, tolerances)).toBe(10);
    expect(replicasForShare(10, 1050, 100, tolerances)).toBe(10);
    expect(replicasForShare(0, 250, 100, tolerances)).toBe(3);
  });
});

const scaler = (spec: Partial<Autoscaler['spec']> = {}): Autoscaler => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h', namespace: 'ns' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 2, maxReplicas: 20, ...spec },
});
const ago = (seconds: number) => NOW - seconds * 1000;
const policies = (type: string, value: number, periodSeconds = 60) => [{ type, value, periodSeconds }];

describe('stabilization', () => {
  const recommended = (...list: [number, number][]): History => ({
    ...NO_HISTORY,
    recommendations: list.map(([replicas, seconds]) => ({ replicas, at: ago(seconds) })),
  });
  it('scales down by the highest recommendation of five minutes, and up at once', () => {
    const history = recommended([9, 400], [7, 200], [6, 100]);
    expect(stabilize(scaler(), 8, 5, history, NOW)).toMatchObject({
      replicas: 7,
      told: { reason: 'ScaleDownStabilized' },
    });
    expect(stabilize(scaler(), 8, 12, history, NOW).replicas).toBe(12);
    expect(stabilize(scaler(), 8, 5, history, NOW).recommendations).toHaveLength(3);
  });

  it('scales up by the lowest one where it is told to wait', () => {
    const behavior = {
      scaleUp: { stabilizationWindowSeconds: 300 },
      scaleDown: { stabilizationWindowSeconds: 0 },
    };
    const history = recommended([10, 200], [11, 100]);
    expect(stabilize(scaler({ behavior }), 8, 15, history, NOW)).toMatchObject({
      replicas: 10,
      told: { reason: 'ScaleUpStabilized' },
    });
    expect(stabilize(scaler({ behavior }), 8, 3, history, NOW).replicas).toBe(3);
  });
});

describe('limits', () => {
  it.each([
    ['bounds', {}, 10, 30, 20, 'TooManyReplicas'],
    ['bounds', {}, 3, 1, 2, 'TooFewReplicas'],
    ['doubling', {}, 3, 9, 6, 'ScaleUpLimit'],
    ['the few first', {}, 2, 9, 4, 'ScaleUpLimit'],
    ['nothing', {}, 6, 7, 7, 'DesiredWithinRange'],
    ['pods up', { behavior: { scaleUp: { policies: policies('Pods', 2) } } }, 5, 9, 7, 'ScaleUpLimit'],
    [
      'percent up',
      { behavior: { scaleUp: { policies: policies('Percent', 50) } } },
      5,
      20,
      8,
      'ScaleUpLimit',
    ],
    [
      'the smaller of two',
      {
        behavior: {
          scaleUp: { selectPolicy: 'Min', policies: [...policies('Pods', 9), ...policies('Percent', 20)] },
        },
      },
      5,
      20,
      6,
      'ScaleUpLimit',
    ],
    ['no growth', { behavior: { scaleUp: { selectPolicy: 'Disabled' } } }, 5, 9, 5, 'ScaleUpLimit'],
    ['pods down', { behavior: { scaleDown: { policies: policies('Pods', 1) } } }, 9, 3, 8, 'ScaleDownLimit'],
    [
      'percent down',
      { behavior: { scaleDown: { policies: policies('Percent', 50) } } },
      9,
      3,
      4,
      'ScaleDownLimit',
    ],
  ])('by %s', (_, spec, current, desired, wanted, reason) => {
    const result = limit(scaler(spec), current, desired, NO_HISTORY, NOW);
    expect([result.replicas, result.told.reason]).toEqual([wanted, reason]);
  });

  it('count what was done within the period', () => {
    const behavior = {
      scaleUp: { policies: policies('Pods', 4) },
      scaleDown: { policies: policies('Pods', 4) },
    };
    const object = scaler({ behavior });
    const history = remember(object, NO_HISTORY, 5, 8, ago(30));
    expect(limit(object, 8, 20, history, NOW).replicas).toBe(9);
    expect(limit(object, 8, 20, history, NOW + 60_000).replicas).toBe(12);
    expect(remember(object, history, 8, 9, NOW + 99_000).ups).toHaveLength(1);
  });
});

describe('a decision', () => {
  const proposal = (replicas: number): MetricProposal => ({
    replicas,
    name: 'cpu',
    status: { type: 'Resource' },
  });
  const failure = new MetricError('FailedGetResourceMetric', 'no metrics');
  const decide = (current: number, ...proposals: (MetricProposal | MetricError)[]) =>
    decideScale(scaler(), current, proposals, NO_HISTORY, [], NOW);
  const told = ({ conditions }: ReturnType<typeof decide>) =>
    conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

  it('takes the largest proposal', () => {
    const decision = decide(5, proposal(6), proposal(8));
    expect([decision.replicas, decision.reason]).toEqual([8, 'cpu above target']);
    expect(told(decision)).toEqual([
      'ScalingActive True ValidMetricFound',
      'AbleToScale True ReadyForNewScale',
      'ScalingLimited False DesiredWithinRange',
    ]);
  });

  it('brings replicas back within bounds without asking for metrics', () => {
    expect(decide(1)).toMatchObject({
      replicas: 2,
      reason: 'Current number of replicas below Spec.MinReplicas',
    });
    expect(decide(30)).toMatchObject({
      replicas: 20,
      reason: 'Current number of replicas above Spec.MaxReplicas',
    });
    expect([1, 5, 30].map((current) => needsMetrics(scaler(), current))).toEqual([false, true, false]);
  });

  it('leaves a target alone that was scaled to nothing', () => {
    const decision = decide(0);
    expect([decision.replicas, told(decision)]).toEqual([0, ['ScalingActive False ScalingDisabled']]);
  });

  it('never scales down while a metric is missing, but up', () => {
    expect(decide(5, proposal(3), failure)).toMatchObject({
      replicas: 5,
      failure: { reason: 'FailedComputeMetricsReplicas' },
    });
    expect(decide(5, proposal(7), failure).replicas).toBe(7);
    const none = decide(5, failure, failure);
    expect([none.replicas, none.failure?.message]).toEqual([
      5,
      'invalid metrics (2 invalid out of 2), first error is: no metrics',
    ]);
    expect(told(none)).toEqual(['ScalingActive False FailedGetResourceMetric']);
  });

  it.each([1, 2, 3, 4, 5])('comes to rest under steady load, within its bounds (seed %i)', (seed) => {
    const next = random(seed);
    const object = scaler({
      minReplicas: 1 + Math.floor(next() * 3),
      maxReplicas: 10 + Math.floor(next() * 20),
    });
    const load = Math.floor(next() * 4000);
    let history: History = NO_HISTORY;
    let current = 1 + Math.floor(next() * 20);
    const seen: number[] = [];
    for (let step = 0; step < 80; step++) {
      const now = NOW + step * 15_000;
      const metrics = using(...Array.from({ length: current }, () => load / current));
      const replicas = needsMetrics(object, current)
        ? replicasForUtilization(facts('+'.repeat(current), metrics), 80).replicas
        : 0;
      const decision = decideScale(object, current, [proposal(replicas)], history, [], now);
      ({ replicas: current, history } = decision);
      seen.push(current);
      expect(current).toBeGreaterThanOrEqual(object.spec.minReplicas ?? 1);
      expect(current).toBeLessThanOrEqual(object.spec.maxReplicas);
    }
    expect(new Set(seen.slice(-30)).size).toBe(1);
    const ideal = Math.min(object.spec.maxReplicas, Math.max(object.spec.minReplicas ?? 1, load / 80));
    expect(Math.abs(current - ideal) / ideal).toBeLessThan(0.6);
  });
});

describe('a proposal', () => {
  const source: MetricsSource = {
    resource: async () => using(100, 100),
    pods: async () => using(3000, 1000),
    object: async () => 5000,
    external: async () => [1000, 2000],
  };
  const ask = (metric: MetricSpec) =>
    propose({ scaler: scaler(), current: 2, selector: 'a=b', pods: pods('++'), source, now: NOW }, metric);
  const target = (type: string, rest: object) => ({ type, ...rest });

  it('comes of each type of metric', async () => {
    const cpu = { name: 'cpu', target: target('Utilization', { averageUtilization: 50 }) };
    expect(await ask({ type: 'Resource', resource: cpu })).toMatchObject({
      replicas: 4,
      status: { resource: { name: 'cpu', current: { averageUtilization: 100, averageValue: '100m' } } },
    });
    const metric = { name: 'requests' };
    const perPod = target('AverageValue', { averageValue: '1' });
    expect((await ask({ type: 'Pods', pods: { metric, target: perPod } })).replicas).toBe(4);
    const describedObject = { kind: 'Ingress', name: 'i' };
    const whole = target('Value', { value: '2500m' });
    expect(await ask({ type: 'Object', object: { metric, describedObject, target: whole } })).toMatchObject({
      replicas: 4,
      status: { object: { current: { value: '5' } } },
    });
    expect(await ask({ type: 'External', external: { metric, target: perPod } })).toMatchObject({
      replicas: 3,
      status: { external: { current: { averageValue: '1500m' } } },
    });
  });

  it('fails with the reason of its type', async () => {
    const broken = { ...source, resource: async () => Promise.reject(new Error('no API')) };
    const cpu = { name: 'cpu', target: target('Utilization', { averageUtilization: 50 }) };
    const input = { scaler: scaler(), current: 2, selector: '', pods: pods('++'), source: broken, now: NOW };
    await expect(propose(input, { type: 'Resource', resource: cpu })).rejects.toMatchObject({
      reason: 'FailedGetResourceMetric',
      message: 'failed to get cpu utilization: unable to get metrics for resource cpu: no API',
    });
  });
});
