import type { Cluster } from '@sampan/clusters';
import { printObjects } from '../apps/make.ts';
import { getCluster, withHost } from '../clusters/change-cluster.ts';
import { age, phaseOf, size } from '../clusters/print-clusters.ts';
import { shownOf } from '../clusters/shown-of.ts';
import type { Invocation } from '../command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const cluster = await withHost(invocation, (client) => getCluster(client, args[0] ?? ''));
  if (options.output !== undefined) await printObjects([shownOf(cluster)], options.output);
  else process.stdout.write(describe(cluster));
  return 0;
}

/** Pure but for the time. */
function describe(cluster: Cluster): string {
  const conditions = (cluster.status?.conditions ?? []).map(
    ({ type, status, reason, message, lastTransitionTime }) =>
      `  ${type.padEnd(12)}${status.padEnd(8)}${reason} (${age(lastTransitionTime)} ago)${message ? `: ${message}` : ''}\n`,
  );
  const rows = rowsOf(cluster).filter((row): row is [string, string] => row[1] !== undefined);
  const width = Math.max(...rows.map(([head]) => head.length)) + 3;
  const lines = rows.map(([head, value]) => `${`${head}:`.padEnd(width)}${value}\n`);
  return `${lines.join('')}${conditions.length > 0 ? `Conditions:\n${conditions.join('')}` : ''}`;
}

function rowsOf({ metadata, spec = {}, status = {}, ...rest }: Cluster): [string, string | undefined][] {
  const { idleSeconds = 600, backup, deletion, network } = spec;
  const quota = Object.entries(spec.quota ?? {}).map(([name, value]) => `${name}=${value}`);
  const labels = Object.entries(metadata.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [
    ['Name', metadata.name],
    ['Description', spec.description || undefined],
    ['Labels', labels.join(', ') || undefined],
    ['Phase', phaseOf({ metadata, spec, status, ...rest })],
    ['Endpoint', status.endpoint],
    ['Version', status.version],
    ['Created', metadata.creationTimestamp ?? undefined],
    [
      'Last request',
      status.lastRequestTime && `${status.lastRequestTime} (${age(status.lastRequestTime)} ago)`,
    ],
    ['Objects', status.storedObjects?.toString()],
    ['Size', size(status.storedBytes)],
    ['Nodes', status.nodes?.toString()],
    ['Trust', spec.trust === 'sandboxed' ? 'sandboxed: its pods run under gVisor' : 'trusted'],
    ['Sleeps', idleSeconds === 0 ? 'never by itself' : `after ${idleSeconds} s without a request`],
    ['Pods', network?.pods],
    ['Services', network?.services],
    ['Quota', quota.join(', ') || 'none'],
    ['Backups', backup?.schedule && `"${backup.schedule}" (UTC), the newest ${backup.keep ?? 7} are kept`],
    ['Last backup', status.backup && `${status.backup.file}, ${size(status.backup.bytes)}`],
    ['In the trash', deletion && `since ${deletion.requestedAt}, until ${endOf(deletion)}`],
  ];
}

const endOf = ({
  requestedAt,
  keepSeconds = 86_400,
}: {
  requestedAt: string;
  keepSeconds?: number;
}): string => new Date(Date.parse(requestedAt) + keepSeconds * 1000).toISOString();
