import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { k8s } from '@sampan/api';
import { expect, it } from 'vitest';
import { cgroupFiles, cpuWeight } from './cgroup-files.ts';
import { burstableCpu, podCgroupLimits } from './cgroup-limits.ts';
import { CgroupTree } from './cgroup-tree.ts';

type Amounts = Record<string, string>;
const app = (name: string, requests?: Amounts, limits?: Amounts): k8s.Container => ({
  name,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
});
const pod = (containers: k8s.Container[], more: Partial<k8s.PodSpec> = {}): k8s.Pod => ({
  spec: { containers, ...more },
});

it('limits a pod to the sum of its containers when all of them are limited', () => {
  const both = { cpu: '500m', memory: '64Mi' };
  expect(podCgroupLimits(pod([app('a', both, both), app('b', both, both)]))).toEqual({
    cpuShares: 1024,
    cpuQuota: 100_000,
    memory: 128 * 2 ** 20,
    hugePages: {},
  });
  const half = pod([app('a', { cpu: '250m' }, { memory: '64Mi' }), app('b')]);
  expect(podCgroupLimits(half)).toEqual({ cpuShares: 256, hugePages: {} });
  expect(podCgroupLimits(pod([app('a')]), 100)).toEqual({ cpuShares: 2, hugePages: {}, pids: 100 });
});

it('takes what a pod says of itself, and counts sidecars and init containers', () => {
  const own = pod([app('a')], {
    resources: { requests: { cpu: '1' }, limits: { cpu: '2', memory: '1Gi' } },
  });
  expect(podCgroupLimits(own)).toMatchObject({ cpuShares: 1024, cpuQuota: 200_000, memory: 2 ** 30 });
  const limited = { memory: '10Mi' };
  const init = pod([app('a', {}, limited)], {
    initContainers: [app('i', {}, { memory: '50Mi' }), { ...app('s', {}, limited), restartPolicy: 'Always' }],
  });
  expect(podCgroupLimits(init).memory).toBe(50 * 2 ** 20);
  const open = pod([app('a', {}, limited)], { initContainers: [app('i')] });
  expect(podCgroupLimits(open).memory).toBeUndefined();
});

it('names huge pages as the kernel does', () => {
  const pages = { 'hugepages-2Mi': '4Mi', 'hugepages-1Gi': '1Gi', cpu: '1' };
  expect(podCgroupLimits(pod([app('a', pages, pages)])).hugePages).toEqual({
    '2MB': 4 * 2 ** 20,
    '1GB': 2 ** 30,
  });
});

it('counts only pods without guarantee for their share of the CPU', () => {
  const whole = { cpu: '1', memory: '1Gi' };
  const pods = [pod([app('a', { cpu: '300m' })]), pod([app('b', whole, whole)]), pod([app('c')])];
  expect(burstableCpu(pods)).toBe(300);
});

it('writes the files of version 1 and of version 2', () => {
  const limits = { cpuShares: 512, cpuQuota: 50_000, memory: 1000, pids: 7, hugePages: { '2MB': 0 } };
  const lines = (version: 1 | 2, of = limits) =>
    cgroupFiles(of, version).map(({ file, value }) => `${file}=${value}`);
  expect(lines(1)).toEqual([
    'cpu.shares=512',
    'cpu.cfs_period_us=100000',
    'cpu.cfs_quota_us=50000',
    'memory.limit_in_bytes=1000',
    'pids.max=7',
    'hugetlb.2MB.limit_in_bytes=0',
  ]);
  expect(lines(2)).toEqual([
    'cpu.weight=20',
    'cpu.max=50000 100000',
    'memory.max=1000',
    'pids.max=7',
    'hugetlb.2MB.max=0',
  ]);
  expect(cgroupFiles({}, 1).map(({ value }) => value)).toEqual(['100000', '-1', '-1', 'max']);
  expect(cgroupFiles({}, 2).map(({ value }) => value)).toEqual(['max 100000', 'max', 'max']);
  expect([2, 1024, 262_144].map(cpuWeight)).toEqual([1, 39, 10_000]);
});

it('hands on the controllers of version 2 down to the parent of a cgroup', async () => {
  const mount = await mkdtemp(`${tmpdir()}/cg`);
  try {
    await writeFile(`${mount}/cgroup.controllers`, 'cpuset cpu io memory\n');
    await mkdir(`${mount}/a/b`, { recursive: true });
    const tree = await CgroupTree.open(mount);
    expect([tree.version, [...tree.controllers]]).toEqual([2, ['cpu', 'memory']]);
    await tree.set('/a/b', { cpuShares: 1024, memory: 5000 });
    for (const parent of ['', '/a'])
      expect(await readFile(`${mount}${parent}/cgroup.subtree_control`, 'utf8')).toBe('+cpu +memory');
    expect(await readFile(`${mount}/a/b/cpu.weight`, 'utf8')).toBe('39');
    expect(await readFile(`${mount}/a/b/memory.max`, 'utf8')).toBe('5000');
  } finally {
    await rm(mount, { recursive: true });
  }
});
