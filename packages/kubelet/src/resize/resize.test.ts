import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { madeContainer, madeSandbox } from '../../test/made.ts';
import { decidePod } from '../pods/decide-pod.ts';
import type { PodMemory, ResizeState } from '../pods/decision.ts';
import { podStatus } from '../pods/pod-status.ts';
import { type Amounts, allocationOf, sameAllocation, withAllocation } from './allocation.ts';
import { Allocations } from './allocations.ts';

const NODE = { cpu: '2', memory: '1Gi' };

function pod(uid: string, cpu: string, more: Partial<k8s.PodSpec> = {}, memory = '100Mi'): k8s.Pod {
  const resources = { requests: { cpu, memory, 'example.com/x': '1' } };
  return {
    metadata: { name: uid, namespace: 'ns', uid },
    spec: { containers: [{ name: 'app', resources }], ...more },
  };
}

const cpuOf = (made: k8s.Pod) => made.spec?.containers?.[0]?.resources?.requests?.cpu;

describe('what a pod is given', () => {
  it('is compared as amounts, and replaces only CPU and memory', () => {
    expect(sameAllocation(allocationOf(pod('a', '1')), allocationOf(pod('a', '1000m')))).toBe(true);
    expect(sameAllocation(allocationOf(pod('a', '1')), allocationOf(pod('a', '2')))).toBe(false);
    const made = withAllocation(pod('a', '1'), { containers: { app: { requests: { cpu: '3' } } } });
    expect(made.spec?.containers?.[0]?.resources).toEqual({
      requests: { cpu: '3', 'example.com/x': '1' },
    });
  });

  it('is what it asks for, when the node has that', () => {
    const allocations = new Allocations(NODE);
    allocations.ask(pod('a', '500m'), undefined, () => {});
    const answer = allocations.ask(pod('a', '1500m'), undefined, () => {});
    expect([cpuOf(answer.pod), answer.pending]).toEqual(['1500m', undefined]);
  });

  it('is what it had, when the node never has more', () => {
    const allocations = new Allocations(NODE);
    allocations.ask(pod('a', '500m'), undefined, () => {});
    const answer = allocations.ask(pod('a', '5'), undefined, () => {});
    expect(cpuOf(answer.pod)).toBe('500m');
    expect(answer.pending).toEqual({
      reason: 'Infeasible',
      message: "Node didn't have enough capacity: cpu, requested: 5000, capacity: 2000",
    });
    expect(allocations.ask(pod('a', '500m'), undefined, () => {}).pending).toBeUndefined();
  });

  it('grows as soon as others give back, for the more important one first', () => {
    const allocations = new Allocations(NODE);
    const granted: string[] = [];
    const ask = (made: k8s.Pod) =>
      allocations.ask(made, undefined, () => granted.push(made.metadata?.uid ?? ''));
    for (const uid of ['big', 'low', 'high']) ask(pod(uid, uid === 'big' ? '1' : '300m'));
    expect(ask(pod('low', '800m')).pending).toEqual({
      reason: 'Deferred',
      message: "Node didn't have enough resource: cpu, requested: 800, used: 1300, capacity: 2000",
    });
    expect(ask(pod('high', '900m', { priority: 10 })).pending?.reason).toBe('Deferred');
    allocations.forget('big');
    expect(granted).toEqual(['high', 'low']);
    expect(cpuOf(ask(pod('low', '800m')).pod)).toBe('800m');
  });

  it('is known again after a restart, and asked for anew', () => {
    const allocations = new Allocations(NODE);
    const had = allocationOf(pod('a', '300m'));
    const answer = allocations.ask(pod('a', '4'), had, () => {});
    expect([cpuOf(answer.pod), answer.pending?.reason]).toEqual(['300m', 'Infeasible']);
  });

  it('never changes for pods of files', () => {
    const allocations = new Allocations(NODE);
    const fixed = (cpu: string): k8s.Pod => {
      const made = pod('a', cpu);
      return {
        ...made,
        metadata: { ...made.metadata, annotations: { 'kubernetes.io/config.source': 'file' } },
      };
    };
    allocations.ask(fixed('1'), undefined, () => {});
    expect(allocations.ask(fixed('500m'), undefined, () => {}).pending?.message).toBe(
      'In-place resize of static-pods is not supported',
    );
  });
});

describe('a pod that was given something else', () => {
  const wanted = pod('u', '1');
  const old: Amounts = { requests: { cpu: '500m', memory: '100Mi' } };
  const state = (more: Partial<ResizeState> = {}): ResizeState => ({
    actual: new Map([['app-0', old]]),
    cgroup: { containers: { app: old } },
    failed: false,
    ...more,
  });
  const view = { sandboxes: [madeSandbox()], containers: [madeContainer('app')] };
  const decide = (made: k8s.Pod, resize: ResizeState, containers = view.containers, memory?: PodMemory) =>
    decidePod({
      pod: made,
      view: { ...view, containers },
      probes: new Map(),
      failures: new Map(),
      memory: memory ?? { backoff: new Map() },
      now: 10_000,
      resize,
    });

  it('is changed as it runs', () => {
    expect(decide(wanted, state()).actions).toEqual([{ do: 'resize' }]);
    const settled = { actual: new Map(), cgroup: allocationOf(wanted) };
    expect(decide(wanted, state(settled)).actions).toEqual([]);
  });

  it('has its container started again where that asks for it, whatever it exits with', () => {
    const [app] = wanted.spec?.containers ?? [];
    const policy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }];
    const restarting: k8s.Pod = {
      ...wanted,
      spec: { restartPolicy: 'OnFailure', containers: [{ ...app, name: 'app', resizePolicy: policy }] },
    };
    const first = decide(restarting, state());
    expect(first.actions).toMatchObject([
      { do: 'kill-container', reason: 'resize', message: 'Container app resize requires restart' },
    ]);
    const gone = [madeContainer('app', { state: 'exited', exitCode: 0, finishedAt: 9000 })];
    // the pod gets its room first
    const second = decide(restarting, state(), gone, first.memory);
    expect(second.actions).toEqual([{ do: 'resize' }]);
    const third = decide(restarting, state({ cgroup: allocationOf(wanted) }), gone, second.memory);
    for (const memory of [second.memory, third.memory]) {
      const { actions } = decide(restarting, state({ cgroup: allocationOf(wanted) }), gone, memory);
      expect(actions).toMatchObject([{ do: 'start-container', name: 'app', attempt: 1 }]);
    }
    // one that was over by itself stays so
    expect(decide(restarting, state({ cgroup: allocationOf(wanted) }), gone).actions).toMatchObject([
      { do: 'stop-sandbox' },
    ]);
  });

  it('tells what its containers have and how far the change is', () => {
    const input = { pod: wanted, view, probes: new Map(), waiting: new Map(), previous: {}, ended: false };
    const status = podStatus({
      ...input,
      hostIPs: [],
      now: 1,
      resize: { actual: state().actual, progress: { error: 'no room' } },
    });
    expect(status.containerStatuses?.[0]).toMatchObject({
      allocatedResources: { cpu: '1' },
      resources: { requests: { cpu: '500m', memory: '100Mi', 'example.com/x': '1' } },
    });
    expect(status.conditions?.find(({ type }) => type === 'PodResizeInProgress')).toMatchObject({
      status: 'True',
      reason: 'Error',
      message: 'no room',
    });
    expect(status.conditions?.some(({ type }) => type === 'PodResizePending')).toBe(false);
  });

  it('tells what the pod as a whole has', () => {
    const whole = (cpu: string) => ({ requests: { cpu }, limits: { cpu } });
    const made: k8s.Pod = { ...wanted, spec: { ...wanted.spec, resources: whole('2') } };
    const input = { pod: made, view, probes: new Map(), waiting: new Map(), previous: {}, ended: false };
    const resize = { actual: new Map(), pod: whole('1'), progress: { error: '' } };
    const status = podStatus({ ...input, hostIPs: [], now: 1, resize });
    expect(status).toMatchObject({ allocatedResources: { cpu: '2' }, resources: whole('1') });
  });
});
