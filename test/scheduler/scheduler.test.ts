import { REFS } from '@sampan/machinery';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { asking, Cluster, WAYS } from './setup.ts';

describe.each(WAYS)('the scheduler on a control plane, %s', (way) => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = await Cluster.start(way);
  });
  afterEach(async () => {
    await cluster.close();
    expect(cluster.plane.errors).toEqual([]);
  });

  it('binds a pod, says so in its status and tells of it in an event', async () => {
    await cluster.addNode('paper', { cpu: '2', memory: '4Gi' });
    await cluster.addPod('a', asking({ cpu: '1' }));
    await eventually('a node', () => cluster.nodeOf('a') === 'paper');
    const conditions = cluster.pod('a')?.status?.conditions;
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'PodScheduled', status: 'True' }));
    await eventually('an event', () =>
      cluster.eventsOf('a').includes('Scheduled: Successfully assigned default/a to paper'),
    );
    const [event] = cluster.plane.control.reader.list('events', 'default');
    expect(event?.involvedObject).toMatchObject({ apiVersion: 'v1', kind: 'Pod', name: 'a' });
  });

  it('says why a pod has no node, and binds it when an event helps', async () => {
    await cluster.addPod('a', asking({ cpu: '1' }));
    await eventually('a reason', () => cluster.whyNot('a'));
    expect(cluster.whyNot('a')).toBe('Unschedulable: no nodes available to schedule pods');
    await cluster.addNode('small', { cpu: '500m', memory: '4Gi' });
    const noRoom =
      'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu. ' +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    await cluster.addPod('b', asking({ cpu: '1' }));
    await eventually('the reason', () => cluster.whyNot('b') === noRoom);
    expect(cluster.eventsOf('b').some((text) => text.startsWith('FailedScheduling: 0/1 nodes'))).toBe(true);
    await cluster.addNode('large', { cpu: '4', memory: '4Gi' });
    await eventually('both bound', () => cluster.nodeOf('a') === 'large' && cluster.nodeOf('b') === 'large');
  });

  it('leaves pods alone that name another scheduler or are gated', async () => {
    await cluster.addNode('paper', { cpu: '2', memory: '4Gi' });
    await cluster.addPod('other', { schedulerName: 'theirs' });
    await cluster.addPod('gated', { schedulingGates: [{ name: 'example.com/wait' }] });
    await cluster.addPod('ours');
    await eventually('ours bound', () => cluster.nodeOf('ours'));
    expect(cluster.nodeOf('other')).toBeUndefined();
    expect(cluster.nodeOf('gated')).toBeUndefined();
    await cluster.client.patch(REFS.pods, 'default', 'gated', 'merge', { spec: { schedulingGates: null } });
    await eventually('the gated one bound', () => cluster.nodeOf('gated'));
    expect(cluster.nodeOf('other')).toBeUndefined();
  });

  it('preempts for a more important pod, which gets the room and nobody else', async () => {
    await cluster.client.create(
      {
        group: 'scheduling.k8s.io',
        version: 'v1',
        resource: 'priorityclasses',
        kind: 'PriorityClass',
        namespaced: false,
      },
      { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
    );
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await cluster.addPod('low', asking({ cpu: '800m' }));
    await eventually('low bound', () => cluster.nodeOf('low'));
    await cluster.addPod('high', asking({ cpu: '800m' }, { priorityClassName: 'high' }));
    await eventually('a nomination', () => cluster.pod('high')?.status?.nominatedNodeName === 'paper');
    await eventually('low told to leave', () => cluster.pod('low')?.metadata.deletionTimestamp);
    expect(cluster.pod('low')?.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }),
    );
    await cluster.addPod('sneaky', asking({ cpu: '800m' }));
    await cluster.endPod('low');
    await eventually('high bound', () => cluster.nodeOf('high') === 'paper');
    expect(cluster.nodeOf('sneaky')).toBeUndefined();
    expect(cluster.eventsOf('low').some((text) => text.startsWith('Preempted: Preempted by pod'))).toBe(true);
  });

  it('counts what is there after a restart', async () => {
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await cluster.addPod('a', asking({ cpu: '600m' }));
    await eventually('a bound', () => cluster.nodeOf('a'));
    await cluster.stopScheduler();
    await cluster.addPod('b', asking({ cpu: '600m' }));
    await cluster.addPod('c', asking({ cpu: '300m' }));
    await cluster.startScheduler();
    await eventually('c bound', () => cluster.nodeOf('c'));
    await eventually('b refused', () => cluster.whyNot('b'));
    expect(cluster.nodeOf('b')).toBeUndefined();
  });

  it('never overcommits nodes that many pods come to at once, while nodes and pods come and go', async () => {
    for (let i = 0; i < 5; i++) await cluster.addNode(`n${i}`, { cpu: '1', memory: '4Gi' });
    const add = (i: number) => cluster.addPod(`p${i}`, asking({ cpu: '100m' }));
    await Promise.all(Array.from({ length: 40 }, (_, i) => add(i)));
    await cluster.removeNode('n0');
    await Promise.all(Array.from({ length: 10 }, (_, i) => cluster.endPod(`p${i}`).catch(() => {})));
    await Promise.all(Array.from({ length: 30 }, (_, i) => add(40 + i)));
    const used = () => {
      const counts = new Map<string, number>();
      for (const { spec } of cluster.plane.control.reader.list('pods', 'default'))
        if (spec?.nodeName) counts.set(spec.nodeName, (counts.get(spec.nodeName) ?? 0) + 1);
      return counts;
    };
    await eventually('all room taken', () =>
      ['n1', 'n2', 'n3', 'n4'].every((name) => used().get(name) === 10),
    );
    for (const count of used().values()) expect(count).toBeLessThanOrEqual(10);
  });

  it('goes on with a pod that somebody else bound first', async () => {
    await cluster.addNode('paper', { cpu: '1', memory: '4Gi' });
    await cluster.stopScheduler();
    await cluster.addPod('a', asking({ cpu: '1' }));
    await cluster.client.create(
      REFS.pods,
      {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a', namespace: 'default' },
        target: { name: 'elsewhere' },
      },
      { subresource: 'binding', name: 'a' },
    );
    await cluster.startScheduler();
    await cluster.addPod('b', asking({ cpu: '1' }));
    await eventually('b bound', () => cluster.nodeOf('b') === 'paper');
  });
});
