import type { KubeObject } from '@sampan/api';
import type { Digest } from '@sampan/blobs';
import type { Reader } from '../metadata/repositories.ts';
import type { Equal } from './answer.ts';
import { filterOf, inSteps, type RepositoryRow, repositoriesInSteps, STEP } from './in-steps.ts';
import { MANIFEST_COLUMNS, manifestFields, needsBytes } from './manifest-rows.ts';
import { manifestObjectName, manifestOfObject } from './names.ts';
import { contentObject, timeField } from './objects.ts';

interface ManifestFilter {
  readonly digest?: string | undefined;
  readonly subject?: string | undefined;
}

/** All manifests, in order of repositories and digests. */
export async function manifestObjects(from: Reader, equal: Equal): Promise<KubeObject[]> {
  const { 'metadata.name': name, 'spec.digest': digest, 'spec.subject': subject } = equal;
  if (name !== undefined) {
    const found = await manifestByName(from, name);
    return found ? [found] : [];
  }
  const objects: KubeObject[] = [];
  for await (const repository of repositoriesInSteps(from, filterOf(equal))) {
    objects.push(...(await manifestsOf(from, repository, { digest, subject })));
  }
  return objects;
}

export async function manifestByName(from: Reader, name: string): Promise<KubeObject | undefined> {
  const asked = manifestOfObject(name);
  if (!asked) return undefined;
  for await (const repository of repositoriesInSteps(from, { repository: asked.repository })) {
    const [found] = await manifestsOf(from, repository, { digest: asked.digest });
    return found;
  }
  return undefined;
}

async function manifestsOf(
  from: Reader,
  repository: RepositoryRow,
  filter: ManifestFilter,
): Promise<KubeObject[]> {
  const rows = await inSteps(
    (after) => select(from, repository.id, after, filter).execute(),
    ({ digest }) => digest,
  );
  const tags = await tagsOf(from, repository, filter);
  return rows.map((row) => objectOf(repository, row, tags.get(row.digest) ?? []));
}

function select(from: Reader, repository: number, after: string, { digest, subject }: ManifestFilter) {
  let query = from
    .selectFrom('manifests')
    .select([...MANIFEST_COLUMNS, 'manifests.subject', 'manifests.annotations', needsBytes.as('needs')])
    .where('manifests.repository', '=', repository)
    .where('manifests.digest', '>', after as Digest)
    .orderBy('manifests.digest')
    .limit(STEP);
  if (digest !== undefined) query = query.where('manifests.digest', '=', digest as Digest);
  // '' is asked of those that have none
  if (subject !== undefined && subject !== '')
    query = query.where('manifests.subject', '=', subject as Digest);
  return query;
}

/** The tags of a repository's manifests, by digest. */
async function tagsOf(
  from: Reader,
  { id }: RepositoryRow,
  { digest }: ManifestFilter,
): Promise<Map<Digest, string[]>> {
  const rows = await inSteps(
    (after) => {
      const query = from
        .selectFrom('tags')
        .select(['name', 'digest'])
        .where('repository', '=', id)
        .where('name', '>', after)
        .orderBy('name')
        .limit(STEP);
      return (digest === undefined ? query : query.where('digest', '=', digest as Digest)).execute();
    },
    ({ name }) => name,
  );
  const tags = new Map<Digest, string[]>();
  for (const row of rows) tags.getOrInsertComputed(row.digest, () => []).push(row.name);
  return tags;
}

type Row = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function objectOf(repository: RepositoryRow, row: Row, tags: readonly string[]): KubeObject {
  const { name, project } = repository;
  const { digest, subject, annotations, pushed, pulled } = row;
  return contentObject(
    { kind: 'Manifest', name: manifestObjectName(name, digest), project, created: pushed },
    {
      spec: {
        ...manifestFields(repository, row),
        ...(subject === null ? {} : { subject }),
        annotations: JSON.parse(annotations) as unknown,
        tags,
        ...timeField('pushed', pushed),
        ...timeField('pulled', pulled),
      },
    },
  );
}
