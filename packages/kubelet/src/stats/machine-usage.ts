import { readFile } from 'node:fs/promises';
import type { CgroupUsage } from './cgroup-usage.ts';

export interface MachineUsage extends CgroupUsage {
  readonly memoryBytes: number;
  /** Bytes. */
  readonly swapTotal: number;
  readonly swapUsed: number;
  readonly maxPids: number;
}

/** What the whole machine uses (proc(5)), as cAdvisor tells of the root cgroup. `now`: milliseconds since the epoch. */
export async function readMachineUsage(now: number): Promise<MachineUsage> {
  const [stat, meminfo, vmstat, loadavg, pidMax, threadsMax] = await Promise.all(
    [
      '/proc/stat',
      '/proc/meminfo',
      '/proc/vmstat',
      '/proc/loadavg',
      '/proc/sys/kernel/pid_max',
      '/proc/sys/kernel/threads-max',
    ].map((path) => readFile(path, 'utf8')),
  );
  return machineUsage({ stat, meminfo, vmstat, loadavg, pidMax, threadsMax } as MachineFiles, now);
}

export interface MachineFiles {
  readonly stat: string;
  readonly meminfo: string;
  readonly vmstat: string;
  readonly loadavg: string;
  readonly pidMax: string;
  readonly threadsMax: string;
}

/** USER_HZ is 100 on every architecture that Node runs on. */
const NANOSECONDS_PER_TICK = 1e7;

/** Pure. */
export function machineUsage(files: MachineFiles, at: number): MachineUsage {
  const memory = numbers(files.meminfo, /^([^:]+):\s+(\d+)/gm, 1024);
  const faults = numbers(files.vmstat, /^(\w+) (\d+)/gm, 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (
    /^cpu +(.*)/m.exec(files.stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number);
  const total = memory('MemTotal');
  const usage = total - memory('MemFree');
  return {
    at,
    // guests are part of user
    cpuNanoseconds: (user + nice + system + irq + softirq) * NANOSECONDS_PER_TICK,
    memory: {
      usage,
      workingSet: Math.max(0, usage - memory('Inactive(file)')),
      rss: memory('AnonPages'),
      pageFaults: faults('pgfault'),
      majorPageFaults: faults('pgmajfault'),
      limit: total,
    },
    memoryBytes: total,
    swapTotal: memory('SwapTotal'),
    swapUsed: memory('SwapTotal') - memory('SwapFree'),
    pids: Number(/\/(\d+)/.exec(files.loadavg)?.[1] ?? 0),
    maxPids: Math.min(Number(files.pidMax), Number(files.threadsMax)),
  };
}

function numbers(text: string, pattern: RegExp, unit: number): (name: string) => number {
  const found = new Map([...text.matchAll(pattern)].map((match) => [match[1], Number(match[2]) * unit]));
  return (name) => found.get(name) ?? 0;
}
