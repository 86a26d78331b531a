import { PROJECTS, type ProjectObject } from '@sampan/hub/kinds';
import { withHost } from '../clusters/change-cluster.ts';
import { size } from '../clusters/print-clusters.ts';
import type { Invocation } from '../command.ts';
import { REPOSITORY, type RepositoryObject } from '../hub/content-kinds.ts';
import { hubOperation } from '../hub/operation.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

interface Usage {
  readonly projects: readonly { readonly project: string; readonly bytes: number }[];
}

interface Row {
  readonly project: string;
  readonly bytes: number;
  readonly quota: number | undefined;
  readonly repositories: number;
  readonly tags: number;
}

/** What projects hold, as it is at this moment, the largest first. */
export async function run(invocation: Invocation): Promise<number> {
  const { options, args } = invocation;
  const { projects } = await hubOperation<Usage>(invocation, 'GET', '/hub/api/usage');
  const [objects, repositories] = await withHost(invocation, async (client) => [
    (await client.list<ProjectObject>(PROJECTS)).items,
    (await client.list<RepositoryObject>(REPOSITORY.ref)).items,
  ]);
  const rows = rowsOf(objects, repositories, new Map(projects.map(({ project, bytes }) => [project, bytes])));
  const chosen = args.length === 0 ? rows : rows.filter(({ project }) => args.includes(project));
  const format = structuredFormat(options.output);
  if (format)
    await printData(
      {
        projects: chosen.map(({ quota, ...row }) => ({ ...row, ...(quota === undefined ? {} : { quota }) })),
      },
      format,
    );
  else
    process.stdout.write(
      tableText(['PROJECT', 'USED', 'QUOTA', 'OF IT', 'REPOSITORIES', 'TAGS'], chosen.map(cells)),
    );
  return 0;
}

/** Also of projects that are gone and left something. */
function rowsOf(
  objects: readonly ProjectObject[],
  repositories: readonly RepositoryObject[],
  used: ReadonlyMap<string, number>,
): Row[] {
  const byName = new Map(objects.map((object) => [object.metadata.name ?? '', object]));
  const held = Map.groupBy(repositories, ({ spec }) => spec.project);
  const names = [...new Set([...byName.keys(), ...used.keys()])];
  return names
    .map((project) => {
      const own = held.get(project) ?? [];
      const tags = own.reduce((sum, { status }) => sum + (status?.tags ?? 0), 0);
      const quota = byName.get(project)?.spec?.quota?.bytes;
      return { project, bytes: used.get(project) ?? 0, quota, repositories: own.length, tags };
    })
    .sort((a, b) => b.bytes - a.bytes || (a.project < b.project ? -1 : 1));
}

function cells({ project, bytes, quota, repositories, tags }: Row): string[] {
  const share = quota === undefined ? '-' : `${Math.round((bytes / Math.max(1, quota)) * 100)} %`;
  return [project, size(bytes), size(quota), share, String(repositories), String(tags)];
}
