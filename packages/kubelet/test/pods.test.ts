import { spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { k8s } from '@sampan/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PodRunner } from '../src/index.ts';
import { canRunContainers, logOf, pause, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

/** A process that starts one container and dies when it is told to. */
const STARTER = join(import.meta.dirname, 'start-one.ts');

const able = await canRunContainers();

describe.skipIf(!able)('pods in real containers', () => {
  let node: TestNode;
  let reports: Reports;
  let runner: PodRunner;

  beforeAll(async () => {
    node = await TestNode.start();
    reports = new Reports();
    runner = startRunner(node, reports);
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
  });

  const remove = async (pod: ReturnType<typeof testPod>, graceSeconds = 1) => {
    runner.set({
      ...pod,
      metadata: {
        ...pod.metadata,
        deletionTimestamp: new Date().toISOString(),
        deletionGracePeriodSeconds: graceSeconds,
      },
    });
    const last = await reports.until(pod, ({ ended }) => ended);
    await runner.forget(pod.metadata?.uid ?? '');
    return last;
  };

  it('runs init containers in order, then a sidecar, then the containers beside it', async () => {
    const pod = testPod('order', {
      initContainers: [
        shell('first', 'echo one'),
        shell('side', 'trap "exit 0" TERM; echo two; while :; do sleep 0.1; done', {
          restartPolicy: 'Always',
        }),
        shell('last', 'echo three'),
      ],
      containers: [shell('app', 'echo four; trap "exit 0" TERM; while :; do sleep 0.1; done')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => r.status.phase === 'Running');
    expect(status.initContainerStatuses?.map(({ name, ready }) => [name, ready])).toEqual([
      ['first', true],
      ['side', true],
      ['last', true],
    ]);
    const { podIP } = status;
    expect(podIP).toMatch(/^10\./);
    expect(status.conditions?.filter(({ status: s }) => s !== 'True')).toEqual([]);
    const begun = ['first', 'side', 'last'].map((name) =>
      status.initContainerStatuses?.find((s) => s.name === name),
    );
    expect(begun[0]?.state?.terminated?.reason).toBe('Completed');
    // the first line may be on its way still
    await expect.poll(() => logOf(node, pod, 'app'), { timeout: 10_000 }).toBe('four\n');
    const ended = await remove(pod, 5);
    expect(ended.status.phase).toBe('Succeeded');
    const side = ended.status.initContainerStatuses?.[1]?.state?.terminated;
    const app = ended.status.containerStatuses?.[0]?.state?.terminated;
    expect(app?.exitCode).toBe(0);
    expect(Date.parse(side?.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(app?.finishedAt ?? ''));
    expect(await node.runtime.listContainers(pod.metadata?.uid)).toEqual([]);
  });

  it('is over when its containers are done and their policy is Never', async () => {
    const pod = testPod('once', {
      restartPolicy: 'Never',
      containers: [shell('good', 'exit 0'), shell('bad', 'echo why >/dev/termination-log; exit 7')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status.phase).toBe('Failed');
    expect(status.containerStatuses?.[1]?.state?.terminated).toMatchObject({
      exitCode: 7,
      reason: 'Error',
      message: 'why\n',
    });
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('tells of a pod that is over once more when it is deleted', async () => {
    const pod = testPod('over', { restartPolicy: 'Never', containers: [shell('app', 'true')] });
    runner.set(pod);
    await reports.until(pod, ({ ended }) => ended);
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
    await reports.until(pod, ({ ended, deleted }) => ended && deleted);
    await runner.forget(pod.metadata?.uid ?? '');
    expect(await node.runtime.listContainers(pod.metadata?.uid)).toEqual([]);
  });

  it('restarts what fails, later and later, and keeps the last end', async () => {
    const pod = testPod('loop', { containers: [shell('app', 'exit 3')] });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => {
      const [app] = r.status.containerStatuses ?? [];
      return (app?.restartCount ?? 0) >= 2 && app?.state?.waiting?.reason === 'CrashLoopBackOff';
    });
    const [app] = status.containerStatuses ?? [];
    expect(app?.lastState?.terminated).toMatchObject({ exitCode: 3 });
    expect(app?.state?.waiting?.message).toMatch(
      /^back-off \S+ restarting failed container=app pod=loop_default\(/,
    );
    expect(status.phase).toBe('Running');
    expect((await remove(pod)).status.phase).toBe('Failed');
  });

  it('expands variables in commands, arguments and values', async () => {
    const pod = testPod('env', {
      restartPolicy: 'Never',
      containers: [
        {
          ...shell('app', ''),
          command: ['echo', '$(A)-$(B)', '$$(A)', '$(NONE)'],
          args: ['$(NAME)', '$(CPU)', '$(IP)'],
          env: [
            { name: 'A', value: 'x' },
            { name: 'B', value: '$(A)y' },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          resources: { limits: { cpu: '250m' } },
        },
      ],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status.phase).toBe('Succeeded');
    expect(await logOf(node, pod, 'app')).toBe(`x-xy $(A) $(NONE) env 250 ${status.podIP}\n`);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  // one that is killed as it starts is not seen by containerd's shim: it watches a moment later
  it('kills a container that uses more memory than it may, and says so', async () => {
    const pod = testPod('hungry', {
      restartPolicy: 'Never',
      containers: [
        shell('app', 'sleep 0.5; dd if=/dev/zero of=/dev/null bs=200M count=1', {
          resources: { limits: { memory: '16Mi' } },
        }),
      ],
    });
    runner.set(pod);
    const { status } = await reports.until(
      pod,
      (r) => r.status.containerStatuses?.[0]?.state?.terminated?.reason === 'OOMKilled',
    );
    expect(status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
    await reports.until(pod, ({ ended }) => ended);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('runs as the user, with the groups and the read-only root it was told', async () => {
    const pod = testPod('user', {
      restartPolicy: 'Never',
      securityContext: { runAsUser: 1234, runAsGroup: 55, fsGroup: 77, runAsNonRoot: true },
      containers: [
        shell(
          'app',
          'id; touch /x 2>/dev/null || echo sealed; grep -E "NoNewPrivs|CapEff" /proc/self/status',
          {
            securityContext: {
              readOnlyRootFilesystem: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ['ALL'] },
            },
          },
        ),
      ],
    });
    runner.set(pod);
    await reports.until(pod, ({ ended }) => ended);
    const log = await logOf(node, pod, 'app');
    expect(log).toMatch(/^uid=1234 gid=55 groups=(55,)?77/);
    expect(log).toContain('sealed');
    expect(log).toMatch(/CapEff:\t0+\n/);
    expect(log).toContain('NoNewPrivs:\t1');
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('refuses to run an image as root that must not', async () => {
    const pod = testPod('root', {
      containers: [shell('app', 'true', { securityContext: { runAsNonRoot: true } })],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) =>
      Boolean(r.status.containerStatuses?.[0]?.state?.waiting?.message),
    );
    expect(status.containerStatuses?.[0]?.state?.waiting).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: expect.stringContaining('container has runAsNonRoot and image will run as root'),
    });
    expect((await remove(pod)).status.phase).toBe('Failed');
  });

  it('says why an image cannot be had, and a command not be run', async () => {
    const never = testPod('never', {
      containers: [{ name: 'app', image: 'sampan.local/none:1', imagePullPolicy: 'Never' }],
    });
    const unreachable = testPod('unreachable', {
      containers: [{ name: 'app', image: '127.0.0.1:1/none:1', imagePullPolicy: 'Always' }],
    });
    const wrong = testPod('wrong', { containers: [{ ...shell('app', ''), command: ['/no/such/program'] }] });
    for (const pod of [never, unreachable, wrong]) runner.set(pod);
    const waits = (pod: typeof never, reason: string) =>
      reports.until(pod, (r) => r.status.containerStatuses?.[0]?.state?.waiting?.reason === reason);
    await waits(never, 'ErrImageNeverPull');
    await waits(unreachable, 'ImagePullBackOff');
    await waits(wrong, 'RunContainerError');
    const { status } = await waits(wrong, 'CrashLoopBackOff');
    expect(status.containerStatuses?.[0]?.lastState?.terminated).toMatchObject({
      exitCode: 128,
      reason: 'StartError',
    });
    expect(reports.reasons(unreachable)).toEqual(expect.arrayContaining(['Pulling', 'Failed', 'BackOff']));
    expect(reports.reasons(wrong)).toEqual(expect.arrayContaining(['Created', 'Failed', 'BackOff']));
    for (const pod of [never, unreachable, wrong]) await remove(pod);
  });

  it('kills what does not heed its stop signal when its grace is over', async () => {
    const pod = testPod('deaf', { containers: [shell('app', 'trap "" TERM; while :; do sleep 0.1; done')] });
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    const begun = performance.now();
    const { status } = await remove(pod, 0);
    expect(status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(137);
    expect(performance.now() - begun).toBeLessThan(6000);
    expect(status.phase).toBe('Failed');
  });

  it('runs the hooks of a container after its start and before its end', async () => {
    const app = shell('app', 'trap "echo stopping; exit 0" TERM; while :; do sleep 0.1; done', {
      lifecycle: {
        postStart: { exec: { command: ['sh', '-c', 'echo begun >/proc/1/fd/1'] } },
        preStop: { exec: { command: ['sh', '-c', 'echo hook >/proc/1/fd/1'] } },
      },
    });
    const bad = shell('bad', 'sleep 1000', {
      lifecycle: { postStart: { exec: { command: ['sh', '-c', 'exit 1'] } } },
    });
    const pod = testPod('hooks', { terminationGracePeriodSeconds: 2, containers: [app, bad] });
    runner.set(pod);
    const { status } = await reports.until(
      pod,
      (r) => r.status.containerStatuses?.[1]?.state?.waiting?.reason === 'PostStartHookError',
    );
    expect(status.containerStatuses?.[1]?.state?.waiting?.message).toBe('command exited with 1');
    runner.set({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 5 },
    });
    await reports.until(pod, ({ ended }) => ended);
    const log = await logOf(node, pod, 'app');
    await runner.forget(pod.metadata?.uid ?? '');
    expect(log).toBe('begun\nhook\nstopping\n');
    expect(reports.reasons(pod)).toEqual(
      expect.arrayContaining(['Pulled', 'Created', 'Started', 'FailedPostStartHook', 'Killing']),
    );
  });

  it('takes no container for started before its hook has run, nor starts those after it', async () => {
    const hooked = shell('first', 'trap "exit 0" TERM; while :; do sleep 0.1; done', {
      lifecycle: { postStart: { exec: { command: ['sh', '-c', 'sleep 1; touch /tmp/hooked'] } } },
    });
    const next = shell('next', 'trap "exit 0" TERM; while :; do sleep 0.1; done');
    const pod = testPod('blocks', { containers: [hooked, next] });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => r.status.phase === 'Running', 20_000);
    const [first, second] = ['first', 'next'].map(
      (name) => status.containerStatuses?.find((each) => each.name === name)?.state?.running?.startedAt,
    );
    expect(Date.parse(second ?? '') - Date.parse(first ?? '')).toBeGreaterThanOrEqual(1000);
    expect(reports.phases.get(pod.metadata?.uid ?? '')).toEqual(['Pending', 'Running']);
    await remove(pod);
  });

  it('waits for nothing when a pod is deleted that has only begun to start', async () => {
    const pod = testPod('undone', {
      containers: [
        shell('app', 'exec sleep 1000', { lifecycle: { postStart: { sleep: { seconds: 1000 } } } }),
        shell('later', 'exec sleep 1000'),
      ],
    });
    runner.set(pod);
    const uid = pod.metadata?.uid ?? '';
    await expect
      .poll(async () => (await node.runtime.listContainers(uid)).map(({ state }) => state), {
        timeout: 10_000,
      })
      .toEqual(['running']);
    const begun = performance.now();
    const { status } = await remove(pod, 0);
    expect(performance.now() - begun).toBeLessThan(6000);
    expect(status.phase).toBe('Failed');
    expect(reports.reasons(pod)).not.toContain('FailedPostStartHook');
  });

  it('calls hooks by HTTP where the pod is, and lets an ephemeral container see another one', async () => {
    const web = 'mkdir /tmp/w; echo hi >/tmp/w/x; exec busybox httpd -f -v -p 8080 -h /tmp/w';
    const app = shell('app', web, {
      ports: [{ name: 'web', containerPort: 8080 }],
      lifecycle: { preStop: { httpGet: { port: 'web', path: '/x?stop' } } },
    });
    const pod = testPod('calls', { containers: [app] });
    const uid = pod.metadata?.uid ?? '';
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    const debug = {
      ...shell('debug', 'cat /proc/[0-9]*/cmdline'),
      targetContainerName: 'app',
    };
    runner.set({ ...pod, spec: { ...pod.spec, ephemeralContainers: [debug as k8s.EphemeralContainer] } });
    await reports.until(pod, (r) => {
      const [status] = r.status.ephemeralContainerStatuses ?? [];
      return status?.state?.terminated !== undefined;
    });
    expect(await logOf(node, pod, 'debug')).toContain('httpd');
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 3 } });
    await reports.until(pod, ({ ended }) => ended);
    expect(await logOf(node, pod, 'app')).toContain('response:200');
    await runner.forget(uid);
  });

  it('lets no container seem to fail by itself in a pod that is deleted while it starts', async () => {
    const slow = new Proxy(node.runtime, {
      get(target, key: keyof typeof node.runtime) {
        const value: unknown = target[key];
        if (key === 'startContainer') return (id: string) => pause(700).then(() => target.startContainer(id));
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const own = startRunner(node, reports, { runtime: slow });
    const pod = testPod('hasty', { containers: [shell('app', 'exec sleep 1000')], restartPolicy: 'Never' });
    own.set(pod);
    const uid = pod.metadata?.uid ?? '';
    await expect
      .poll(async () => (await node.runtime.listContainers(uid)).map(({ state }) => state), {
        interval: 20,
        timeout: 30_000,
      })
      .toEqual(['created']);
    const deletionTimestamp = new Date().toISOString();
    own.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status.containerStatuses?.[0]?.state?.terminated).toMatchObject({
      exitCode: 137,
      reason: 'Error',
    });
    await own.forget(uid);
    await own.close();
  });

  it('runs a pod by the handler of its runtime class', async () => {
    const pod = testPod('class', {
      restartPolicy: 'Never',
      runtimeClassName: 'traced',
      containers: [shell('app', 'true')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status.phase).toBe('Succeeded');
    expect(await readFile(`${node.folder}/traced`, 'utf8')).toContain('create');
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('ends a pod at its active deadline', async () => {
    const pod = testPod('deadline', {
      activeDeadlineSeconds: 1,
      containers: [shell('app', 'sleep 1000')],
      terminationGracePeriodSeconds: 0,
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('takes over what ran before it, and starts nothing twice', async () => {
    const pod = testPod('adopted', { containers: [shell('app', 'sleep 1000')] });
    const former = startRunner(node, reports);
    former.set(pod);
    const before = await reports.until(pod, (r) => r.status.phase === 'Running');
    await former.close();
    const later = new Reports();
    const next = startRunner(node, later);
    next.set(pod);
    const after = await later.until(pod, (r) => r.status.phase === 'Running');
    expect(after.status.containerStatuses?.[0]?.containerID).toBe(
      before.status.containerStatuses?.[0]?.containerID,
    );
    expect(later.phases.get(pod.metadata?.uid ?? '')).toEqual(['Running']);
    await next.close();
    await remove(pod);
  });

  it('starts a container anew, as the same attempt, whose start was cut short with the agent', async () => {
    const pod = testPod('cut-short', {
      restartPolicy: 'Never',
      runtimeClassName: 'traced',
      containers: [shell('app', 'exec sleep 1000')],
    });
    const made = Promise.withResolvers<string>();
    const unstarted = new Proxy(node.runtime, {
      get(target, key: keyof typeof node.runtime) {
        const value: unknown = target[key];
        if (key === 'startContainer')
          return (id: string) => {
            made.resolve(id);
            return new Promise(() => {});
          };
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const former = startRunner(node, new Reports(), { runtime: unstarted });
    former.set(pod);
    const id = await made.promise;
    await writeFile(`${node.folder}/slow`, '');
    const agent = spawn(process.execPath, [STARTER, node.containerd.socket, id], { stdio: 'inherit' });
    // the runtime is at it
    await expect.poll(() => readFile(`${node.folder}/traced`, 'utf8'), { timeout: 10_000 }).toContain(id);
    agent.kill('SIGKILL');
    await rm(`${node.folder}/slow`);
    await expect
      .poll(async () => (await node.runtime.containerStatus(id))?.reason, { timeout: 10_000 })
      .toBe('StartError');
    const later = new Reports();
    const next = startRunner(node, later);
    next.set(pod);
    const { status } = await later.until(pod, (r) => r.status.phase === 'Running' || r.ended);
    expect([status.phase, status.containerStatuses?.[0]?.restartCount]).toEqual(['Running', 0]);
    await next.close();
    await remove(pod);
  });

  it('stops without waiting for what is being ended or fetched, and another one goes on with it', async () => {
    const deaf = testPod('deaf-still', {
      containers: [shell('app', 'trap "" TERM; while :; do sleep 0.1; done')],
    });
    const hooked = testPod('hooked-still', {
      containers: [
        shell('app', 'exec sleep 1000', { lifecycle: { postStart: { sleep: { seconds: 600 } } } }),
      ],
    });
    const former = startRunner(node, reports);
    for (const pod of [deaf, hooked]) former.set(pod);
    await reports.until(deaf, (r) => r.status.phase === 'Running');
    const deleted = (pod: k8s.Pod, deletionGracePeriodSeconds: number): k8s.Pod => ({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds },
    });
    former.set(deleted(deaf, 600));
    await expect.poll(() => reports.reasons(deaf)).toContain('Killing');
    const begun = performance.now();
    await former.close();
    expect(performance.now() - begun).toBeLessThan(5000);
    const later = new Reports();
    const next = startRunner(node, later);
    for (const pod of [deaf, hooked]) next.set(deleted(pod, 0));
    for (const pod of [deaf, hooked]) {
      await later.until(pod, ({ ended }) => ended);
      await next.forget(pod.metadata?.uid ?? '');
    }
    await next.close();
  });

  it('ends pods that were deleted while nobody looked, and no others', async () => {
    const kept = testPod('kept', { containers: [shell('app', 'sleep 1000')] });
    const left = testPod('left', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000')],
    });
    const former = startRunner(node, reports);
    for (const pod of [kept, left]) former.set(pod);
    for (const pod of [kept, left]) await reports.until(pod, (r) => r.status.phase === 'Running');
    await former.close();
    await runner.endOthers(new Set([kept.metadata?.uid ?? '']));
    expect(await node.runtime.listSandboxes(left.metadata?.uid)).toEqual([]);
    const [container] = await node.runtime.listContainers(kept.metadata?.uid);
    expect(container?.state).toBe('running');
    await runner.endOthers(new Set());
    expect(await node.runtime.listSandboxes(kept.metadata?.uid)).toEqual([]);
  });

  it('makes a new sandbox when the old one is gone, and starts its containers anew', async () => {
    const pod = testPod('lost', { containers: [shell('app', 'sleep 1000')] });
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    const [sandbox] = await node.runtime.listSandboxes(pod.metadata?.uid);
    await node.runtime.stopSandbox(sandbox?.id ?? '');
    const { status } = await reports.until(pod, (r) => {
      const [app] = r.status.containerStatuses ?? [];
      return (app?.restartCount ?? 0) > 0 && app?.ready === true;
    });
    expect(status.phase).toBe('Running');
    await remove(pod);
  });
});
