import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PodRunner, Stats, type Summary, statsReports } from '../src/index.ts';
import { canRunContainers, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('statistics of real pods', () => {
  let node: TestNode;
  let reports: Reports;
  let runner: PodRunner;
  let stats: Stats;
  const pod = testPod('busy', {
    terminationGracePeriodSeconds: 0,
    containers: [
      shell('burns', 'while :; do :; done'),
      shell('sleeps', 'dd if=/dev/zero of=/big bs=1M count=3; echo done; sleep 1000'),
    ],
  });

  beforeAll(async () => {
    node = await TestNode.start();
    reports = new Reports();
    runner = startRunner(node, reports);
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    stats = new Stats({
      node: 'n',
      clock: systemClock,
      runtime: node.runtime,
      facts: node.node,
      pods: () => [{ ...pod, status: reports.last(pod)?.status ?? {} }],
      imageFolder: `${node.folder}/c`,
    });
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
  });

  const answer = async (path: string, query = '') => {
    const report = statsReports(stats, 'n', silentLogger)[path];
    return report?.(new URLSearchParams(query));
  };

  it('say what each container uses', async () => {
    const { body, contentType } = (await answer('/stats/summary', 'only_cpu_and_memory=true')) ?? {};
    expect(contentType).toBe('application/json');
    const summary = JSON.parse(body ?? '') as Summary;
    const [own] = summary.pods;
    const [burns, sleeps] = own?.containers ?? [];
    // it may share its core with others
    expect(burns?.cpu?.usageNanoCores).toBeGreaterThan(200_000_000);
    expect(burns?.cpu?.usageNanoCores).toBeLessThan(1_200_000_000);
    expect(sleeps?.cpu?.usageNanoCores).toBeLessThan(burns?.cpu?.usageNanoCores ?? 0);
    expect(sleeps?.memory?.workingSetBytes).toBeGreaterThan(0);
    expect(own?.cpu?.usageNanoCores).toBeGreaterThanOrEqual(200_000_000);
    expect(own?.network).toBeUndefined();
    expect(summary.node.memory?.availableBytes).toBeGreaterThan(0);
  });

  it('say what pods have on disk and on the network', async () => {
    const read = async () => (await stats.summary()).pods[0];
    // containerd measures layers every ten seconds
    await expect
      .poll(async () => (await read())?.containers[1]?.rootfs?.usedBytes, { timeout: 30_000, interval: 1000 })
      .toBeGreaterThan(3e6);
    const own = await read();
    expect(own?.['ephemeral-storage']?.usedBytes).toBeGreaterThan(3e6);
    expect(own?.containers[1]?.logs?.usedBytes).toBeGreaterThan(0);
    expect(own?.network?.name).toBe('eth0');
    expect(own?.network?.interfaces).toHaveLength(1);
    const { node: whole } = await stats.summary();
    expect(whole.fs?.capacityBytes).toBeGreaterThan(0);
    expect(whole.runtime?.imageFs?.usedBytes).toBeGreaterThan(0);
    expect(whole.rlimit?.curproc).toBeGreaterThan(0);
  });

  it('are read by Prometheus and by the API server', async () => {
    expect((await answer('/metrics/resource'))?.body).toMatch(
      /^container_cpu_usage_seconds_total\{container="burns",namespace="default",pod="busy"\} [\d.]+ \d+$/m,
    );
    expect((await answer('/metrics'))?.body).toContain(
      'kubelet_running_containers{container_state="running"} 2',
    );
    const cadvisor = (await answer('/metrics/cadvisor'))?.body ?? '';
    expect(cadvisor).toMatch(
      /^container_memory_working_set_bytes\{container="sleeps",id="containerd:[^"]+",image="[^"]+",namespace="default",pod="busy"\} \d+ \d+$/m,
    );
    expect(cadvisor).toMatch(/^container_network_receive_bytes_total\{container="",.*interface="eth0"\} \d/m);
    const metrics = JSON.parse((await answer('/metrics.k8s.io'))?.body ?? '');
    expect(metrics.pods[0].containers.map(({ name }: { name: string }) => name)).toEqual(['burns', 'sleeps']);
    expect(metrics.nodes[0].usage.cpu).toMatch(/^\d+n$/);
  });
});
