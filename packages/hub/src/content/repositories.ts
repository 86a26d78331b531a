import type { KubeObject } from '@sampan/api';
import { sql } from 'kysely';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { repositoryObjectName, repositoryOfObject } from './names.ts';
import { contentObject, timeField } from './objects.ts';

/** Those that hold a manifest, in order of their names. */
export async function repositoryObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const { 'spec.project': project, 'spec.repository': repository, 'metadata.name': name } = equal;
  let query = select(from);
  if (project !== undefined) query = query.where('repositories.project', '=', project);
  if (repository !== undefined) query = query.where('repositories.name', '=', repository);
  if (name !== undefined) query = query.where('repositories.name', '=', repositoryOfObject(name));
  return (await query.execute()).map(objectOf);
}

export async function repositoryByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const row = await select(from).where('repositories.name', '=', repositoryOfObject(name)).executeTakeFirst();
  return row && objectOf(row);
}

function select(from: Reader) {
  return from
    .selectFrom('repositories')
    .innerJoin('manifests', 'manifests.repository', 'repositories.id')
    .select(({ fn, selectFrom }) => [
      'repositories.name',
      'repositories.project',
      'repositories.created',
      fn.countAll<number>().as('manifests'),
      fn.sum<number>('manifests.size').as('manifestBytes'),
      fn.max('manifests.pushed').as('pushed'),
      fn.max('manifests.pulled').as('pulled'),
      selectFrom('tags')
        .select(sql<number>`count(*)`.as('count'))
        .whereRef('tags.repository', '=', 'repositories.id')
        .as('tags'),
      selectFrom('blob_links')
        .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
        .select(({ fn: inner }) => inner.sum<number>('blobs.size').as('sum'))
        .whereRef('blob_links.repository', '=', 'repositories.id')
        .where('blob_links.counted', '=', 1)
        .as('blobBytes'),
    ])
    .groupBy(['repositories.id', 'repositories.name', 'repositories.project', 'repositories.created'])
    .orderBy('repositories.name');
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
