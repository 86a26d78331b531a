import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { k8s } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildImage,
  EvictionManager,
  type EvictionOptions,
  ImageCollector,
  importImage,
  type PodRunner,
  removeLeftLogs,
  Stats,
} from '../src/index.ts';
import {
  BUSYBOX,
  canRunContainers,
  run as execute,
  Reports,
  shell,
  startRunner,
  TestNode,
  testPod,
} from './support.ts';

const able = await canRunContainers();

describe.skipIf(!able)('a machine that runs short', () => {
  let node: TestNode;
  let reports: Reports;
  let runner: PodRunner;
  let stats: Stats;
  let pods: k8s.Pod[] = [];
  const events: string[] = [];

  beforeAll(async () => {
    node = await TestNode.start();
    reports = new Reports();
    runner = startRunner(node, reports);
    await mkdir(node.node.podFolder, { recursive: true });
    stats = new Stats({
      node: 'n',
      clock: systemClock,
      runtime: node.runtime,
      facts: node.node,
      pods: current,
      imageFolder: `${node.folder}/c`,
    });
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
  });

  const current = () => pods.map((pod) => ({ ...pod, status: reports.last(pod)?.status ?? {} }));

  const run = async (...started: k8s.Pod[]) => {
    pods = started;
    for (const pod of started) runner.set(pod);
    for (const pod of started) await reports.until(pod, (r) => r.status.phase === 'Running');
  };

  const forget = async () => {
    for (const pod of pods) {
      const deletionTimestamp = new Date().toISOString();
      runner.set({ ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
      await reports.until(pod, ({ ended }) => ended);
      await runner.forget(pod.metadata?.uid ?? '');
    }
    pods = [];
  };

  const managing = async (
    more: Partial<EvictionOptions>,
    task: (manager: EvictionManager) => Promise<void>,
  ) => {
    const manager = new EvictionManager({
      clock: systemClock,
      log: silentLogger,
      stats,
      pods: current,
      evict: (uid, verdict) => runner.condemn(uid, verdict),
      event: (pod, reason, message) => events.push(`${pod?.metadata?.name ?? 'node'} ${reason} ${message}`),
      reclaimDisk: async () => {},
      ...more,
    });
    manager.start();
    try {
      await task(manager);
    } finally {
      await manager.stop();
    }
  };

  const fast = { intervalMs: 200, transitionMs: 60_000, cleanupMs: 30_000 };

  it('of memory evicts the pod that uses most beyond what it asked for, one at a time', async () => {
    // the memory of files that are written counts, too
    const greedy = testPod('greedy', {
      terminationGracePeriodSeconds: 60,
      containers: [
        shell(
          'app',
          'trap "" TERM; a=$(dd if=/dev/zero bs=1M count=30 | tail -c 30000000 | cat -v); sleep 1000',
        ),
      ],
    });
    const modest = testPod('modest', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000', { resources: { requests: { memory: '64Mi' } } })],
    });
    await run(modest, greedy);
    const thresholds = [{ signal: 'memory.available', least: '100%' }] as const;
    await managing({ config: { ...fast, thresholds } }, async (manager) => {
      const { status } = await reports.until(greedy, ({ ended }) => ended);
      expect(status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
      expect(status.message).toMatch(/^The node was low on resource: memory\. Threshold quantity: /);
      expect(status.message).toMatch(
        /Container app was using \S+, request is 0, has larger consumption of memory/,
      );
      const condition = status.conditions?.find(({ type }) => type === 'DisruptionTarget');
      expect(condition).toMatchObject({ status: 'True', reason: 'TerminationByKubelet' });
      expect(manager.pressure).toEqual({ memory: true, disk: false, pids: false });
      expect(manager.admit(testPod('next', { containers: [shell('app', '')] }))?.reason).toBe('Evicted');
      const last = await reports.until(modest, ({ ended }) => ended);
      expect(last.status.reason).toBe('Evicted');
    });
    expect(events).toContain('node EvictionThresholdMet Attempting to reclaim memory');
    expect(events.some((line) => line.startsWith('greedy Evicted The node was low'))).toBe(true);
    await forget();
  });

  it('of memory evicts none while others have pods that go first', async () => {
    const spared = testPod('spared', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000')],
    });
    await run(spared);
    let yields = true;
    const thresholds = [{ signal: 'memory.available', least: '100%' }] as const;
    await managing({ config: { ...fast, thresholds }, yields: () => yields }, async (manager) => {
      await expect.poll(() => manager.pressure.memory, { timeout: 10_000 }).toBe(true);
      await sleep(3 * fast.intervalMs);
      expect(manager.hasVictims).toBe(true);
      expect(events.some((line) => line.startsWith('spared Evicted'))).toBe(false);
      yields = false;
      const { status } = await reports.until(spared, ({ ended }) => ended);
      expect(status.reason).toBe('Evicted');
    });
    await forget();
  });

  it('of nothing evicts pods that have more on disk than they may', async () => {
    const writes = testPod('writes', {
      terminationGracePeriodSeconds: 0,
      containers: [
        shell(
          'app',
          'while :; do echo 0123456789012345678901234567890123456789; done | head -n 100000; sleep 1000',
          {
            resources: { limits: { 'ephemeral-storage': '1Mi' } },
          },
        ),
      ],
    });
    const quiet = testPod('quiet', {
      terminationGracePeriodSeconds: 0,
      containers: [shell('app', 'sleep 1000', { resources: { limits: { 'ephemeral-storage': '1Mi' } } })],
    });
    await run(quiet, writes);
    await managing({ config: { ...fast, intervalMs: 2000, thresholds: [] } }, async ({ pressure }) => {
      const { status } = await reports.until(writes, ({ ended }) => ended, 90_000);
      expect(status).toMatchObject({
        reason: 'Evicted',
        message: 'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ',
      });
      expect(reports.last(quiet)?.status.phase).toBe('Running');
      expect(pressure.disk).toBe(false);
    });
    await forget();
  }, 120_000);

  it('of disk removes unused images first', async () => {
    const pod = testPod('stays', { containers: [shell('app', 'sleep 1000')] });
    await run(pod);
    const content = Buffer.from('unused');
    const unused = buildImage({ name: 'sampan.local/unused:1', files: [{ path: 'f', content }] });
    await importImage(node.containerd.socket, unused);
    // as if it came from a registry
    const ctr = (...args: string[]) =>
      execute('ctr', ['--address', node.containerd.socket, '--namespace', 'k8s.io', 'images', ...args]);
    const { stdout } = await ctr('ls', 'name==sampan.local/unused:1');
    await ctr(
      'tag',
      'sampan.local/unused:1',
      `sampan.local/unused@${/sha256:[0-9a-f]{64}/.exec(stdout)?.[0]}`,
    );
    const collector = new ImageCollector({
      clock: systemClock,
      log: silentLogger,
      runtime: node.runtime,
      imageFolder: `${node.folder}/c`,
      event: (reason, message) => events.push(`node ${reason} ${message}`),
      config: { minAgeMs: 0, highPercent: 101, lowPercent: 100 },
    });
    collector.start();
    const thresholds = [{ signal: 'imagefs.available', least: '100%' }] as const;
    let reclaimed = 0;
    const reclaimDisk = async () => {
      reclaimed++;
      await collector.removeUnused();
    };
    await managing({ reclaimDisk, config: { ...fast, thresholds } }, async () => {
      await expect
        .poll(() => node.runtime.imageStatus('sampan.local/unused:1'), { timeout: 10_000 })
        .toBeUndefined();
    });
    await collector.stop();
    expect(reclaimed).toBeGreaterThan(0);
    expect(await node.runtime.imageStatus(BUSYBOX)).toBeDefined();
    // the pause image is not for removal
    expect((await node.runtime.listImages()).length).toBeGreaterThan(1);
    await forget();
  });

  it('of disk for images says so when there is nothing to remove', async () => {
    const collector = new ImageCollector({
      clock: systemClock,
      log: silentLogger,
      runtime: node.runtime,
      imageFolder: `${node.folder}/c`,
      event: (reason, message) => events.push(`node ${reason} ${message}`),
      config: { highPercent: 0, lowPercent: 0 },
    });
    collector.start();
    await collector.stop();
    expect(events.find((line) => line.startsWith('node FreeDiskSpaceFailed'))).toContain('freed 0 bytes');
    expect(await node.runtime.imageStatus(BUSYBOX)).toBeDefined();
  });

  it('forgets logs of pods that nobody knows', async () => {
    const logs = `${node.folder}/old-logs`;
    for (const name of ['ns_gone_u1/app', 'ns_here_u2/app', 'other'])
      await mkdir(`${logs}/${name}`, { recursive: true });
    expect(await removeLeftLogs(logs, new Set(['u2']))).toEqual(['ns_gone_u1']);
    expect((await readdir(logs)).toSorted()).toEqual(['ns_here_u2', 'other']);
    expect(await removeLeftLogs(`${node.folder}/none`, new Set())).toEqual([]);
  });
});
