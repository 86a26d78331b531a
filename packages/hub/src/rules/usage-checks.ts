import type { Digest } from '@sampan/blobs';
import { inPages, PAGE } from '../metadata/in-pages.ts';
import { othersTurn } from '../metadata/others-turn.ts';
import type { Reader } from '../metadata/repositories.ts';
import { readAllUsage } from './usage.ts';

/** A row of a table of what repositories hold, with what the project counts of it. */
interface Held {
  readonly repository: number;
  readonly digest: Digest;
  readonly holders: number | null;
}

const START = { repository: 0, digest: '' as Digest };

/** Blobs that repositories hold. */
function countedLinks(from: Reader, after: Held | undefined): Promise<Held[]> {
  const { repository, digest } = after ?? START;
  return from
    .selectFrom('blob_links as held')
    .innerJoin('repositories', 'repositories.id', 'held.repository')
    .leftJoin('project_contents as contents', (join) =>
      join
        .onRef('contents.project', '=', 'repositories.project')
        .onRef('contents.digest', '=', 'held.digest'),
    )
    .select(['held.repository', 'held.digest', 'contents.holders'])
    .where('held.counted', '=', 1)
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('held.repository', 'held.digest'), '>', tuple(repository, digest)),
    )
    .orderBy('held.repository')
    .orderBy('held.digest')
    .limit(PAGE)
    .execute();
}

/** Manifests that repositories hold. */
function heldManifests(from: Reader, after: Held | undefined): Promise<Held[]> {
  const { repository, digest } = after ?? START;
  return from
    .selectFrom('manifests as held')
    .innerJoin('repositories', 'repositories.id', 'held.repository')
    .leftJoin('project_contents as contents', (join) =>
      join
        .onRef('contents.project', '=', 'repositories.project')
        .onRef('contents.digest', '=', 'held.digest'),
    )
    .select(['held.repository', 'held.digest', 'contents.holders'])
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('held.repository', 'held.digest'), '>', tuple(repository, digest)),
    )
    .orderBy('held.repository')
    .orderBy('held.digest')
    .limit(PAGE)
    .execute();
}

interface Counted {
  readonly project: string;
  readonly digest: Digest;
  readonly holders: number;
  readonly links: number | null;
  readonly manifests: number | null;
}

/** What projects count, with how many of their repositories hold it. */
function countedAfter(from: Reader, after: Counted | undefined): Promise<Counted[]> {
  const { project, digest } = after ?? { project: '', digest: '' as Digest };
  return from
    .selectFrom('project_contents as contents')
    .select(({ selectFrom, fn }) => [
      'contents.project',
      'contents.digest',
      'contents.holders',
      selectFrom('blob_links as held')
        .innerJoin('repositories', 'repositories.id', 'held.repository')
        .select(fn.countAll<number>().as('count'))
        .whereRef('held.digest', '=', 'contents.digest')
        .whereRef('repositories.project', '=', 'contents.project')
        .where('held.counted', '=', 1)
        .as('links'),
      selectFrom('manifests as held')
        .innerJoin('repositories', 'repositories.id', 'held.repository')
        .select(fn.countAll<number>().as('count'))
        .whereRef('held.digest', '=', 'contents.digest')
        .whereRef('repositories.project', '=', 'contents.project')
        .as('manifests'),
    ])
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('contents.project', 'contents.digest'), '>', tuple(project, digest)),
    )
    .orderBy('contents.project')
    .orderBy('contents.digest')
    .limit(PAGE)
    .execute();
}

/** The sum of what a project holds, in pages: pushes meanwhile are in it or not. */
async function sumOf(from: Reader, project: string): Promise<number> {
  let sum = 0;
  const add = ({ size }: { size: number }): boolean => {
    sum += size;
    return false;
  };
  await inPages<{ digest: Digest; size: number }>(
    (after) =>
      from
        .selectFrom('project_contents')
        .select(['digest', 'size'])
        .where('project', '=', project)
        .where('digest', '>', after?.digest ?? ('' as Digest))
        .orderBy('digest')
        .limit(PAGE)
        .execute(),
    add,
  );
  return sum;
}

/** One of what a project holds whose usage is not the sum of it, seen at one moment. */
async function wrongSum(from: Reader, project: string): Promise<{ digest: Digest }[]> {
  const row = await from
    .selectFrom('project_usage as usage')
    .leftJoin('project_contents as contents', 'contents.project', 'usage.project')
    .select(({ fn }) => [
      'usage.bytes',
      fn.sum<number | null>('contents.size').as('sum'),
      fn.min('contents.digest').as('digest'),
    ])
    .where('usage.project', '=', project)
    .groupBy(['usage.project', 'usage.bytes'])
    .executeTakeFirst();
  if (!row || row.bytes === Number(row.sum ?? 0)) return [];
  // a project that holds nothing has only its name to be known by
  return [{ digest: row.digest ?? (project as Digest) }];
}

/** Whether what projects use is what they hold; as `METADATA_CHECKS`. */
export const USAGE_CHECKS: Readonly<Record<string, (from: Reader) => Promise<{ digest: Digest }[]>>> = {
  'is held by a repository and not counted by its project': async (from) => {
    const isMissing = ({ holders }: Held) => holders === null;
    const links = await inPages<Held>((after) => countedLinks(from, after), isMissing);
    return [...links, ...(await inPages<Held>((after) => heldManifests(from, after), isMissing))];
  },
  'is held by other repositories than its project counts': (from) =>
    inPages<Counted>(
      (after) => countedAfter(from, after),
      ({ holders, links, manifests }) => holders !== Number(links) + Number(manifests),
    ),
  'is of a project whose usage is not the sum of what it holds': async (from) => {
    const found = [];
    for (const { project, bytes } of await readAllUsage(from)) {
      if ((await sumOf(from, project)) !== bytes) found.push(...(await wrongSum(from, project)));
      await othersTurn();
    }
    return found;
  },
};
