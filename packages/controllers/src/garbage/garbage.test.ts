import type { OwnerReference } from '@sampan/api';
import { REFS } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { decide, type OwnerState } from './decision.ts';
import { type Facts, factsOf } from './facts.ts';
import { OwnerGraph } from './graph.ts';
import { ResourceMap } from './resource-map.ts';

const owner = (uid: string, block = false): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: uid,
  uid,
  blockOwnerDeletion: block,
});
const item = (uid: string, owners: OwnerReference[] = [], more: Partial<Facts> = {}): Facts => ({
  uid,
  ref: REFS.configMaps,
  namespace: 'default',
  name: uid,
  owners,
  beingDeleted: false,
  foreground: false,
  orphaning: false,
  ...more,
});

describe('what is remembered of an object', () => {
  const object = (metadata: object) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { uid: 'u', ...metadata },
  });
  it('is nothing when nobody owns it and its deletion waits for nobody', () => {
    expect(factsOf(REFS.configMaps, object({}))).toBeUndefined();
    expect(
      factsOf(REFS.configMaps, object({ deletionTimestamp: 't', finalizers: ['other'] })),
    ).toBeUndefined();
    expect(factsOf(REFS.configMaps, object({ finalizers: ['orphan'] }))).toBeUndefined();
  });
  it('is its owners, and what its deletion waits for', () => {
    expect(factsOf(REFS.configMaps, object({ ownerReferences: [owner('a')] }))?.owners).toHaveLength(1);
    const waiting = object({ deletionTimestamp: 't', finalizers: ['foregroundDeletion'] });
    expect(factsOf(REFS.configMaps, waiting)).toMatchObject({ foreground: true, beingDeleted: true });
  });
});

describe('the graph of owners', () => {
  it('asks for a look at new dependents, and at dependents of what is gone', () => {
    const graph = new OwnerGraph();
    expect([...graph.put('b', item('b', [owner('a')])).check]).toEqual(['b']);
    expect([...graph.put('b', item('b', [owner('a')])).check]).toEqual([]);
    expect([...graph.remove('a').check]).toEqual(['b']);
    graph.remove('b');
    expect(graph.size).toBe(0);
    expect([...graph.remove('a').check]).toEqual([]);
  });

  it('asks for a look at an owner that nothing holds up any more', () => {
    const graph = new OwnerGraph();
    graph.put('b', item('b', [owner('a', true)]));
    const work = graph.put('a', item('a', [], { foreground: true, beingDeleted: true }));
    expect([...work.check].sort()).toEqual(['a', 'b']);
    expect(graph.blockingDependentsOf('a').map(({ uid }) => uid)).toEqual(['b']);
    expect([...graph.put('b', item('b', [owner('a', false)])).check]).toEqual(['a']);
    expect([...graph.remove('b').check]).toEqual(['a']);
  });

  it('frees dependents once for an orphaning owner', () => {
    const graph = new OwnerGraph();
    const orphaning = item('a', [], { orphaning: true, beingDeleted: true });
    expect([...graph.put('a', orphaning).orphan]).toEqual(['a']);
    expect([...graph.put('a', orphaning).orphan]).toEqual([]);
  });
});

describe('the decision on a dependent', () => {
  const a = owner('a');
  const b = owner('b');
  const states = (first: OwnerState, second: OwnerState) =>
    new Map([
      [a, first],
      [b, second],
    ]);
  const latest = { owners: [a, b], finalizers: [] as string[] };

  it.each([
    ['solid', 'solid', [], { action: 'keep' }],
    ['solid', 'dangling', [], { action: 'release', uids: new Set(['b']) }],
    ['waiting', 'solid', [], { action: 'release', uids: new Set(['a']) }],
    ['dangling', 'dangling', [], { action: 'delete', propagation: 'Background', unblock: false }],
    ['waiting', 'dangling', [], { action: 'delete', propagation: 'Background', unblock: false }],
    ['waiting', 'dangling', [item('c')], { action: 'delete', propagation: 'Foreground', unblock: false }],
    [
      'waiting',
      'waiting',
      [item('c', [], { foreground: true })],
      { action: 'delete', propagation: 'Foreground', unblock: true },
    ],
  ] as const)('with owners %s and %s and dependents %j', (first, second, dependents, decision) => {
    expect(decide(latest, states(first, second), dependents)).toEqual(decision);
  });

  it('honours the propagation that its finalizers ask for', () => {
    const gone = states('dangling', 'dangling');
    expect(decide({ ...latest, finalizers: ['orphan'] }, gone, [])).toMatchObject({ propagation: 'Orphan' });
    const foreground = decide({ ...latest, finalizers: ['foregroundDeletion'] }, gone, []);
    expect(foreground).toMatchObject({ propagation: 'Foreground' });
    expect(decide({ owners: [], finalizers: [] }, new Map(), [])).toEqual({ action: 'keep' });
  });
});

describe('the map of resources', () => {
  const verbs = ['get', 'list', 'watch', 'delete'];
  const ref = (group: string, version: string, resource: string, kind: string, more: string[] = verbs) => ({
    group,
    version,
    resource,
    kind,
    namespaced: true,
    verbs: more,
  });
  it('collects each resource in one version, and neither events nor what cannot be deleted', () => {
    const map = new ResourceMap([
      ref('', 'v1', 'events', 'Event'),
      ref('metrics', 'v1', 'pods', 'PodMetrics', ['get', 'list']),
      ref('a', 'v2', 'boats', 'Boat'),
      ref('a', 'v1', 'boats', 'Boat'),
    ]);
    expect([...map.collected.keys()]).toEqual(['boats.a']);
    expect(map.find('a/v1', 'Boat')?.version).toBe('v1');
    expect(map.find('a/v0', 'Boat')?.version).toBe('v2');
    expect(map.find('b/v1', 'Boat')).toBeUndefined();
  });
});
