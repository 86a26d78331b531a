import { describe, expect, it } from 'vitest';
import { podOf } from '../pods/fixtures.ts';
import { isStrandedOutOfService, isStrandedUnscheduled, surplusEnded } from '../pods/garbage.ts';
import type { Node } from '../workloads/objects.ts';
import { stayMs } from './eviction.ts';
import { decideHealth } from './health.ts';
import { decideTaints, type Eviction } from './taints.ts';
import { disruptionOf, EvictionLimiter } from './zones.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const node = (ready?: string, spec: Node['spec'] = {}, zone = 'a', name = 'n'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: { 'topology.kubernetes.io/zone': zone },
    creationTimestamp: '2026-01-01T11:00:00Z',
  },
  spec,
  status: { conditions: ready ? [{ type: 'Ready', status: ready, reason: 'KubeletReady' }] : [] },
});

describe('the health of a node', () => {
  it('is not doubted for 50 seconds, or 60 when it never told anything', () => {
    expect(decideHealth(node('True'), 20_000, NOW)).toEqual({ afterMs: 30_000 });
    expect(decideHealth(node(), 20_000, NOW)).toEqual({ afterMs: 40_000 });
  });

  it('is unknown after that, with what else it told, once', () => {
    const { conditions = [] } = decideHealth(node('True'), 50_001, NOW);
    expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
      ['Ready', 'Unknown', 'NodeStatusUnknown'],
      ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
    ]);
    expect(decideHealth({ ...node(), status: { conditions } }, 99_000, NOW)).toEqual({});
  });
});

describe('taints of a node', () => {
  const keys = (object: Node, eviction: Eviction = 'yes') =>
    (decideTaints(object, eviction, NOW).taints ?? object.spec.taints ?? []).map(
      ({ key, effect }) => `${key.replace('node.kubernetes.io/', '')} ${effect}`,
    );
  const own = { key: 'mine', effect: 'NoExecute' };
  const taint = (key: string, effect: string) => ({ key: `node.kubernetes.io/${key}`, effect });

  it('follow its conditions and leave others alone', () => {
    expect(keys(node('True', { taints: [own] }))).toEqual(['mine NoExecute']);
    expect(keys(node('False', { unschedulable: true, taints: [own] }))).toEqual([
      'mine NoExecute',
      'not-ready NoSchedule',
      'unschedulable NoSchedule',
      'not-ready NoExecute',
    ]);
    const was = [
      taint('not-ready', 'NoSchedule'),
      taint('not-ready', 'NoExecute'),
      taint('disk-pressure', 'NoSchedule'),
    ];
    expect(keys(node('Unknown', { taints: was }))).toEqual([
      'unreachable NoSchedule',
      'unreachable NoExecute',
    ]);
    expect(keys(node('True', { taints: was }))).toEqual([]);
  });

  it('are not decided anew when they are right', () => {
    const { taints = [] } = decideTaints(node('False'), 'yes', NOW);
    expect(decideTaints(node('False', { taints }), 'not now', NOW + 9000)).toEqual({ waits: false });
    expect(decideTaints(node('True'), 'yes', NOW)).toEqual({ waits: false });
  });

  it('drive pods off only when that is allowed', () => {
    expect(keys(node('Unknown'), 'not now')).toEqual(['unreachable NoSchedule']);
    expect(decideTaints(node('Unknown'), 'not now', NOW).waits).toBe(true);
    const both = [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')];
    expect(keys(node('Unknown', { taints: both }), 'take back')).toEqual(['unreachable NoSchedule']);
  });
});

describe('zones', () => {
  const zones = (text: string) =>
    disruptionOf([...text].map((ready, i) => node(ready === '+' ? 'True' : 'Unknown', {}, 'a', `n${i}`)));
  it.each([
    ['+++', 0.1, false],
    ['+--', 0.1, false],
    ['+++--', 0.1, false],
    ['++---', 0, false],
    ['+---', 0, false],
    [`${'+'.repeat(20)}${'-'.repeat(40)}`, 0.01, false],
    ['---', 0.1, true],
  ])('with %s lose %f nodes a second', (text, rate, everywhere) => {
    const disruption = zones(text);
    expect([disruption.zones.get(':a')?.rate, disruption.everywhere]).toEqual([rate, everywhere]);
  });

  it('lose one node at once and the next one in ten seconds', () => {
    const limiter = new EvictionLimiter();
    expect([limiter.take('a', 0.1, 0), limiter.take('a', 0.1, 4000), limiter.take('b', 0.1, 0)]).toEqual([
      0, 6000, 0,
    ]);
    expect([limiter.take('a', 0.1, 10_000), limiter.take('a', 0, 99_000)]).toEqual([0, undefined]);
  });
});

describe('a pod on a tainted node', () => {
  const taints = [{ key: 'x', effect: 'NoExecute' }];
  it.each([
    [[], 0],
    [[{ key: 'y', operator: 'Exists' }], 0],
    [[{ operator: 'Exists' }], Number.POSITIVE_INFINITY],
    [[{ key: 'x', operator: 'Exists', tolerationSeconds: 30 }], 30_000],
    [[{ key: 'x', operator: 'Exists', tolerationSeconds: 30 }, { operator: 'Exists' }], 30_000],
    [[{ key: 'x', operator: 'Exists', tolerationSeconds: -5 }], 0],
  ])('that tolerates %j stays %f ms', (tolerations, wanted) => {
    expect(stayMs(taints, tolerations)).toBe(wanted);
  });
});

describe('pods that nobody else deletes', () => {
  it('are the oldest ended ones above the limit', () => {
    const ended = (name: string, creationTimestamp: string, reason?: string) =>
      podOf(name, {
        metadata: { creationTimestamp },
        status: { phase: 'Failed', ...(reason ? { reason } : {}) },
      });
    const pods = [
      ended('b', '2026-01-02T00:00:00Z'),
      ended('a', '2026-01-01T00:00:00Z'),
      podOf('r'),
      ended('e', '2026-01-03T00:00:00Z', 'Evicted'),
    ];
    expect(surplusEnded(pods, 1).map(({ metadata }) => metadata.name)).toEqual(['e', 'a']);
    expect(surplusEnded(pods, 3)).toEqual([]);
  });

  it('are deleted ones without node, or on a node that is out of service', () => {
    const deleted = podOf('d', { metadata: { deletionTimestamp: 'x' } });
    expect([isStrandedUnscheduled(deleted), isStrandedUnscheduled(podOf('p'))]).toEqual([true, false]);
    const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }];
    const gone = podOf('g', { metadata: { deletionTimestamp: 'x' }, spec: { nodeName: 'n' } });
    expect(isStrandedOutOfService(gone, node('Unknown', { taints }))).toBe(true);
    expect(isStrandedOutOfService(gone, node('True', { taints }))).toBe(false);
    expect(isStrandedOutOfService(gone, node('Unknown'))).toBe(false);
  });
});
