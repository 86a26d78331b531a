import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import { CgroupReader, type CgroupUsage } from './cgroup-usage.ts';
import { CpuRates } from './cpu-rates.ts';
import { FolderSizes } from './disk-usage.ts';
import { machineUsage } from './machine-usage.ts';
import { makeSummary } from './make-summary.ts';
import { networkStats } from './network-usage.ts';
import { nodeMetrics } from './node-metrics.ts';
import { withSandboxShare } from './pod-usage.ts';
import { resourceMetrics } from './resource-metrics.ts';
import { MACHINE, type UsageSample } from './usage-sampler.ts';

async function inFolder(task: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'st'));
  try {
    await task(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function write(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(`${folder}/${name}`, text);
}

describe('what cgroups use', () => {
  const expected = {
    at: 5,
    cpuNanoseconds: 12_000,
    memory: { usage: 1000, workingSet: 700, rss: 400, pageFaults: 9, majorPageFaults: 2, limit: 5000 },
    pids: 3,
  };

  it('is read from version 2', () =>
    inFolder(async (root) => {
      await write(root, { 'cgroup.controllers': 'cpu memory pids' });
      await write(`${root}/a`, {
        'cpu.stat': 'usage_usec 12\nuser_usec 7\n',
        'memory.current': '1000\n',
        'memory.stat': 'anon 400\ninactive_file 300\npgfault 9\npgmajfault 2\n',
        'memory.max': '5000\n',
        'pids.current': '3\n',
        'cgroup.procs': '7\n8\n',
      });
      const reader = new CgroupReader(root);
      expect(await reader.read('/a', 5)).toEqual(expected);
      expect(await reader.read('/none', 5)).toBeUndefined();
      expect([await reader.processes('/a'), await reader.processes('/none')]).toEqual([[7, 8], []]);
      await write(`${root}/a`, { 'memory.max': 'max\n' });
      expect((await reader.read('/a', 5))?.memory.limit).toBeUndefined();
    }));

  it('is read from version 1', () =>
    inFolder(async (root) => {
      await write(`${root}/cpuacct/a`, { 'cpuacct.usage': '12000\n' });
      await write(`${root}/memory/a`, {
        'memory.usage_in_bytes': '1000\n',
        'memory.stat':
          'rss 1\ninactive_file 1\nhierarchical_memory_limit 5000\ntotal_rss 400\ntotal_inactive_file 300\ntotal_pgfault 9\ntotal_pgmajfault 2\n',
      });
      await write(`${root}/pids/a`, { 'pids.current': '3\n' });
      const reader = new CgroupReader(root);
      expect(await reader.read('/a', 5)).toEqual(expected);
      await write(`${root}/memory/a`, { 'memory.stat': 'hierarchical_memory_limit 9223372036854771712\n' });
      expect((await reader.read('/a', 5))?.memory.limit).toBeUndefined();
      expect(await reader.read('/none', 5)).toBeUndefined();
    }));
});

it('reads what the machine uses', () => {
  const files = {
    stat: 'cpu  10 1 20 500 30 2 3 0 4 0\ncpu0 1\n',
    meminfo:
      'MemTotal:  1000 kB\nMemFree:  400 kB\nInactive(file): 100 kB\nAnonPages: 50 kB\nSwapTotal: 20 kB\nSwapFree: 15 kB\n',
    vmstat: 'pgfault 11\npgmajfault 1\n',
    loadavg: '0.1 0.2 0.3 2/345 6789\n',
    pidMax: '4194304\n',
    threadsMax: '1000\n',
  };
  expect(machineUsage(files, 7)).toEqual({
    at: 7,
    cpuNanoseconds: 360_000_000,
    memory: {
      ...{ usage: 600 * 1024, workingSet: 500 * 1024, rss: 50 * 1024, limit: 1000 * 1024 },
      ...{ pageFaults: 11, majorPageFaults: 1 },
    },
    memoryBytes: 1000 * 1024,
    ...{ swapTotal: 20 * 1024, swapUsed: 5 * 1024, pids: 345, maxPids: 1000 },
  });
});

describe('CPU rates', () => {
  const at = (time: number, cpuNanoseconds: number) => new Map([['a', { at: time, cpuNanoseconds }]]);

  it('are of the time since the sample before', () => {
    const rates = new CpuRates();
    expect(rates.take(at(1000, 5e8)).size).toBe(0);
    expect(rates.take(at(3000, 15e8)).get('a')).toEqual({ nanoCores: 5e8, windowMs: 2000 });
    expect(rates.take(at(4000, 15e8)).get('a')?.nanoCores).toBe(0);
  });

  it('are none of samples that are too old, too near, or of another thing', () => {
    const rates = new CpuRates();
    rates.take(at(0, 0));
    expect([rates.knows('a', 50), rates.knows('a', 1000), rates.knows('a', 100_000)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(rates.knows('a', -1000)).toBe(false);
    expect(rates.take(at(1000, 5)).get('a')?.nanoCores).toBe(5);
    expect(rates.take(at(2000, 1)).size).toBe(0);
    rates.take(new Map());
    expect(rates.knows('a', 3000)).toBe(false);
  });
});

it('tells a pod network by its main interface', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0',
    '  eth0:     200       2    1    0    0     0          0         0      300       3    4    0    0     0       0          0',
  ].join('\n');
  const eth0 = { name: 'eth0', rxBytes: 200, rxErrors: 1, txBytes: 300, txErrors: 4 };
  expect(networkStats(text, 't')).toEqual({ time: 't', ...eth0, interfaces: [eth0] });
  expect(networkStats('', 't')).toBeUndefined();
});

it('counts what folders hold once, and believes it for a while', () =>
  inFolder(async (folder) => {
    await write(`${folder}/a`, { x: 'x'.repeat(10_000), y: 'y' });
    const clock = new FakeClock();
    const sizes = new FolderSizes(clock);
    const before = await sizes.of(folder);
    expect(before.inodes).toBe(4);
    expect(before.bytes).toBeGreaterThan(10_000);
    await write(`${folder}/b`, { z: '' });
    expect((await sizes.of(folder)).inodes).toBe(4);
    expect((await sizes.of(folder, -1)).inodes).toBe(6);
    clock.advance(61_000);
    await write(`${folder}/c`, {});
    expect((await sizes.of(folder)).inodes).toBe(7);
    expect(await sizes.of(`${folder}/none`)).toEqual({ bytes: 0, inodes: 0 });
  }));

const used = (cpuNanoseconds: number, workingSet: number): CgroupUsage => ({
  at: Date.UTC(2026, 0, 1),
  cpuNanoseconds,
  memory: { usage: workingSet + 1, workingSet, rss: 1, pageFaults: 0, majorPageFaults: 0 },
  pids: 2,
});
const container = (name: string, usage: CgroupUsage) => ({
  name,
  id: `id-${name}`,
  startedAt: '2026-01-01T00:00:00Z',
  usage,
});
const pod = { metadata: { name: 'p', namespace: 'ns', uid: 'u' }, spec: { containers: [] } };

describe('a sample', () => {
  const machine = { ...used(9e9, 8192), memoryBytes: 1e6, swapTotal: 5, swapUsed: 1, maxPids: 99 };
  const reading = { pod, usage: used(3e9, 4096), containers: [container('c', used(2e9, 2048))] };
  const rates = new Map([
    [MACHINE, { nanoCores: 7, windowMs: 500 }],
    ['u', { nanoCores: 6, windowMs: 500 }],
    ['id-c', { nanoCores: 5, windowMs: 15_004 }],
  ]);
  const sample: UsageSample = { machine, pods: [reading], rates };

  it('becomes a summary', () => {
    const summary = makeSummary({ node: 'n', bootTime: 'b', sample });
    expect(summary.node).toMatchObject({
      nodeName: 'n',
      cpu: { usageNanoCores: 7, usageCoreNanoSeconds: 9e9 },
    });
    expect(summary.pods[0]).toMatchObject({
      podRef: { name: 'p', namespace: 'ns', uid: 'u' },
      cpu: { usageNanoCores: 6, time: '2026-01-01T00:00:00Z' },
      containers: [{ name: 'c', cpu: { usageNanoCores: 5 }, memory: { workingSetBytes: 2048, rssBytes: 1 } }],
    });
  });

  it('becomes metrics of the API, but for pods without a rate', () => {
    expect(nodeMetrics('n', sample)).toEqual({
      nodes: [
        {
          metadata: { name: 'n' },
          ...{ timestamp: '2026-01-01T00:00:00Z', window: '500ms', usage: { cpu: '7n', memory: '8Ki' } },
        },
      ],
      pods: [
        {
          metadata: { name: 'p', namespace: 'ns', uid: 'u' },
          ...{ timestamp: '2026-01-01T00:00:00Z', window: '15.004s' },
          containers: [{ name: 'c', usage: { cpu: '5n', memory: '2Ki' } }],
        },
      ],
    });
    expect(nodeMetrics('n', { ...sample, rates: new Map() })).toEqual({ nodes: [], pods: [] });
  });

  it('becomes what Prometheus reads', () => {
    const text = resourceMetrics(makeSummary({ node: 'n', bootTime: 'b', sample }));
    const at = Date.UTC(2026, 0, 1);
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        '# TYPE container_cpu_usage_seconds_total counter',
        `container_cpu_usage_seconds_total{container="c",namespace="ns",pod="p"} 2 ${at}`,
        `pod_memory_working_set_bytes{namespace="ns",pod="p"} 4096 ${at}`,
        `node_swap_usage_bytes 1 ${at}`,
        'resource_scrape_error 0',
      ]),
    );
    expect(resourceMetrics(undefined)).toContain('resource_scrape_error 1');
  });

  it('shares out what a kernel of the pod uses', () => {
    const [a, b] = [container('a', used(10, 10)), container('b', used(20, 20))];
    const plain = { pod, usage: used(130, 230), containers: [a, b] };
    expect(withSandboxShare(plain)).toEqual([a, b]);
    expect(withSandboxShare(plain, true)[0]?.usage.cpuNanoseconds).toBe(60);
    const own = { ...plain, pod: { ...pod, spec: { containers: [], overhead: { memory: '64Mi' } } } };
    const shared = withSandboxShare(own).map(({ usage }) => [usage.cpuNanoseconds, usage.memory.workingSet]);
    expect(shared).toEqual([
      [60, 110],
      [70, 120],
    ]);
  });
});
