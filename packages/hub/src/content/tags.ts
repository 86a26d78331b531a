import type { KubeObject } from '@sampan/api';
import type { Digest } from '@sampan/blobs';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { MANIFEST_COLUMNS, manifestFields, needsBytes } from './manifest-rows.ts';
import { tagObjectName, tagOfObject } from './names.ts';
import { contentObject, timeField } from './objects.ts';

/** All tags, in order of repositories and tags. */
export async function tagObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const name = equal['metadata.name'];
  if (name !== undefined) {
    const found = await tagByName(from, name);
    return found ? [found] : [];
  }
  const {
    'spec.project': project,
    'spec.repository': repository,
    'spec.tag': tag,
    'spec.digest': digest,
  } = equal;
  let query = select(from);
  if (project !== undefined) query = query.where('repositories.project', '=', project);
  if (repository !== undefined) query = query.where('repositories.name', '=', repository);
  if (tag !== undefined) query = query.where('tags.name', '=', tag);
  if (digest !== undefined) query = query.where('tags.digest', '=', digest as Digest);
  return (await query.execute()).map(objectOf);
}

export async function tagByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const asked = tagOfObject(name);
  if (!asked) return undefined;
  const row = await select(from)
    .where('repositories.name', '=', asked.repository)
    .where('tags.name', '=', asked.tag)
    .executeTakeFirst();
  return row && objectOf(row);
}

function select(from: Reader) {
  return from
    .selectFrom('tags')
    .innerJoin('repositories', 'repositories.id', 'tags.repository')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select([...MANIFEST_COLUMNS, 'tags.name as tag', 'tags.updated', needsBytes.as('needs')])
    .orderBy('repositories.name')
    .orderBy('tags.name');
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function objectOf(row: Row): KubeObject {
  const { repository, project, tag, updated, pulled } = row;
  return contentObject(
    { kind: 'Tag', name: tagObjectName(repository, tag), project, created: updated },
    {
      spec: { ...manifestFields(row), tag, ...timeField('pushed', updated), ...timeField('pulled', pulled) },
    },
  );
}
