import type { KubeObject } from '@sampan/api';
import type { Digest } from '@sampan/blobs';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { MANIFEST_COLUMNS, manifestFields, needsBytes, tagsByManifest } from './manifest-rows.ts';
import { manifestObjectName, manifestOfObject } from './names.ts';
import { contentObject, timeField } from './objects.ts';

type Tags = ReadonlyMap<string, readonly string[]>;

/** All manifests, in order of repositories and digests. */
export async function manifestObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const name = equal['metadata.name'];
  if (name !== undefined) {
    const found = await manifestByName(from, name);
    return found ? [found] : [];
  }
  const { 'spec.project': project, 'spec.repository': repository } = equal;
  const { 'spec.digest': digest, 'spec.subject': subject } = equal;
  let query = select(from);
  if (project !== undefined) query = query.where('repositories.project', '=', project);
  if (repository !== undefined) query = query.where('repositories.name', '=', repository);
  if (digest !== undefined) query = query.where('manifests.digest', '=', digest as Digest);
  if (subject !== undefined && subject !== '')
    query = query.where('manifests.subject', '=', subject as Digest);
  const tags = await tagsByManifest(from, { project, repository });
  return (await query.execute()).map((row) => objectOf(row, tags));
}

export async function manifestByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const asked = manifestOfObject(name);
  if (!asked) return undefined;
  const { repository, digest } = asked;
  const row = await select(from)
    .where('repositories.name', '=', repository)
    .where('manifests.digest', '=', digest as Digest)
    .executeTakeFirst();
  return row && objectOf(row, await tagsByManifest(from, { repository }));
}

function select(from: Reader) {
  return from
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository')
    .select([...MANIFEST_COLUMNS, 'manifests.subject', 'manifests.annotations', needsBytes.as('needs')])
    .orderBy('repositories.name')
    .orderBy('manifests.digest');
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function objectOf(row: Row, tags: Tags): KubeObject {
  const { repository, project, digest, subject, annotations, pushed, pulled } = row;
  return contentObject(
    { kind: 'Manifest', name: manifestObjectName(repository, digest), project, created: pushed },
    {
      spec: {
        ...manifestFields(row),
        ...(subject === null ? {} : { subject }),
        annotations: JSON.parse(annotations) as unknown,
        tags: tags.get(`${repository}@${digest}`) ?? [],
        ...timeField('pushed', pushed),
        ...timeField('pulled', pulled),
      },
    },
  );
}
