import type { KubeObject } from '@sampan/api';
import { sql } from 'kysely';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { repositoriesInSteps, repositoryFilterOf } from './in-steps.ts';
import { repositoryObjectName } from './names.ts';
import { contentObject, timeField } from './objects.ts';

/** Those that hold a manifest, in order of their names. */
export async function repositoryObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const filter = repositoryFilterOf(equal);
  if (!filter) return [];
  const objects: KubeObject[] = [];
  for await (const { id } of repositoriesInSteps(from, filter)) {
    const row = await select(from, id).executeTakeFirst();
    if (row) objects.push(objectOf(row));
  }
  return objects;
}

export async function repositoryByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const [found] = await repositoryObjects(from, { 'metadata.name': name });
  return found;
}

function select(from: Reader, repository: number) {
  return from
    .selectFrom('repositories')
    .innerJoin('manifests', 'manifests.repository', 'repositories.id')
    .select(({ fn, selectFrom }) => [
      'repositories.name',
      'repositories.project',
      'repositories.created',
      fn.countAll<number | string>().as('manifests'),
      fn.sum<number | string>('manifests.size').as('manifestBytes'),
      fn.max('manifests.pushed').as('pushed'),
      fn.max('manifests.pulled').as('pulled'),
      selectFrom('tags')
        .select(sql<number | string>`count(*)`.as('count'))
        .whereRef('tags.repository', '=', 'repositories.id')
        .as('tags'),
      selectFrom('blob_links')
        .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
        .select(({ fn: inner }) => inner.sum<number | string>('blobs.size').as('sum'))
        .whereRef('blob_links.repository', '=', 'repositories.id')
        .where('blob_links.counted', '=', 1)
        .as('blobBytes'),
    ])
    .where('repositories.id', '=', repository)
    .groupBy(['repositories.id', 'repositories.name', 'repositories.project', 'repositories.created']);
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function objectOf({
  name,
  project,
  created,
  tags,
  manifests,
  manifestBytes,
  blobBytes,
  pushed,
  pulled,
}: Row) {
  return contentObject(
    { kind: 'Repository', name: repositoryObjectName(name), project, created },
    {
      spec: { project, repository: name },
      status: {
        tags: Number(tags),
        manifests: Number(manifests),
        bytes: Number(manifestBytes) + Number(blobBytes),
        ...timeField('pushed', pushed),
        ...timeField('pulled', pulled),
      },
    },
  );
}
