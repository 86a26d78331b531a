import { describe, expect, it } from 'vitest';
import type { Node } from '../src/types.ts';
import { Harness } from './harness.ts';
import { nodeOf, podOf } from './objects.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOST = 'kubernetes.io/hostname';
const inZone = (name: string, zone: string, cpu = '4'): Node =>
  nodeOf(name, { cpu }, { metadata: { labels: { [ZONE]: zone } } });
const NODES = [inZone('a1', 'a'), inZone('a2', 'a'), inZone('b1', 'b'), inZone('c1', 'c')];
const term = (app: string, topologyKey = ZONE, more: object = {}): object => ({
  topologyKey,
  labelSelector: { matchLabels: { app } },
  ...more,
});
const near = (...terms: object[]) => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const apart = (...terms: object[]) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const app = (name: string, spec: object = {}, of = 'x') => podOf(name, {}, { labels: { app: of }, spec });
const spread = (more: object = {}): object => ({
  topologySpreadConstraints: [
    {
      topologyKey: ZONE,
      maxSkew: 1,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'x' } },
      ...more,
    },
  ],
});

describe('pod affinity', () => {
  it('puts a pod where its friend is', () => {
    const harness = new Harness(...NODES)
      .place(app('friend', {}, 'db'), 'b1')
      .add(app('p', near(term('db'))))
      .run();
    expect(harness.nodeOf('p')).toBe('b1');
  });

  it('waits for a friend, and goes where it comes', () => {
    const harness = new Harness(...NODES).add(app('p', near(term('db')))).run();
    expect(harness.whyNot('p')).toContain("4 node(s) didn't match pod affinity rules. preemption");
    harness.place(app('friend', {}, 'db'), 'c1').settle();
    expect(harness.nodeOf('p')).toBe('c1');
  });

  it('lets the first of a group that wants to be together go anywhere, and the others to it', () => {
    const harness = new Harness(...NODES).add(app('p', near(term('x'))), app('q', near(term('x')))).run();
    expect(harness.nodeOf('p')?.[0]).toBe(harness.nodeOf('q')?.[0]);
  });

  it('knows only friends of its namespace, unless it says otherwise', () => {
    const friend = podOf('friend', {}, { labels: { app: 'db' }, namespace: 'other' });
    const harness = new Harness(...NODES).place(friend, 'b1');
    harness.core.putNamespace({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other', labels: { team: 'b' } },
    });
    harness.add(
      app('own', near(term('db'))),
      app('listed', near(term('db', ZONE, { namespaces: ['other'] }))),
      app('selected', near(term('db', ZONE, { namespaceSelector: { matchLabels: { team: 'b' } } }))),
      app('unselected', near(term('db', ZONE, { namespaceSelector: { matchLabels: { team: 'c' } } }))),
    );
    harness.run();
    expect(['own', 'listed', 'selected', 'unselected'].map((name) => harness.nodeOf(name))).toEqual([
      undefined,
      'b1',
      'b1',
      undefined,
    ]);
    harness.core.putNamespace({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'other', labels: { team: 'c' } },
    });
    expect(harness.settle().nodeOf('unselected')).toBe('b1');
  });
});

describe('pod anti-affinity', () => {
  it('keeps pods apart in their topology', () => {
    const pods = ['p', 'q', 'r', 's'].map((name) => app(name, apart(term('x'))));
    const harness = new Harness(...NODES).add(...pods).run();
    const zones = ['p', 'q', 'r'].map((name) => harness.nodeOf(name)?.[0]);
    expect(zones.sort()).toEqual(['a', 'b', 'c']);
    expect(harness.whyNot('s')).toContain("4 node(s) didn't match pod anti-affinity rules.");
    harness.remove('q');
    expect(harness.settle().nodeOf('s')).toBeDefined();
  });

  it('holds for pods that come later, too', () => {
    const harness = new Harness(...NODES).place(app('shy', apart(term('loud')), 'shy'), 'a1');
    harness.add(app('loud', { nodeSelector: { [ZONE]: 'a' } }, 'loud')).run();
    expect(harness.whyNot('loud')).toContain("2 node(s) didn't satisfy existing pods anti-affinity rules.");
    harness.remove('shy');
    expect(harness.settle().nodeOf('loud')?.[0]).toBe('a');
  });

  it('prefers other domains where it is only a preference', () => {
    const shy = {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: term('x', HOST) },
          ],
        },
      },
    };
    const harness = new Harness(nodeOf('m'), nodeOf('n')).place(
      podOf('big', { cpu: '2', memory: '4Gi' }),
      'n',
    );
    harness.add(app('p', shy), app('q', shy)).run();
    expect(new Set([harness.nodeOf('p'), harness.nodeOf('q')])).toEqual(new Set(['m', 'n']));
  });
});

describe('topology spread', () => {
  it('keeps the difference between domains within the skew', () => {
    const pods = Array.from({ length: 6 }, (_, i) => app(`p${i}`, spread()));
    const harness = new Harness(...NODES).add(...pods).run();
    const zones = pods.map(({ metadata }) => harness.nodeOf(metadata.name ?? '')?.[0]);
    expect(zones.sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  });

  it('says that no node keeps the skew, and waits until one does', () => {
    const harness = new Harness(inZone('a1', 'a'), inZone('b1', 'b', '0'));
    const wanting = (name: string) => podOf(name, { cpu: '1' }, { labels: { app: 'x' }, spec: spread() });
    harness.add(wanting('p'), wanting('q')).run();
    expect(harness.nodeOf('p')).toBe('a1');
    expect(harness.whyNot('q')).toContain(
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match pod topology spread constraints.",
    );
    harness.core.putNode(inZone('b1', 'b'));
    expect(harness.settle().nodeOf('q')).toBe('b1');
  });

  it('does not take nodes without the label', () => {
    const harness = new Harness(nodeOf('n')).add(app('p', spread())).run();
    expect(harness.whyNot('p')).toContain(
      "1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });

  it('takes domains that are still to come for empty', () => {
    const pods = ['p', 'q'].map((name) => app(name, spread({ minDomains: 3 })));
    const harness = new Harness(inZone('a1', 'a')).add(...pods).run();
    expect(harness.nodeOf('p')).toBe('a1');
    expect(harness.whyNot('q')).toContain("didn't match pod topology spread constraints.");
  });

  it('leaves out nodes that the pod cannot be on for their labels, and for their taints when asked to', () => {
    const taints = [{ key: 'k', effect: 'NoSchedule' }];
    const b1 = nodeOf('b1', {}, { metadata: { labels: { [ZONE]: 'b' } }, spec: { taints } });
    const two = (more: object) => {
      const harness = new Harness(inZone('a1', 'a'), b1);
      harness.add(app('p', spread(more)), app('q', spread(more))).run();
      return [harness.nodeOf('p'), harness.nodeOf('q')];
    };
    expect(two({})).toEqual(['a1', undefined]);
    expect(two({ nodeTaintsPolicy: 'Honor' })).toEqual(['a1', 'a1']);
  });

  it('counts only pods of the same revision where it names the label', () => {
    const hash = (value: string) => ({ labels: { app: 'x', 'pod-template-hash': value } });
    const spec = spread({ matchLabelKeys: ['pod-template-hash'] });
    const harness = new Harness(inZone('a1', 'a'), inZone('b1', 'b'));
    for (const i of [1, 2, 3]) harness.place(podOf(`old${i}`, {}, hash('old')), 'b1');
    harness.place(podOf('new1', {}, hash('new')), 'a1');
    expect(
      harness
        .add(podOf('new2', {}, { ...hash('new'), spec }))
        .run()
        .nodeOf('new2'),
    ).toBe('b1');
  });

  it('spreads the pods of a ReplicaSet although nobody asked', () => {
    const ownerReferences = [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 's', uid: 's', controller: true },
    ];
    const pods = ['p', 'q', 'r'].map((name) =>
      podOf(name, {}, { metadata: { name, namespace: 'default', uid: name, ownerReferences } }),
    );
    // the two larger nodes would take all three
    const nodes = [inZone('a1', 'a', '64'), inZone('b1', 'b', '32'), inZone('c1', 'c', '4')];
    const harness = new Harness(...nodes).add(...pods).run();
    expect(new Set(['p', 'q', 'r'].map((name) => harness.nodeOf(name))).size).toBe(3);
  });
});
