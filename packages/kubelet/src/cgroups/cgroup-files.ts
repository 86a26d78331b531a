import type { CgroupLimits } from './cgroup-limits.ts';

export type CgroupVersion = 1 | 2;
export type Controller = 'cpu' | 'memory' | 'pids' | 'hugetlb';

/** One file of a cgroup's folder. */
export interface CgroupFile {
  /** Version 1 has a tree for each; of version 2, it must be enabled. */
  readonly controller: Controller;
  readonly file: string;
  readonly value: string;
}

const PERIOD_US = 100_000;

/** What is written where (kernel: admin-guide/cgroup-v1, cgroup-v2). What has no limit is said to have none. */
export function cgroupFiles(limits: CgroupLimits, version: CgroupVersion): CgroupFile[] {
  const files = version === 1 ? filesOfV1(limits) : filesOfV2(limits);
  return files.map(([controller, file, value]) => ({ controller, file, value: String(value) }));
}

type Line = readonly [Controller, string, string | number];

function filesOfV1({ cpuShares, cpuQuota, memory, pids, hugePages = {} }: CgroupLimits): Line[] {
  return [
    ...(cpuShares === undefined ? [] : [['cpu', 'cpu.shares', cpuShares] as const]),
    // with another period, a quota might not be allowed for a moment
    ['cpu', 'cpu.cfs_period_us', PERIOD_US],
    ['cpu', 'cpu.cfs_quota_us', cpuQuota ?? -1],
    ['memory', 'memory.limit_in_bytes', memory ?? -1],
    ['pids', 'pids.max', pids ?? 'max'],
    ...Object.entries(hugePages).map(
      ([size, bytes]) => ['hugetlb', `hugetlb.${size}.limit_in_bytes`, bytes] as const,
    ),
  ];
}

function filesOfV2({ cpuShares, cpuQuota, memory, pids, hugePages = {} }: CgroupLimits): Line[] {
  return [
    ...(cpuShares === undefined ? [] : [['cpu', 'cpu.weight', cpuWeight(cpuShares)] as const]),
    ['cpu', 'cpu.max', `${cpuQuota ?? 'max'} ${PERIOD_US}`],
    ['memory', 'memory.max', memory ?? 'max'],
    ['pids', 'pids.max', pids ?? 'max'],
    ...Object.entries(hugePages).map(([size, bytes]) => ['hugetlb', `hugetlb.${size}.max`, bytes] as const),
  ];
}

/** 2 to 262144 shares as a weight of 1 to 10000 (KEP-2254, "Phase 1: Convert from cgroups v1 settings to v2"). */
export function cpuWeight(shares: number): number {
  return 1 + Math.floor(((shares - 2) * 9999) / 262_142);
}
