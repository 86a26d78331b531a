import type { Digest } from '@sampan/blobs';
import type { Reader } from '../metadata/repositories.ts';
import type { TaggedAt } from './plan.ts';

export interface CandidateTag extends TaggedAt {
  readonly digest: Digest;
}

/** The repositories of a project, by name. */
export function repositoriesOf(from: Reader, project: string): Promise<{ id: number; name: string }[]> {
  return from
    .selectFrom('repositories')
    .select(['id', 'name'])
    .where('project', '=', project)
    .orderBy('name')
    .execute();
}

/** The tags of a repository, by name. */
export function candidateTags(from: Reader, repository: number): Promise<CandidateTag[]> {
  return from
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select(['tags.name', 'tags.digest', 'tags.updated as pushed', 'manifests.pulled'])
    .where('tags.repository', '=', repository)
    .orderBy('tags.name')
    .execute();
}
