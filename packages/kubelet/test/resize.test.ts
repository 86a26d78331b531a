import { readFile } from 'node:fs/promises';
import type { k8s } from '@sampan/api';
import { silentLogger } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PodCgroups, type PodRunner, removeCgroups } from '../src/index.ts';
import { canRunContainers, logOf, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('the resources of running pods', () => {
  let node: TestNode;
  let reports: Reports;
  let runner: PodRunner;
  let cgroups: PodCgroups;

  beforeAll(async () => {
    node = await TestNode.start();
    cgroups = await PodCgroups.open({ node: node.node, logger: silentLogger });
    reports = new Reports();
    runner = startRunner(node, reports, { cgroups });
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
    if (node) await removeCgroups(node.node.cgroupRoot);
  });

  const resources = (cpu: string, memory: string) => ({
    requests: { cpu, memory },
    limits: { cpu, memory },
  });
  const resized = (pod: k8s.Pod, name: string, more: k8s.ResourceRequirements): k8s.Pod => ({
    ...pod,
    metadata: { ...pod.metadata, generation: (pod.metadata?.generation ?? 1) + 1 },
    spec: {
      ...pod.spec,
      containers: (pod.spec?.containers ?? []).map((container) =>
        container.name === name ? { ...container, resources: more } : container,
      ),
    },
  });
  const condition = ({ conditions }: k8s.PodStatus, type: string) =>
    (conditions ?? []).find((each) => each.type === type);
  const remove = async (pod: k8s.Pod): Promise<void> => {
    const deletionTimestamp = new Date().toISOString();
    runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
    await reports.until(pod, ({ ended }) => ended);
    await runner.forget(pod.metadata?.uid ?? '');
  };
  /** Of the pod, or of one container in it. */
  const memoryLimit = async (pod: k8s.Pod, id = ''): Promise<number> => {
    const path = `${node.node.cgroupRoot}/pod${pod.metadata?.uid}/${id.replace('containerd://', '')}`;
    const v1 = `/sys/fs/cgroup/memory${path}/memory.limit_in_bytes`;
    return Number(
      await readFile(v1, 'utf8').catch(() => readFile(`/sys/fs/cgroup${path}/memory.max`, 'utf8')),
    );
  };

  it('change without a restart, up and down, and survive an agent', async () => {
    const pod = testPod('grows', {
      containers: [shell('app', 'exec sleep 1000', { resources: resources('100m', '20Mi') })],
    });
    runner.set(pod);
    const { status } = await reports.until(pod, (r) => r.status.phase === 'Running');
    const id = status.containerStatuses?.[0]?.containerID ?? '';
    expect([await memoryLimit(pod), await memoryLimit(pod, id)]).toEqual([20 * 2 ** 20, 20 * 2 ** 20]);
    const bigger = resized(pod, 'app', resources('200m', '40Mi'));
    runner.set(bigger);
    const grown = (memory: string) => (r: { status: k8s.PodStatus }) =>
      r.status.containerStatuses?.[0]?.resources?.limits?.memory === memory &&
      !condition(r.status, 'PodResizeInProgress');
    const { status: after } = await reports.until(pod, grown('40Mi'));
    expect(after.containerStatuses?.[0]).toMatchObject({
      containerID: id,
      restartCount: 0,
      allocatedResources: { cpu: '200m', memory: '40Mi' },
    });
    expect([await memoryLimit(pod), await memoryLimit(pod, id)]).toEqual([40 * 2 ** 20, 40 * 2 ** 20]);
    expect(reports.reasons(pod)).toEqual(expect.arrayContaining(['ResizeStarted', 'ResizeCompleted']));
    // another agent finds it as it is, and changes it while the first one is gone
    await runner.close();
    reports = new Reports();
    runner = startRunner(node, reports, { cgroups });
    const smaller = resized(bigger, 'app', resources('100m', '10Mi'));
    runner.set({ ...smaller, status: after });
    const { status: last } = await reports.until(pod, grown('10Mi'));
    expect(last.containerStatuses?.[0]?.containerID).toBe(id);
    expect([await memoryLimit(pod), await memoryLimit(pod, id)]).toEqual([10 * 2 ** 20, 10 * 2 ** 20]);
    await remove(smaller);
  });

  it('change with a restart where the container asks for one', async () => {
    const app = shell('app', 'trap "exit 0" TERM; while :; do sleep 0.1; done', {
      resources: resources('100m', '20Mi'),
      resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
    });
    const pod = testPod('restarts', { restartPolicy: 'OnFailure', containers: [app] });
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    runner.set(resized(pod, 'app', resources('100m', '30Mi')));
    const { status } = await reports.until(pod, (r) => {
      const [first] = r.status.containerStatuses ?? [];
      return first?.restartCount === 1 && first.state?.running !== undefined;
    });
    expect(status.containerStatuses?.[0]?.resources?.limits?.memory).toBe('30Mi');
    const id = status.containerStatuses?.[0]?.containerID ?? '';
    expect([await memoryLimit(pod), await memoryLimit(pod, id)]).toEqual([30 * 2 ** 20, 30 * 2 ** 20]);
    await remove(pod);
  });

  it('stay as they are when the node has no more, or the container uses them, and the pod says so', async () => {
    const fill = 'dd if=/dev/zero of=/tmp/x bs=1M count=12 2>/dev/null; echo full; exec sleep 1000';
    const pod = testPod('stuck', {
      containers: [shell('app', fill, { resources: resources('100m', '24Mi') })],
    });
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    await expect.poll(() => logOf(node, pod, 'app'), { timeout: 15_000 }).toBe('full\n');
    runner.set(resized(pod, 'app', resources('64', '24Mi')));
    const { status } = await reports.until(pod, (r) => condition(r.status, 'PodResizePending') !== undefined);
    expect(condition(status, 'PodResizePending')).toMatchObject({
      status: 'True',
      reason: 'Infeasible',
      message: "Node didn't have enough capacity: cpu, requested: 64000, capacity: 2000",
    });
    expect(status.containerStatuses?.[0]?.resources?.limits?.cpu).toBe('100m');
    runner.set(resized(pod, 'app', resources('100m', '1Mi')));
    const { status: failed } = await reports.until(
      pod,
      (r) => condition(r.status, 'PodResizeInProgress')?.reason === 'Error',
    );
    expect(condition(failed, 'PodResizeInProgress')?.message).toMatch(
      /^attempting to set container memory limit \(1048576\) below current usage \(\d+\)$/,
    );
    expect(condition(failed, 'PodResizePending')).toBeUndefined();
    expect(failed.containerStatuses?.[0]?.state?.running).toBeDefined();
    runner.set(pod);
    await reports.until(pod, (r) => condition(r.status, 'PodResizeInProgress') === undefined);
    await remove(pod);
  });
});
