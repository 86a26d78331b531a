import { CLUSTERS, type Cluster, type ClusterQuota } from '@sampan/clusters';
import { getCluster, withHost } from '../clusters/change-cluster.ts';
import { phaseOf, size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

/** What clusters take of the machine beside what they may. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const clusters = await withHost(invocation, async (client) =>
    args.length === 0
      ? (await client.list<Cluster>(CLUSTERS)).items
      : await Promise.all(args.map((name) => getCluster(client, name))),
  );
  const format = structuredFormat(options.output);
  if (format) await printData(clusters.map(usageOf), format);
  else process.stdout.write(tableText(HEADER, [...clusters.map(rowOf), ...totalOf(clusters)]));
  return 0;
}

function usageOf({ metadata, spec, status, ...rest }: Cluster) {
  return {
    name: metadata.name,
    phase: phaseOf({ metadata, ...(spec ? { spec } : {}), ...(status ? { status } : {}), ...rest }),
    objects: status?.storedObjects ?? null,
    bytes: status?.storedBytes ?? null,
    nodes: status?.nodes ?? null,
    lastRequestTime: status?.lastRequestTime ?? null,
    quota: spec?.quota ?? {},
  };
}

const HEADER = ['NAME', 'PHASE', 'OBJECTS', 'SIZE', 'QUOTA OF OTHERS'];

function rowOf(cluster: Cluster): string[] {
  const { name = '', phase, objects, bytes, quota } = usageOf(cluster);
  return [
    name,
    phase,
    ofQuota(objects?.toString() ?? '-', quota.objects?.toString()),
    ofQuota(size(bytes ?? undefined), quota.bytes === undefined ? undefined : size(quota.bytes)),
    others(quota),
  ];
}

const ofQuota = (used: string, most: string | undefined): string =>
  most === undefined ? used : `${used} of ${most}`;

function others({ objects: _, bytes: __, ...quota }: ClusterQuota): string {
  return (
    Object.entries(quota)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ') || '-'
  );
}

function totalOf(clusters: readonly Cluster[]): string[][] {
  if (clusters.length < 2) return [];
  const sum = (of: (cluster: Cluster) => number | undefined) =>
    clusters.reduce((total, cluster) => total + (of(cluster) ?? 0), 0);
  const objects = sum(({ status }) => status?.storedObjects);
  return [[`(${clusters.length})`, '', String(objects), size(sum(({ status }) => status?.storedBytes)), '']];
}
