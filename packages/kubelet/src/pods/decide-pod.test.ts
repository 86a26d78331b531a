import type { k8s } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { madeContainer, madeSandbox } from '../../test/made.ts';
import { decidePod } from './decide-pod.ts';
import type { PodAction, PodInput } from './decision.ts';

const main = (name = 'app', more: Partial<k8s.Container> = {}): k8s.Container => ({
  name,
  image: 'img',
  ...more,
});

function decide(spec: k8s.PodSpec, more: Partial<PodInput> & { metadata?: k8s.ObjectMeta } = {}) {
  const { metadata, ...input } = more;
  return decidePod({
    pod: { metadata: { name: 'p', namespace: 'ns', uid: 'u', ...metadata }, spec },
    view: { sandboxes: [madeSandbox()], containers: [] },
    probes: new Map(),
    failures: new Map(),
    memory: { backoff: new Map() },
    now: 1_000_000,
    ...input,
  });
}

const short = (actions: readonly PodAction[]) =>
  actions.map((action) =>
    action.do === 'start-container'
      ? `start ${action.name} ${action.attempt}`
      : action.do === 'kill-container'
        ? `kill ${action.name} ${action.graceSeconds}`
        : action.do === 'create-sandbox'
          ? `sandbox ${action.attempt}`
          : action.do === 'stop-sandbox'
            ? `stop ${action.id}`
            : action.do,
  );

const deleted = (grace: number) => ({
  metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: grace },
});

describe('what a pod needs next', () => {
  it('is a sandbox first', () => {
    const { actions } = decide({ containers: [main()] }, { view: { sandboxes: [], containers: [] } });
    expect(short(actions)).toEqual(['sandbox 0']);
  });

  it('is all containers at once, when there are no init containers', () => {
    expect(short(decide({ containers: [main('a'), main('b')] }).actions)).toEqual(['start a 0', 'start b 0']);
  });

  it('is the same attempt again, when the agent died between making and starting it', () => {
    const unstarted = madeContainer('app', { id: 'made', state: 'created', startedAt: 0, attempt: 1 });
    const before = madeContainer('app', { state: 'exited', exitCode: 1, finishedAt: 1, startedAt: 1 });
    const view = { sandboxes: [madeSandbox()], containers: [unstarted, before] };
    expect(decide({ containers: [main()] }, { view }).actions).toMatchObject([
      { do: 'start-container', name: 'app', attempt: 1, replaces: ['made'] },
    ]);
  });

  it('is one init container after the other', () => {
    const spec = { initContainers: [main('i'), main('j')], containers: [main()] };
    const after = (...containers: ReturnType<typeof madeContainer>[]) =>
      short(decide(spec, { view: { sandboxes: [madeSandbox()], containers } }).actions);
    const done = (name: string) => madeContainer(name, { state: 'exited', finishedAt: 999_000 });
    expect(after()).toEqual(['start i 0']);
    expect(after(madeContainer('i'))).toEqual([]);
    expect(after(done('i'))).toEqual(['start j 0']);
    expect(after(done('j'), done('i'))).toEqual(['start app 0']);
    // the runtime may have forgotten the first
    expect(after(done('j'))).toEqual(['start app 0']);
    expect(after(madeContainer('app'))).toEqual([]);
  });

  it('is the next one as soon as a sidecar has started, by its startup probe if it has one', () => {
    const side = main('side', { restartPolicy: 'Always', startupProbe: {} });
    const spec = { initContainers: [side, main('last')], containers: [main()] };
    const container = madeContainer('side');
    const view = { sandboxes: [madeSandbox()], containers: [container] };
    expect(short(decide(spec, { view }).actions)).toEqual([]);
    const probes = new Map([[container.id, { startup: 'success' as const }]]);
    expect(short(decide(spec, { view, probes }).actions)).toEqual(['start last 0']);
    const failed = new Map([[container.id, { startup: 'failure' as const }]]);
    expect(short(decide(spec, { view, probes: failed }).actions)).toEqual(['kill side 30']);
  });

  it('is a sidecar again, whatever the policy of the pod', () => {
    const side = main('side', { restartPolicy: 'Always' });
    const spec = { restartPolicy: 'Never', initContainers: [side], containers: [main()] };
    const ended = madeContainer('side', { state: 'exited', exitCode: 0, finishedAt: 1000 });
    const view = { sandboxes: [madeSandbox()], containers: [madeContainer('app'), ended] };
    expect(short(decide(spec, { view }).actions)).toEqual(['start side 1']);
  });

  it('is its end, when an init container failed for good', () => {
    const spec = { restartPolicy: 'Never', initContainers: [main('i')], containers: [main()] };
    const view = {
      sandboxes: [madeSandbox()],
      containers: [madeContainer('i', { state: 'exited', exitCode: 1, finishedAt: 1 })],
    };
    expect(short(decide(spec, { view }).actions)).toEqual(['stop s0']);
  });

  const restarts: [string, number, string[]][] = [
    ['Always', 0, ['start app 1']],
    ['Always', 1, ['start app 1']],
    ['OnFailure', 1, ['start app 1']],
    ['OnFailure', 0, ['stop s0']],
    ['Never', 0, ['stop s0']],
    ['Never', 1, ['stop s0']],
  ];
  it.each(restarts)('with policy %s after exit code %d is %j', (restartPolicy, exitCode, actions) => {
    const containers = [madeContainer('app', { state: 'exited', exitCode, finishedAt: 1000 })];
    const view = { sandboxes: [madeSandbox()], containers };
    expect(short(decide({ restartPolicy, containers: [main()] }, { view }).actions)).toEqual(actions);
  });

  it('is what the rules of a container say about an exit code, before any policy', () => {
    const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } };
    const spec = {
      restartPolicy: 'Never',
      containers: [main('app', { restartPolicy: 'Never', restartPolicyRules: [rule] })],
    };
    const after = (exitCode: number) => {
      const containers = [madeContainer('app', { state: 'exited', exitCode, finishedAt: 1000 })];
      return short(decide(spec, { view: { sandboxes: [madeSandbox()], containers } }).actions);
    };
    expect(after(42)).toEqual(['start app 1']);
    expect(after(41)).toEqual(['stop s0']);
  });

  it('is to wait in a crash loop, saying for how long', () => {
    const ended = madeContainer('app', { state: 'exited', exitCode: 1, finishedAt: 995_000, attempt: 5 });
    const backoff = new Map([['app', { delayMs: 160_000, updatedAt: 994_000, after: 'earlier' }]]);
    const view = { sandboxes: [madeSandbox()], containers: [ended] };
    const decision = decide({ containers: [main()] }, { view, memory: { backoff } });
    expect(decision.actions).toEqual([]);
    expect(decision.wakeAt).toBe(995_000 + 160_000);
    expect(decision.waiting.get('app')).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 2m40s restarting failed container=app pod=p_ns(u)',
    });
  });

  it('is to kill what fails its liveness probe, with the grace of the probe', () => {
    const container = madeContainer('app');
    const view = { sandboxes: [madeSandbox()], containers: [container] };
    const probes = new Map([[container.id, { liveness: 'failure' as const }]]);
    const spec = (grace?: number) => ({
      terminationGracePeriodSeconds: 20,
      containers: [
        main('app', { livenessProbe: grace === undefined ? {} : { terminationGracePeriodSeconds: grace } }),
      ],
    });
    expect(short(decide(spec(), { view, probes }).actions)).toEqual(['kill app 20']);
    expect(short(decide(spec(7), { view, probes }).actions)).toEqual(['kill app 7']);
  });

  it('is the same containers in another sandbox when that is lost, whatever they exit with as they are killed', () => {
    const spec = { restartPolicy: 'OnFailure', containers: [main()] };
    const sandboxes = [madeSandbox({ ready: false })];
    const first = decide(spec, { view: { sandboxes, containers: [madeContainer('app')] } });
    expect(short(first.actions)).toEqual(['kill app 30']);
    const containers = [madeContainer('app', { state: 'exited', exitCode: 0, finishedAt: 1 })];
    const { memory } = first;
    const second = decide(spec, { view: { sandboxes, containers }, memory });
    expect(short(second.actions)).toEqual(['sandbox 1']);
    const view = { sandboxes: [madeSandbox({ id: 's1', attempt: 1 }), ...sandboxes], containers };
    expect(short(decide(spec, { view, memory: second.memory }).actions)).toEqual(['start app 1']);
    // one that was over by itself is not begun again
    expect(short(decide(spec, { view: { sandboxes, containers } }).actions)).toEqual([]);
  });

  it('is to start again what was killed for its probe, also if it then exits well', () => {
    const container = madeContainer('app');
    const probes = new Map([[container.id, { liveness: 'failure' as const }]]);
    const spec = (restartPolicy: string) => ({
      restartPolicy,
      containers: [main('app', { livenessProbe: {} })],
    });
    const sandboxes = [madeSandbox()];
    const ended = [madeContainer('app', { state: 'exited', exitCode: 0, finishedAt: 1 })];
    const after = (policy: string) => {
      const { memory } = decide(spec(policy), { view: { sandboxes, containers: [container] }, probes });
      return short(decide(spec(policy), { view: { sandboxes, containers: ended }, probes, memory }).actions);
    };
    expect(after('OnFailure')).toEqual(['start app 1']);
    expect(after('Never')).toEqual(['stop s0']);
  });

  it('is another container when its image changed, even if its policy is Never', () => {
    const hash = { annotations: { 'io.kubernetes.container.hash': 'other' } };
    const spec = { restartPolicy: 'Never', containers: [main()] };
    const view = (state: 'running' | 'exited') => ({
      sandboxes: [madeSandbox()],
      containers: [madeContainer('app', { ...hash, state, finishedAt: 1 })],
    });
    expect(short(decide(spec, { view: view('running') }).actions)).toEqual(['kill app 30']);
    expect(short(decide(spec, { view: view('exited') }).actions)).toEqual(['start app 1']);
  });

  it('is its end when it is deleted: containers, then sidecars from the last, then the sandbox', () => {
    const sides = ['s1', 's2'].map((name) => main(name, { restartPolicy: 'Always' }));
    const spec = { initContainers: sides, containers: [main()] };
    const steps: [string[], string[]][] = [
      [['app', 's1', 's2'], ['kill app 30']],
      [['s1', 's2'], ['kill s2 30']],
      [['s1'], ['kill s1 30']],
      [[], ['stop s0']],
    ];
    for (const [running, actions] of steps) {
      const view = { sandboxes: [madeSandbox()], containers: running.map((name) => madeContainer(name)) };
      expect(short(decide(spec, { view, ...deleted(30) }).actions)).toEqual(actions);
    }
    const view = { sandboxes: [madeSandbox({ ready: false })], containers: [] };
    expect(decide(spec, { view, ...deleted(30) })).toMatchObject({ ended: true, actions: [] });
  });

  it('is the end of the sidecars, too, when its grace is over', () => {
    const spec = { initContainers: [main('side', { restartPolicy: 'Always' })], containers: [main()] };
    const view = { sandboxes: [madeSandbox()], containers: [madeContainer('app'), madeContainer('side')] };
    const memory = { backoff: new Map(), endingSince: 990_000 };
    const before = decide(spec, { view, memory, ...deleted(30) });
    expect([short(before.actions), before.wakeAt]).toEqual([['kill app 20'], 1_020_000]);
    expect(short(decide(spec, { view, memory, ...deleted(10) }).actions)).toEqual([
      'kill app 2',
      'kill side 2',
    ]);
  });

  it('is no new sandbox when its containers are done', () => {
    const containers = [madeContainer('app', { state: 'exited', finishedAt: 1 })];
    const view = { sandboxes: [madeSandbox({ ready: false })], containers };
    expect(decide({ restartPolicy: 'Never', containers: [main()] }, { view }).ended).toBe(true);
    expect(short(decide({ restartPolicy: 'Always', containers: [main()] }, { view }).actions)).toEqual([
      'sandbox 1',
    ]);
  });

  it('is initialization anew in a new sandbox', () => {
    const spec = { initContainers: [main('i')], containers: [main()] };
    const old = { sandboxId: 's0', state: 'exited' as const, finishedAt: 1000 };
    const view = {
      sandboxes: [madeSandbox({ id: 's1', attempt: 1 }), madeSandbox({ ready: false })],
      containers: [madeContainer('app', old), madeContainer('i', old)],
    };
    expect(short(decide(spec, { view }).actions)).toEqual(['start i 1']);
  });

  it('is the end of a container that still runs in a former sandbox, before another is started', () => {
    const view = { sandboxes: [madeSandbox({ id: 's1', attempt: 1 })], containers: [madeContainer('app')] };
    expect(short(decide({ containers: [main()] }, { view }).actions)).toEqual(['kill app 30']);
  });

  it('is nothing before a failure may be tried again', () => {
    const failure = { reason: 'ErrImagePull', message: 'no', retryAt: 1_005_000 };
    const decision = decide({ containers: [main()] }, { failures: new Map([['app', failure]]) });
    expect(decision).toMatchObject({ actions: [], wakeAt: 1_005_000 });
    expect(decision.waiting.get('app')).toEqual({ reason: 'ErrImagePull', message: 'no' });
  });
});
