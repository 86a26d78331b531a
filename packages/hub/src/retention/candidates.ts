import type { Digest } from '@sampan/blobs';
import { othersTurn } from '../metadata/others-turn.ts';
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

interface UntaggedQuery {
  /** Neither pushed nor pulled since; milliseconds since the epoch. */
  readonly before: number;
  /** Digests after this one. */
  readonly after: string;
  readonly limit: number;
}

/** Manifests without a tag that nothing in the repository needs and that are of nothing in it, by digest. */
export async function untaggedManifests(
  from: Reader,
  repository: number,
  { before, after, limit }: UntaggedQuery,
): Promise<Digest[]> {
  const rows = await from
    .selectFrom('manifests')
    .select('digest')
    .where('repository', '=', repository)
    .where('digest', '>', after as Digest)
    .where('pushed', '<', before)
    .where(({ or, eb }) => or([eb('pulled', 'is', null), eb('pulled', '<', before)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('tags')
            .select('name')
            .where('tags.repository', '=', repository)
            .whereRef('tags.digest', '=', 'manifests.digest'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifest_references as needs')
            .select('manifest')
            .where('needs.repository', '=', repository)
            .whereRef('needs.digest', '=', 'manifests.digest'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifests as subjects')
            .select('digest')
            .where('subjects.repository', '=', repository)
            .whereRef('subjects.digest', '=', 'manifests.subject'),
        ),
      ),
    )
    .orderBy('digest')
    .limit(limit)
    .execute();
  return rows.map(({ digest }) => digest);
}

/** Rows of one query: it holds up everything else while it runs. */
const TAGS_AT_ONCE = 2000;

/** The tags of a repository, by name. */
export async function candidateTags(from: Reader, repository: number): Promise<CandidateTag[]> {
  const tags: CandidateTag[] = [];
  for (let after = ''; ; after = tags.at(-1)?.name ?? '') {
    const some = await tagsAfter(from, repository, after);
    tags.push(...some);
    if (some.length < TAGS_AT_ONCE) return tags;
    await othersTurn();
  }
}

function tagsAfter(from: Reader, repository: number, after: string): Promise<CandidateTag[]> {
  return from
    .selectFrom('tags')
    .innerJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'tags.repository')
        .onRef('manifests.digest', '=', 'tags.digest'),
    )
    .select(['tags.name', 'tags.digest', 'tags.updated as pushed', 'manifests.pulled'])
    .where('tags.repository', '=', repository)
    .where('tags.name', '>', after)
    .orderBy('tags.name')
    .limit(TAGS_AT_ONCE)
    .execute();
}
