import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { madeContainer, madeSandbox } from '../../test/made.ts';
import { type PodStatusInput, podStatus } from './pod-status.ts';

const NOW = Date.parse('2026-01-01T00:00:10Z');

function statusOf(spec: k8s.PodSpec, more: Partial<PodStatusInput> & { pod?: k8s.Pod } = {}) {
  return podStatus({
    pod: { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec },
    view: { sandboxes: [madeSandbox()], containers: [] },
    probes: new Map(),
    waiting: new Map(),
    previous: {},
    ended: false,
    hostIPs: ['192.0.2.1'],
    now: NOW,
    ...more,
  });
}

const conditions = ({ conditions: list = [] }: k8s.PodStatus) =>
  list.map(({ type, status, reason, message }) =>
    [type, status, reason, message].filter((part) => part !== undefined).join(' '),
  );

const app = { name: 'app', image: 'img' };

describe('the status of a pod', () => {
  it('waits for its containers at first', () => {
    const status = statusOf({ containers: [app] }, { view: { sandboxes: [], containers: [] } });
    expect(status).toMatchObject({
      phase: 'Pending',
      startTime: '2026-01-01T00:00:10Z',
      hostIP: '192.0.2.1',
    });
    expect(status.podIP).toBeUndefined();
    expect(status.containerStatuses?.[0]).toEqual({
      name: 'app',
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
      ready: false,
      started: false,
      restartCount: 0,
      image: 'img',
      imageID: '',
    });
    expect(conditions(status)).toEqual([
      'PodReadyToStartContainers False',
      'Initialized True',
      'Ready False ContainersNotReady containers with unready status: [app]',
      'ContainersReady False ContainersNotReady containers with unready status: [app]',
      'PodScheduled True',
    ]);
  });

  it('says which init containers are not through', () => {
    const status = statusOf({ initContainers: [{ name: 'one' }, { name: 'two' }], containers: [app] });
    expect(conditions(status)[1]).toBe(
      'Initialized False ContainersNotInitialized containers with incomplete status: [one two]',
    );
    expect(status.containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  it('is ready when its containers and its gates are', () => {
    const containers = [madeContainer('app', { startedAt: NOW })];
    const view = { sandboxes: [madeSandbox()], containers };
    const status = statusOf({ containers: [app] }, { view });
    expect(status).toMatchObject({ phase: 'Running', podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }] });
    expect(status.conditions?.every((condition) => condition.status === 'True')).toBe(true);
    const gated = statusOf(
      { containers: [app], readinessGates: [{ conditionType: 'example.com/up' }] },
      { view },
    );
    expect(conditions(gated)[2]).toBe(
      'Ready False ReadinessGatesNotReady corresponding condition of pod readiness gate "example.com/up" does not exist.',
    );
  });

  it('is ready only when the probes of its containers say so', () => {
    const container = madeContainer('app');
    const view = { sandboxes: [madeSandbox()], containers: [container] };
    const spec = { containers: [{ ...app, startupProbe: {}, readinessProbe: {} }] };
    const ready = (probes: object) => {
      const [status] =
        statusOf(spec, { view, probes: new Map([[container.id, probes]]) }).containerStatuses ?? [];
      return [status?.started, status?.ready];
    };
    expect(ready({})).toEqual([false, false]);
    expect(ready({ startup: 'success' })).toEqual([true, false]);
    expect(ready({ startup: 'success', readiness: 'success' })).toEqual([true, true]);
    expect(ready({ readiness: 'success' })).toEqual([false, false]);
  });

  it('shows a container in a crash loop as waiting, with its last end', () => {
    const ended = madeContainer('app', {
      state: 'exited',
      exitCode: 3,
      finishedAt: NOW,
      attempt: 2,
      reason: 'Error',
    });
    const waiting = new Map([['app', { reason: 'CrashLoopBackOff', message: 'back-off' }]]);
    const view = { sandboxes: [madeSandbox()], containers: [ended] };
    const [status] = statusOf({ containers: [app] }, { view, waiting }).containerStatuses ?? [];
    expect(status).toMatchObject({
      restartCount: 2,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2026-01-01T00:00:10Z' } },
    });
  });

  it('remembers a container that ran and is not to be found', () => {
    const previous = {
      containerStatuses: [
        { ...app, imageID: '', ready: true, restartCount: 1, state: { running: {} }, lastState: {} },
      ],
    };
    const [status] = statusOf({ containers: [app] }, { previous }).containerStatuses ?? [];
    expect(status).toMatchObject({
      restartCount: 2,
      lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
    });
  });

  it('keeps the times of conditions that did not change, and conditions of others', () => {
    const foreign = { type: 'example.com/up', status: 'True', lastTransitionTime: '2025-01-01T00:00:00Z' };
    const first = statusOf({ containers: [app] });
    const pod = {
      metadata: { uid: 'u', generation: 4 },
      spec: { containers: [app] },
      status: { conditions: [foreign] },
    };
    const view = { sandboxes: [madeSandbox()], containers: [madeContainer('app')] };
    const later = statusOf({}, { pod, view, previous: first, now: NOW + 5000 });
    const time = (type: string) => later.conditions?.find((each) => each.type === type)?.lastTransitionTime;
    expect(later.conditions?.[0]).toEqual(foreign);
    expect(time('PodScheduled')).toBe('2026-01-01T00:00:10Z');
    expect(time('Ready')).toBe('2026-01-01T00:00:15Z');
    expect([later.observedGeneration, later.conditions?.[1]?.observedGeneration]).toEqual([4, 4]);
    expect(later.startTime).toBe('2026-01-01T00:00:10Z');
  });

  it('never leaves its last phase, and keeps the reason of it', () => {
    const previous = { phase: 'Failed', reason: 'Evicted', message: 'no room' };
    const view = { sandboxes: [madeSandbox()], containers: [madeContainer('app')] };
    expect(statusOf({ containers: [app] }, { previous, view })).toMatchObject(previous);
  });

  it('has failed when the node wanted it gone, or when it ended before it began', () => {
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' };
    expect(statusOf({ containers: [app] }, { verdict })).toMatchObject({ phase: 'Failed', ...verdict });
    expect(statusOf({ containers: [app] }, { ended: true }).phase).toBe('Failed');
  });

  it('is complete, not unready, when it succeeded', () => {
    const ended = madeContainer('app', { state: 'exited', finishedAt: NOW, reason: 'Completed' });
    const view = { sandboxes: [madeSandbox()], containers: [ended] };
    const status = statusOf({ restartPolicy: 'Never', containers: [app] }, { view, ended: true });
    expect(conditions(status).slice(1, 4)).toEqual([
      'Initialized True PodCompleted',
      'Ready False PodCompleted',
      'ContainersReady False PodCompleted',
    ]);
  });
});
