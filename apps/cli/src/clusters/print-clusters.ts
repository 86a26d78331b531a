import { since } from '@sampan/api';
import type { Cluster } from '@sampan/clusters';
import { printObjects } from '../apps/make.ts';
import { tableText } from '../structured.ts';
import { conditionOf } from './change-cluster.ts';
import { shownOf } from './shown-of.ts';

/** As a table, or in the format that was asked for; below the table what is wrong. */
export async function printClusters(clusters: readonly Cluster[], output: unknown): Promise<void> {
  if (output === 'json' || output === 'yaml' || output === 'name') {
    const shown = clusters.map(shownOf);
    await printObjects(output === 'json' ? [listOf(shown)] : shown, output);
    return;
  }
  const columns = output === 'wide' ? [...COLUMNS, ...WIDE] : COLUMNS;
  const rows = clusters.map((cluster) => columns.map(([, cell]) => cell(cluster)));
  process.stdout.write(
    tableText(
      columns.map(([head]) => head),
      rows,
    ),
  );
  const troubles = clusters.flatMap(troubleOf);
  if (troubles.length > 0) process.stdout.write(`\n${troubles.map((text) => `${text}\n`).join('')}`);
}

/** As kubectl prints them: one or many, always a list. */
const listOf = (items: readonly Cluster[]) => ({ apiVersion: 'v1', kind: 'List', items });

type Column = readonly [head: string, cell: (cluster: Cluster) => string];

const COLUMNS: readonly Column[] = [
  ['NAME', ({ metadata }) => metadata.name ?? ''],
  ['PHASE', phaseOf],
  ['OBJECTS', ({ status }) => text(status?.storedObjects)],
  ['SIZE', ({ status }) => size(status?.storedBytes)],
  ['LAST REQUEST', ({ status }) => age(status?.lastRequestTime)],
  ['AGE', ({ metadata }) => age(metadata.creationTimestamp)],
];
const WIDE: readonly Column[] = [
  ['TRUST', ({ spec }) => spec?.trust ?? 'trusted'],
  ['NODES', ({ status }) => text(status?.nodes)],
  ['VERSION', ({ status }) => status?.version ?? '-'],
  ['ENDPOINT', ({ status }) => status?.endpoint ?? '-'],
  ['DESCRIPTION', ({ spec }) => spec?.description || '-'],
];

export function phaseOf({ spec, status }: Cluster): string {
  if (spec?.deletion) return 'InTrash';
  if (spec?.paused) return 'Paused';
  return status?.phase ?? 'Creating';
}

function troubleOf(cluster: Cluster): string[] {
  const ready = conditionOf(cluster, 'Ready');
  const isTrouble = cluster.status?.phase === 'Failed' && ready !== undefined;
  return isTrouble ? [`${cluster.metadata.name}: ${ready.message.replace(/\.$/, '')} (${ready.reason})`] : [];
}

const text = (value: number | undefined): string => (value === undefined ? '-' : String(value));
/** How long ago; RFC 3339. */
export const age = (time: string | null | undefined): string => (!time ? '-' : since(time, Date.now()));

/** Decimal units, as disks are sold. */
export function size(bytes: number | undefined): string {
  if (bytes === undefined) return '-';
  const [unit, factor] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / Number(factor)).toFixed(bytes < 1e6 ? 0 : 1)} ${unit}`;
}
