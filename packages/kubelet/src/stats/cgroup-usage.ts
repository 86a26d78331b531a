import { readFile } from 'node:fs/promises';

/** What a cgroup's processes use together, those of cgroups in it included. */
export interface CgroupUsage {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Since it began. */
  readonly cpuNanoseconds: number;
  readonly memory: MemoryUse;
  readonly pids: number;
}

/** Bytes, and counts of page faults. */
export interface MemoryUse {
  readonly usage: number;
  /** What cannot be given back under pressure: without file pages that nobody used of late. */
  readonly workingSet: number;
  readonly rss: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Absent: none. */
  readonly limit?: number;
}

const MOUNT = '/sys/fs/cgroup';
/** Of version 1: what no limit looks like is the largest multiple of a page. */
const NO_LIMIT = 2 ** 62;

/** Reads the files of cgroups, of whichever version the machine has. */
export class CgroupReader {
  readonly #mount: string;
  #version: Promise<1 | 2> | undefined;

  constructor(mount: string = MOUNT) {
    this.#mount = mount;
  }

  /** `path`: absolute within the cgroup file systems. undefined: there is none (any more). */
  async read(path: string, now: number): Promise<CgroupUsage | undefined> {
    try {
      return (await this.#versionOf()) === 2 ? await this.#readV2(path, now) : await this.#readV1(path, now);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // ENODEV: it goes while it is read
      if (code === 'ENOENT' || code === 'ENODEV') return undefined;
      throw error;
    }
  }

  /** The processes right in it; empty when there is none such. */
  async processes(path: string): Promise<number[]> {
    const folder = (await this.#versionOf()) === 2 ? this.#mount : `${this.#mount}/memory`;
    const text = await readFile(`${folder}${path}/cgroup.procs`, 'utf8').catch(() => '');
    return text.split('\n').filter(Boolean).map(Number);
  }

  async #readV2(path: string, at: number): Promise<CgroupUsage> {
    const folder = `${this.#mount}${path}`;
    const [cpu, current, stat, max, pids] = await Promise.all([
      readFile(`${folder}/cpu.stat`, 'utf8'),
      readFile(`${folder}/memory.current`, 'utf8'),
      readFile(`${folder}/memory.stat`, 'utf8'),
      readFile(`${folder}/memory.max`, 'utf8'),
      readFile(`${folder}/pids.current`, 'utf8').catch(() => '0'),
    ]);
    const cpuNanoseconds = (fields(cpu).get('usage_usec') ?? 0) * 1000;
    return { at, cpuNanoseconds, memory: memoryOfV2(Number(current), stat, Number(max)), pids: Number(pids) };
  }

  async #readV1(path: string, at: number): Promise<CgroupUsage> {
    const memory = `${this.#mount}/memory${path}`;
    const [cpu, usage, stat, pids] = await Promise.all([
      readFile(`${this.#mount}/cpuacct${path}/cpuacct.usage`, 'utf8'),
      readFile(`${memory}/memory.usage_in_bytes`, 'utf8'),
      readFile(`${memory}/memory.stat`, 'utf8'),
      readFile(`${this.#mount}/pids${path}/pids.current`, 'utf8').catch(() => '0'),
    ]);
    return {
      at,
      cpuNanoseconds: Number(cpu),
      memory: memoryOfV1(Number(usage), stat),
      pids: Number(pids),
    };
  }

  #versionOf(): Promise<1 | 2> {
    this.#version ??= readFile(`${this.#mount}/cgroup.controllers`).then(
      () => 2,
      () => 1,
    );
    return this.#version;
  }
}

/** From memory.current, memory.stat and memory.max (kernel admin-guide/cgroup-v2; working set as cAdvisor). */
export function memoryOfV2(usage: number, stat: string, max: number): MemoryUse {
  const found = fields(stat);
  return {
    usage,
    workingSet: Math.max(0, usage - (found.get('inactive_file') ?? 0)),
    rss: found.get('anon') ?? 0,
    pageFaults: found.get('pgfault') ?? 0,
    majorPageFaults: found.get('pgmajfault') ?? 0,
    ...(Number.isFinite(max) && { limit: max }),
  };
}

/** From memory.usage_in_bytes and memory.stat; `total_`: with the cgroups in it. */
export function memoryOfV1(usage: number, stat: string): MemoryUse {
  const found = fields(stat);
  const limit = found.get('hierarchical_memory_limit') ?? NO_LIMIT;
  return {
    usage,
    workingSet: Math.max(0, usage - (found.get('total_inactive_file') ?? 0)),
    rss: found.get('total_rss') ?? 0,
    pageFaults: found.get('total_pgfault') ?? 0,
    majorPageFaults: found.get('total_pgmajfault') ?? 0,
    ...(limit < NO_LIMIT && { limit }),
  };
}

/** Lines of `NAME NUMBER`. */
function fields(text: string): Map<string, number> {
  return new Map(
    text.split('\n').map((line): [string, number] => {
      const [name = '', value = ''] = line.split(' ');
      return [name, Number(value)];
    }),
  );
}
