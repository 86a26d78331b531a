import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PodRunner } from '../src/index.ts';
import { findHandlers } from '../src/index.ts';
import { canRunContainers, logOf, Reports, run, shell, startRunner, TestNode, testPod } from './support.ts';

const able = await canRunContainers();
const hasGvisor = await run('runsc', ['--version']).then(
  () => true,
  () => false,
);
if (able && !hasGvisor) console.log('tests with gVisor are left out here; missing: runsc');

describe.skipIf(!able || !hasGvisor)('pods in gVisor', () => {
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

  const gvisor = (name: string, spec: Parameters<typeof testPod>[1]) =>
    testPod(name, { runtimeClassName: 'gvisor', terminationGracePeriodSeconds: 1, ...spec });

  it('have a kernel of their own, the pod network, and can be looked into', async () => {
    const pod = gvisor('kernel', {
      containers: [shell('app', 'busybox dmesg; busybox ifconfig eth0; sleep 1000')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => r.status.phase === 'Running');
    const log = () => logOf(node, pod, 'app');
    await expect.poll(log, { timeout: 10_000 }).toMatch(/Starting gVisor[\s\S]*inet addr/);
    expect(await log()).toContain(`inet addr:${status.podIP}`);
    const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
    const answer = await node.runtime.exec(id, ['sh', '-c', 'echo out; exit 5'], 10_000);
    expect([String(answer.stdout), answer.exitCode]).toEqual(['out\n', 5]);
    const [stats] = await node.runtime.listStats(pod.metadata?.uid);
    expect(stats?.cpuNanoseconds).toBeGreaterThan(0);
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 1 } });
    const ended = await reports.until(pod, (r) => r.ended);
    expect(ended.status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(143);
    await runner.forget(pod.metadata?.uid ?? '');
    expect(await node.runtime.listSandboxes(pod.metadata?.uid)).toEqual([]);
  });

  it('end container by container, with their exit codes and all of their output', async () => {
    const pod = gvisor('ends', {
      restartPolicy: 'Never',
      initContainers: [shell('first', 'echo one')],
      containers: [shell('good', 'sleep 1; echo two'), shell('bad', 'echo three >&2; exit 7')],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended, 30_000);
    const codes = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(
      ({ name, state }) => [name, state?.terminated?.exitCode],
    );
    expect(codes).toEqual([
      ['first', 0],
      ['good', 0],
      ['bad', 7],
    ]);
    expect(status.phase).toBe('Failed');
    for (const [name, text] of [
      ['first', 'one\n'],
      ['good', 'two\n'],
      ['bad', 'three\n'],
    ] as const)
      await expect.poll(() => logOf(node, pod, name), { timeout: 10_000 }).toBe(text);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('say what command they cannot run, and are restarted', async () => {
    const pod = gvisor('wrong', { containers: [{ ...shell('app', ''), command: ['/no/such'] }] });
    runner.set(pod);
    const waiting = await reports.until(
      pod,
      (r) => (r.status.containerStatuses?.[0]?.restartCount ?? 0) > 0,
      30_000,
    );
    const [app] = waiting.status.containerStatuses ?? [];
    expect(JSON.stringify([app?.state, app?.lastState])).toContain('/no/such');
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
    await reports.until(pod, (r) => r.ended, 30_000);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('can have a terminal', async () => {
    const pod = gvisor('terminal', {
      restartPolicy: 'Never',
      containers: [shell('app', '[ -t 0 ] && [ -t 1 ] && echo terminal; exit 3', { tty: true, stdin: true })],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, ({ ended }) => ended, 30_000);
    expect(status.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(3);
    await expect.poll(() => logOf(node, pod, 'app'), { timeout: 10_000 }).toBe('terminal\n');
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('can share the network of the machine', async () => {
    const pod = gvisor('host', {
      restartPolicy: 'Never',
      hostNetwork: true,
      containers: [shell('app', 'busybox ifconfig -a')],
    });
    runner.set(pod);
    await reports.until(pod, ({ ended }) => ended, 30_000);
    await expect.poll(() => logOf(node, pod, 'app'), { timeout: 10_000 }).toContain(node.bridge);
    await runner.forget(pod.metadata?.uid ?? '');
  });

  it('are offered where runsc is installed', async () => {
    expect(Object.keys(await findHandlers(`${node.folder}/again`))).toEqual(['gvisor']);
  });
});
