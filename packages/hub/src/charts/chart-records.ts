import type { Digest } from '@sampan/blobs';
import type { Selectable } from 'kysely';
import type { Reader, Writer } from '../metadata/repositories.ts';
import type { HubTables } from '../metadata/schema.ts';
import type { Chart } from './chart.ts';

export interface ListedChart extends Selectable<HubTables['charts']> {
  /** The repository's name. */
  readonly path: string;
}

/** Remembers that a manifest is a chart. Again, it changes nothing. */
export async function putChart(
  to: Writer,
  at: { readonly repository: number; readonly project: string; readonly manifest: Digest },
  chart: Chart,
  now: number,
): Promise<void> {
  await to
    .insertInto('charts')
    .values({ ...at, ...chart, provenance: chart.provenance ?? null, created: now })
    .onConflict((conflict) => conflict.columns(['repository', 'manifest']).doNothing())
    .execute();
}

/** The manifest goes; `touchCharts` comes before. */
export async function dropChart(to: Writer, repository: number, manifest: Digest): Promise<void> {
  await to
    .deleteFrom('charts')
    .where('repository', '=', repository)
    .where('manifest', '=', manifest)
    .execute();
}

/** A tag of the repository changes: if there are charts in it, its project's index may too. */
export async function touchCharts(to: Writer, repository: number): Promise<void> {
  const chart = await to
    .selectFrom('charts')
    .select('project')
    .where('repository', '=', repository)
    .limit(1)
    .executeTakeFirst();
  if (!chart) return;
  await to
    .insertInto('chart_revisions')
    .values({ project: chart.project, revision: 1 })
    .onConflict((conflict) =>
      conflict
        .column('project')
        .doUpdateSet(({ eb }) => ({ revision: eb('chart_revisions.revision', '+', 1) })),
    )
    .execute();
}

/** 0: there never was a chart. */
export async function chartRevision(from: Reader, project: string): Promise<number> {
  const row = await from
    .selectFrom('chart_revisions')
    .select('revision')
    .where('project', '=', project)
    .executeTakeFirst();
  return row?.revision ?? 0;
}

/** Charts of the project whose version's tag names them, by name, the newest first. */
export function listedCharts(
  from: Reader,
  project: string,
  only: { readonly name?: string; readonly file?: string } = {},
): Promise<ListedChart[]> {
  const { name, file } = only;
  return from
    .selectFrom('charts')
    .innerJoin('tags', (join) =>
      join
        .onRef('tags.repository', '=', 'charts.repository')
        .onRef('tags.name', '=', 'charts.tag')
        .onRef('tags.digest', '=', 'charts.manifest'),
    )
    .innerJoin('repositories', 'repositories.id', 'charts.repository')
    .selectAll('charts')
    .select('repositories.name as path')
    .where('charts.project', '=', project)
    .$if(name !== undefined, (query) => query.where('charts.name', '=', name ?? ''))
    .$if(file !== undefined, (query) => query.where('charts.file', '=', file ?? ''))
    .orderBy('charts.name')
    .orderBy('charts.created', 'desc')
    .orderBy('repositories.name')
    .execute();
}
