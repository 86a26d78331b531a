import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HomeLayout } from '@sampan/home';

/** What all pods of a cluster together take of this machine. */
export interface PodUsage {
  readonly memoryBytes: number;
  /** Mean of the moment that was looked at. */
  readonly cpuCores: number;
}

const CGROUPS = '/sys/fs/cgroup';
const SAMPLE_MS = 500;

/** By the names of clusters; those without pods here are not in it. Takes half a second when there are some. */
export async function readPodUsage(
  home: HomeLayout,
  clusters: readonly string[],
): Promise<ReadonlyMap<string, PodUsage>> {
  const { networkName } = await import('@sampan/network');
  const read = () => clusters.map((name) => sampleOf(`sampan-${networkName(home.root, name)}`));
  const before = read();
  if (before.every((sample) => sample === undefined)) return new Map();
  const start = performance.now();
  await sleep(SAMPLE_MS);
  const seconds = (performance.now() - start) / 1000;
  return new Map(
    read().flatMap((after, index) => {
      const [name, first] = [clusters[index], before[index]];
      if (!after || !first || name === undefined) return [];
      const cpuCores = Math.max(0, after.cpuSeconds - first.cpuSeconds) / seconds;
      return [[name, { memoryBytes: after.memoryBytes, cpuCores }]];
    }),
  );
}

/** Both generations (kernel docs, cgroup-v2 and cgroup-v1). */
function sampleOf(group: string): { readonly memoryBytes: number; readonly cpuSeconds: number } | undefined {
  const memory = read(`${group}/memory.current`) ?? read(`memory/${group}/memory.usage_in_bytes`);
  if (memory === undefined) return undefined;
  const micros = /^usage_usec (\d+)/m.exec(read(`${group}/cpu.stat`) ?? '')?.[1];
  const nanos = read(`cpuacct/${group}/cpuacct.usage`);
  return {
    memoryBytes: Number(memory),
    cpuSeconds: micros === undefined ? Number(nanos ?? 0) / 1e9 : Number(micros) / 1e6,
  };
}

/** Undefined: no such file, for there are no pods, or cgroups are of the other generation. */
function read(file: string): string | undefined {
  try {
    return readFileSync(`${CGROUPS}/${file}`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
