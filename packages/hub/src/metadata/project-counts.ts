import type { Digest } from '@sampan/blobs';
import { readUsage } from '../rules/usage.ts';
import type { Reader } from './repositories.ts';

/** What a project holds. */
export interface ProjectCounts {
  /** Of its distinct blobs and manifests. */
  readonly bytes: number;
  /** Those that hold a manifest. */
  readonly repositories: number;
  readonly tags: number;
}

export async function projectCounts(from: Reader, project: string): Promise<ProjectCounts> {
  const { repositories } = await from
    .selectFrom('repositories')
    .select(({ fn }) => fn.countAll<number | string>().as('repositories'))
    .where('project', '=', project)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('manifests').select('digest').whereRef('manifests.repository', '=', 'repositories.id'),
      ),
    )
    .executeTakeFirstOrThrow();
  const { tags } = await from
    .selectFrom('tags')
    .innerJoin('repositories', 'repositories.id', 'tags.repository')
    .select(({ fn }) => fn.countAll<number | string>().as('tags'))
    .where('repositories.project', '=', project)
    .executeTakeFirstOrThrow();
  return {
    bytes: await readUsage(from, project),
    repositories: Number(repositories),
    tags: Number(tags),
  };
}

/** Some manifests of a project that no other manifest needs. */
export function freeManifests(
  from: Reader,
  project: string,
  limit: number,
): Promise<{ repository: number; name: string; digest: Digest }[]> {
  return from
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository')
    .select(['manifests.repository', 'repositories.name', 'manifests.digest'])
    .where('repositories.project', '=', project)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifest_references')
            .select('manifest')
            .whereRef('manifest_references.repository', '=', 'manifests.repository')
            .whereRef('manifest_references.digest', '=', 'manifests.digest'),
        ),
      ),
    )
    .limit(limit)
    .execute();
}
