import { describe, expect, it } from 'vitest';
import type { Node, Pod } from '../src/types.ts';
import { Harness } from './harness.ts';
import { nodeOf, podOf } from './objects.ts';

const MB = 1024 * 1024;
const image = (name: string, megabytes: number): object => ({ names: [name], sizeBytes: megabytes * MB });
const withImages = (name: string, ...images: object[]): Node =>
  nodeOf(name, {}, { status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' }, images } });
const prefers = (weight: number, key: string): object => ({
  weight,
  preference: { matchExpressions: [{ key, operator: 'Exists' }] },
});
const preferring = (...terms: object[]): Pod =>
  podOf(
    'p',
    {},
    {
      spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: terms } } },
    },
  );
const labeled = (name: string, ...labels: string[]): Node =>
  nodeOf(name, {}, { metadata: { labels: Object.fromEntries(labels.map((label) => [label, 'x'])) } });
const softly = (name: string, ...keys: string[]): Node =>
  nodeOf(name, {}, { spec: { taints: keys.map((key) => ({ key, effect: 'PreferNoSchedule' })) } });

describe('of the nodes that take a pod', () => {
  const choose = (pod: Pod, ...nodes: Node[]) => new Harness(...nodes).add(pod).run().nodeOf('p');

  it('the one with the most room is chosen', () => {
    expect(
      choose(podOf('p', { cpu: '1', memory: '1Gi' }), nodeOf('a'), nodeOf('b', { cpu: '8', memory: '16Gi' })),
    ).toBe('b');
  });

  it('the one is chosen whose CPU and memory would be used alike', () => {
    const harness = new Harness(
      nodeOf('a', { cpu: '10', memory: '10Gi' }),
      nodeOf('b', { cpu: '10', memory: '10Gi' }),
    );
    harness
      .place(podOf('x', { cpu: '6', memory: '2Gi' }), 'a')
      .place(podOf('y', { cpu: '4', memory: '4Gi' }), 'b');
    expect(
      harness
        .add(podOf('p', { cpu: '1', memory: '1Gi' }))
        .run()
        .nodeOf('p'),
    ).toBe('b');
  });

  it('the one that has the image is chosen when it is large', () => {
    expect(choose(podOf('p'), withImages('a'), withImages('b', image('c:1', 900)))).toBe('b');
    expect(choose(podOf('p'), withImages('a'), withImages('b', image('c:1', 10)))).toBe('a');
  });

  it('the one that is preferred more is chosen', () => {
    const pod = preferring(prefers(1, 'good'), prefers(50, 'better'));
    expect(choose(pod, labeled('a'), labeled('b', 'good'), labeled('c', 'better'))).toBe('c');
    expect(choose(pod, labeled('a', 'good', 'better'), labeled('b', 'better'))).toBe('a');
  });

  it('the one with the fewest unwanted taints is chosen', () => {
    expect(choose(podOf('p'), softly('a', 'x', 'y'), softly('b', 'x'))).toBe('b');
    expect(
      choose(
        podOf('p', {}, { spec: { tolerations: [{ operator: 'Exists' }] } }),
        softly('a', 'x'),
        softly('b'),
      ),
    ).toBe('a');
  });

  it('pods that ask for nothing are spread all the same', () => {
    const harness = new Harness(nodeOf('a'), nodeOf('b'));
    harness.add(...['p', 'q', 'r', 's'].map((name) => podOf(name))).run();
    const on = ['p', 'q', 'r', 's'].map((name) => harness.nodeOf(name));
    expect(on.filter((name) => name === 'a')).toHaveLength(2);
  });
});

describe('the order', () => {
  it('is by priority, then by age', () => {
    const harness = new Harness(nodeOf('a', { cpu: '2' }));
    harness.add(podOf('first', { cpu: '1' }), podOf('second', { cpu: '1' }));
    harness.add(podOf('high', { cpu: '1' }, { spec: { priority: 5 } })).run();
    expect(['first', 'second', 'high'].map((name) => harness.nodeOf(name))).toEqual(['a', undefined, 'a']);
  });

  it('waits longer after each failure, but not more than ten seconds', () => {
    const harness = new Harness(nodeOf('a', { cpu: '0' })).add(podOf('p', { cpu: '1' })).run();
    harness.core.putNode(nodeOf('b', { cpu: '2', pods: '1' }));
    harness.place(podOf('full'), 'b');
    let tries = 0;
    const event = (second: number) => {
      // worth a try each time, never enough, and not the same message twice
      harness.core.putNode(nodeOf(`empty${second}`, { cpu: '0' }));
      harness.remove('full');
      harness.place(podOf('full'), 'b');
    };
    for (let second = 0; second < 60; second++) {
      event(second);
      harness.run(() => tries++);
      harness.now += 1000;
    }
    expect(tries).toBeGreaterThan(5);
    expect(tries).toBeLessThan(15);
  });

  it('says the same thing again only now and then', () => {
    const harness = new Harness(nodeOf('a', { cpu: '1', pods: '1' })).place(podOf('full'), 'a');
    harness.add(podOf('p', { cpu: '1' })).run();
    let said = 0;
    for (let second = 0; second < 600; second++) {
      harness.remove('full');
      harness.place(podOf('full'), 'a');
      harness.run(() => said++);
      harness.now += 1000;
    }
    expect(said).toBe(2);
  });

  it('does not place pods with resource claims, and says so', () => {
    const claiming = podOf(
      'p',
      {},
      { spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] } },
    );
    const harness = new Harness(nodeOf('a')).add(claiming).run();
    expect(harness.whyNot('p')).toContain('0/1 nodes are available: resource claims are not supported.');
  });

  it('does not place pods that ask for too much, in no time', () => {
    const matchExpressions = Array.from({ length: 20_000 }, (_, i) => ({
      key: `k${i}`,
      operator: 'DoesNotExist',
    }));
    const required = { nodeSelectorTerms: [{ matchExpressions }] };
    const asking = podOf(
      'p',
      {},
      {
        spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } },
      },
    );
    const harness = new Harness(nodeOf('a')).add(asking).run();
    expect(harness.whyNot('p')).toContain(
      'more than 1000 terms, requirements and tolerations are not supported.',
    );
  });

  it('leaves gated pods out until their gates are gone', () => {
    const gated = podOf('p', {}, { spec: { schedulingGates: [{ name: 'x' }] } });
    const harness = new Harness(nodeOf('a')).add(gated).run();
    expect(harness.nodeOf('p')).toBeUndefined();
    expect(harness.whyNot('p')).toBeUndefined();
    expect(harness.add(podOf('p')).run().nodeOf('p')).toBe('a');
  });

  it('tries everything again after five minutes', () => {
    const harness = new Harness(nodeOf('a', { cpu: '1' })).add(podOf('p', { cpu: '2' })).run();
    let tries = 0;
    harness.now += 4 * 60_000;
    harness.run(() => tries++);
    expect(tries).toBe(0);
    harness.now += 61_000;
    harness.run(() => tries++);
    expect(tries).toBe(1);
  });
});
