import type { KubeObject } from '@sampan/api';
import type { Digest } from '@sampan/blobs';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { filterOf, inSteps, type RepositoryRow, repositoriesInSteps, STEP } from './in-steps.ts';
import { MANIFEST_COLUMNS, manifestFields, needsBytes } from './manifest-rows.ts';
import { tagObjectName, tagOfObject } from './names.ts';
import { contentObject, timeField } from './objects.ts';

interface TagFilter {
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
}

/** All tags, in order of repositories and tags. */
export async function tagObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const { 'metadata.name': name, 'spec.tag': tag, 'spec.digest': digest } = equal;
  if (name !== undefined) {
    const found = await tagByName(from, name);
    return found ? [found] : [];
  }
  const objects: KubeObject[] = [];
  for await (const repository of repositoriesInSteps(from, filterOf(equal))) {
    objects.push(...(await tagsOf(from, repository, { tag, digest })));
  }
  return objects;
}

export async function tagByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const asked = tagOfObject(name);
  if (!asked) return undefined;
  for await (const repository of repositoriesInSteps(from, { repository: asked.repository })) {
    const [found] = await tagsOf(from, repository, { tag: asked.tag });
    return found;
  }
  return undefined;
}

async function tagsOf(from: Reader, repository: RepositoryRow, filter: TagFilter): Promise<KubeObject[]> {
  const rows = await inSteps(
    (after) => select(from, repository.id, after, filter).execute(),
    ({ tag }) => tag,
  );
  return rows.map((row) => objectOf(repository, row));
}

function select(from: Reader, repository: number, after: string, { tag, digest }: TagFilter) {
  let query = from
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select([...MANIFEST_COLUMNS, 'tags.name as tag', 'tags.updated', needsBytes.as('needs')])
    .where('tags.repository', '=', repository)
    .where('tags.name', '>', after)
    .orderBy('tags.name')
    .limit(STEP);
  if (tag !== undefined) query = query.where('tags.name', '=', tag);
  if (digest !== undefined) query = query.where('tags.digest', '=', digest as Digest);
  return query;
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function objectOf(repository: RepositoryRow, row: Row): KubeObject {
  const { project } = repository;
  const { tag, updated, pulled } = row;
  return contentObject(
    { kind: 'Tag', name: tagObjectName(repository.name, tag), project, created: updated },
    {
      spec: {
        ...manifestFields(repository, row),
        tag,
        ...timeField('pushed', updated),
        ...timeField('pulled', pulled),
      },
    },
  );
}
