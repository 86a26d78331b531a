import { access, readdir, readFile } from 'node:fs/promises';
import { silentLogger } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PodCgroups, type PodRunner, removeCgroups } from '../src/index.ts';
import { canRunContainers, Reports, shell, startRunner, TestNode, testPod } from './support.ts';

const able = await canRunContainers();
const MOUNT = '/sys/fs/cgroup';

/** Of a cgroup's file, whichever the version; undefined: it is not there. */
async function read(path: string, v1: string, v2: string): Promise<string | undefined> {
  const controller = v1.split('.')[0];
  const folders = [`${MOUNT}/${controller}${path}/${v1}`, `${MOUNT}${path}/${v2}`];
  for (const file of folders) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text.trim();
  }
  return undefined;
}

describe.skipIf(!able)('cgroups of real pods', () => {
  let node: TestNode;
  let reports: Reports;
  let runner: PodRunner;
  let cgroups: PodCgroups;

  beforeAll(async () => {
    node = await TestNode.start();
    cgroups = await PodCgroups.open({ node: node.node, logger: silentLogger, podPids: 200 });
    reports = new Reports();
    runner = startRunner(node, reports, { cgroups });
  });

  afterAll(async () => {
    await runner?.close();
    await node?.stop();
    if (node) await removeCgroups(node.node.cgroupRoot);
  });

  it('holds a pod to the limits of its containers, and leaves nothing of it', async () => {
    const root = node.node.cgroupRoot;
    const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m', memory: '32Mi' } };
    const pod = testPod('limited', {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      containers: ['a', 'b'].map((name) => shell(name, 'sleep 1', { resources })),
    });
    const path = `${root}/burstable/pod${pod.metadata?.uid}`;
    runner.set(pod);
    await reports.until(pod, (r) => r.status.phase === 'Running');
    const memory = await read(path, 'memory.limit_in_bytes', 'memory.max');
    expect(memory).toBe(String(64 * 2 ** 20));
    expect(await read(path, 'pids.max', 'pids.max')).toBe('200');
    expect(['204', '8']).toContain(await read(path, 'cpu.shares', 'cpu.weight'));
    expect(['40000', '40000 100000']).toContain(await read(path, 'cpu.cfs_quota_us', 'cpu.max'));
    expect(['204', '8']).toContain(await read(`${root}/burstable`, 'cpu.shares', 'cpu.weight'));
    expect(['2', '1']).toContain(await read(`${root}/besteffort`, 'cpu.shares', 'cpu.weight'));
    await reports.until(pod, ({ ended }) => ended);
    await runner.forget(pod.metadata?.uid ?? '');
    const roots = ['', ...(await readdir(MOUNT)).map((name) => `/${name}`)];
    for (const tree of roots) await expect(access(`${MOUNT}${tree}${path}`)).rejects.toThrow('ENOENT');
  });

  it('says of a container that took more than its pod may have that memory ran out', async () => {
    const pod = testPod('greedy', {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      resources: { limits: { memory: '24Mi' } },
      containers: [shell('app', 'sleep 0.5; dd if=/dev/zero of=/dev/null bs=200M count=1')],
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
});
