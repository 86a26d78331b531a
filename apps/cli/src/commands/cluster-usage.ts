import { CLUSTERS, type Cluster, type ClusterQuota } from '@sampan/clusters';
import { getCluster, withHost } from '../clusters/change-cluster.ts';
import { type PodUsage, readPodUsage } from '../clusters/pod-usage.ts';
import { phaseOf, size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

/** What clusters take of the machine beside what they may. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, args, options } = invocation;
  const clusters = await withHost(invocation, async (client) =>
    args.length === 0
      ? (await client.list<Cluster>(CLUSTERS)).items
      : await Promise.all(args.map((name) => getCluster(client, name))),
  );
  const names = clusters.map(({ metadata }) => metadata.name ?? '');
  const pods = await readPodUsage(home, names);
  const usages = clusters.map((cluster) => usageOf(cluster, pods.get(cluster.metadata.name ?? '')));
  const format = structuredFormat(options.output);
  if (format) await printData(usages, format);
  else process.stdout.write(tableText(HEADER, [...usages.map(rowOf), ...totalOf(usages)]));
  return 0;
}

type Usage = ReturnType<typeof usageOf>;

function usageOf({ metadata, spec, status, ...rest }: Cluster, pods: PodUsage | undefined) {
  return {
    name: metadata.name,
    phase: phaseOf({ metadata, ...(spec ? { spec } : {}), ...(status ? { status } : {}), ...rest }),
    objects: status?.storedObjects ?? null,
    bytes: status?.storedBytes ?? null,
    nodes: status?.nodes ?? null,
    lastRequestTime: status?.lastRequestTime ?? null,
    podMemoryBytes: pods?.memoryBytes ?? 0,
    podCpuCores: pods?.cpuCores ?? 0,
    quota: spec?.quota ?? {},
  };
}

const HEADER = ['NAME', 'PHASE', 'OBJECTS', 'SIZE', 'POD MEMORY', 'POD CPU', 'OTHER QUOTAS'];

function rowOf({ name = '', phase, objects, bytes, podMemoryBytes, podCpuCores, quota }: Usage): string[] {
  return [
    name,
    phase,
    ofQuota(objects?.toString() ?? '-', quota.objects?.toString()),
    ofQuota(size(bytes ?? undefined), quota.bytes === undefined ? undefined : size(quota.bytes)),
    ofQuota(size(podMemoryBytes), quota.memory),
    ofQuota(podCpuCores.toFixed(2), quota.cpu),
    others(quota),
  ];
}

const ofQuota = (used: string, most: string | number | undefined): string =>
  most === undefined ? used : `${used} of ${most}`;

function others({ requestsPerSecond, pods }: ClusterQuota): string {
  return (
    Object.entries({ requestsPerSecond, pods })
      .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
      .join(', ') || '-'
  );
}

function totalOf(usages: readonly Usage[]): string[][] {
  if (usages.length < 2) return [];
  const sum = (of: (usage: Usage) => number | null) =>
    usages.reduce((total, usage) => total + (of(usage) ?? 0), 0);
  const [objects, bytes] = [sum((usage) => usage.objects), sum((usage) => usage.bytes)];
  const memory = size(sum((usage) => usage.podMemoryBytes));
  const cpu = sum((usage) => usage.podCpuCores).toFixed(2);
  return [[`(${usages.length})`, '', String(objects), size(bytes), memory, cpu, '']];
}
