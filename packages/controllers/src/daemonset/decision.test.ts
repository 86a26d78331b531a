import { describe, expect, it } from 'vitest';
import type { DaemonSet, Node, Pod } from '../workloads/objects.ts';
import { NOW, names } from '../workloads/testing.ts';
import { decideDaemonSet } from './decision.ts';
import { FailureBackoff } from './failure-backoff.ts';
import { daemonSetStatus } from './status.ts';
import { nodeOf, podOn, rolling, setOf, taint } from './testing.ts';

const NODES = ['a', 'b', 'c', 'd'].map((name) => nodeOf(name));
const UP = { readySince: NOW - 60_000 };
const up = (node: string, hash: string) => podOn(node, `${node}-${hash}`, hash, UP);
const down = (node: string, hash: string) => podOn(node, `${node}-${hash}`, hash);

interface Options {
  readonly set?: DaemonSet;
  readonly nodes?: readonly Node[];
  readonly failureDelay?: number;
}

function decide(pods: readonly Pod[], { set = setOf(), nodes = NODES, failureDelay = 0 }: Options = {}) {
  const state = { set, nodes, pods, hash: 'new', now: NOW, failureDelay: () => failureDelay };
  const { create, remove, ended, afterMs } = decideDaemonSet(state);
  return { create, remove: names(remove), ended: names(ended), afterMs };
}
const all = (hash: string) => NODES.map(({ metadata }) => up(metadata.name ?? '', hash));
const NOTHING = { create: [], remove: [], ended: [], afterMs: undefined };

describe('a DaemonSet', () => {
  it('has a pod on each node', () => {
    expect(decide([]).create).toEqual(['a', 'b', 'c', 'd']);
    expect(decide(all('new'))).toEqual(NOTHING);
  });

  it('waits for a pod to end before it makes another', () => {
    const going = podOn('a', 'going', 'new', { deleted: true });
    expect(decide([going, ...all('new').slice(1)])).toEqual(NOTHING);
    const gone = podOn('a', 'gone', 'new', { deleted: true, phase: 'Failed' });
    expect(decide([gone, ...all('new').slice(1)]).create).toEqual(['a']);
  });

  it('deletes pods of nodes that are not its own any more', () => {
    const nodes = [nodeOf('a', [taint('NoSchedule')]), nodeOf('b', [taint('NoExecute')]), ...NODES.slice(2)];
    expect(decide(all('new'), { nodes })).toMatchObject({ create: [], remove: ['b-new'] });
  });

  it('deletes pods that wait for a node that is gone, and leaves others of it to those who look after nodes', () => {
    const waiting = podOn('x', 'waiting', 'new', { phase: 'Pending' });
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['x'] }];
    const required = { nodeSelectorTerms: [{ matchFields }] };
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } };
    expect(decide([...all('new'), { ...waiting, spec: { affinity } }, up('x', 'y')]).remove).toEqual([
      'waiting',
    ]);
  });

  it('replaces pods that ended, failed ones after a pause', () => {
    const pods = (phase: string) => [podOn('a', 'ended', 'new', { phase }), ...all('new').slice(1)];
    expect(decide(pods('Succeeded'), { failureDelay: 5000 })).toMatchObject({
      remove: ['ended'],
      ended: ['ended'],
    });
    expect(decide(pods('Failed'), { failureDelay: 5000 })).toEqual({ ...NOTHING, afterMs: 5000 });
    expect(decide(pods('Failed'))).toMatchObject({ remove: ['ended'], ended: ['ended'] });
  });

  it('keeps the oldest of several pods of a node', () => {
    const older = podOn('a', 'older', 'new', { ...UP, created: NOW - 5000 });
    expect(decide([...all('new'), older]).remove).toEqual(['a-new']);
  });
});

describe('an update of a DaemonSet', () => {
  it.each<[string, number | string, readonly Pod[], (string | undefined)[]]>([
    ['replaces one pod at a time', 1, all('old'), ['a-old']],
    ['or several', 2, all('old'), ['a-old', 'b-old']],
    ['or a share, rounded up', '30%', all('old'), ['a-old', 'b-old']],
    ['not while another is not ready', 1, [down('a', 'new'), ...all('old').slice(1)], []],
    ['those that are not ready first', 1, [...all('old').slice(0, 3), down('d', 'old')], ['d-old']],
    [
      'and all of those',
      1,
      [up('a', 'old'), down('b', 'old'), down('c', 'old'), up('d', 'new')],
      ['b-old', 'c-old'],
    ],
  ])('%s', (_, maxUnavailable, pods, removed) => {
    expect(decide(pods, { set: setOf(rolling(0, maxUnavailable)) })).toEqual({ ...NOTHING, remove: removed });
  });

  it('makes pods of nodes before it replaces others', () => {
    expect(decide(all('old').slice(1))).toEqual({ ...NOTHING, create: ['a'] });
  });

  it('waits for deletions when it is told to', () => {
    expect(decide(all('old'), { set: setOf({ updateStrategy: { type: 'OnDelete' } }) })).toEqual(NOTHING);
  });

  it('goes on though no limit lets it', () => {
    expect(decide(all('old'), { set: setOf(rolling(0, 0)) }).remove).toEqual(['a-old']);
  });

  it.each<[string, number, readonly Pod[], readonly string[], (string | undefined)[]]>([
    ['makes one new pod at a time', 1, all('old'), ['a'], []],
    ['or several', 2, all('old'), ['a', 'b'], []],
    ['waits for it', 1, [...all('old'), down('a', 'new')], [], []],
    ['then deletes the old one', 1, [...all('old'), up('a', 'new')], [], ['a-old']],
    [
      'does not wait where the old one is not ready',
      1,
      [...all('old').slice(0, 3), down('d', 'old')],
      ['d', 'a'],
      [],
    ],
    [
      'deletes an old one that is not ready',
      1,
      [...all('old').slice(1), down('a', 'old'), down('a', 'new')],
      [],
      ['a-old'],
    ],
  ])('that surges %s', (_, maxSurge, pods, created, removed) => {
    expect(decide(pods, { set: setOf(rolling(maxSurge, 0)) })).toEqual({
      ...NOTHING,
      create: created,
      remove: removed,
    });
  });
});

describe('the status of a DaemonSet', () => {
  it('counts nodes, not pods', () => {
    const nodes = [...NODES, nodeOf('e', [taint('NoSchedule')])];
    const pods = [up('a', 'new'), up('a', 'old'), down('b', 'new'), up('c', 'old'), up('e', 'old')];
    const set = setOf({ minReadySeconds: 10 });
    const late = podOn('c', 'late', 'old', { readySince: NOW - 5000 });
    const state = { set, nodes, pods: [...pods.slice(0, 3), late, ...pods.slice(4)], hash: 'new', now: NOW };
    expect(daemonSetStatus(state, undefined, true)).toEqual({
      currentNumberScheduled: 3,
      desiredNumberScheduled: 4,
      numberAvailable: 1,
      numberMisscheduled: 1,
      numberReady: 2,
      numberUnavailable: 3,
      observedGeneration: 1,
      updatedNumberScheduled: 2,
    });
  });
});

describe('the pause after failures', () => {
  it('doubles up to a quarter of an hour, and begins anew after a long time', () => {
    const backoff = new FailureBackoff();
    let now = NOW;
    const pauses = Array.from({ length: 12 }, () => {
      backoff.next('k', now);
      const pause = backoff.delay('k', now);
      now += pause;
      return pause / 1000;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    expect(backoff.delay('k', now)).toBe(0);
    backoff.next('k', now + 2 * 900_000);
    expect(backoff.delay('k', now + 2 * 900_000)).toBe(1000);
    expect(backoff.delay('other', now)).toBe(0);
  });
});
