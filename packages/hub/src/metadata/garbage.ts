import type { Digest } from '@sampan/blobs';
import { removeContent } from '../rules/usage.ts';
import { projectOfRepository, type Reader, type Writer } from './repositories.ts';

/** Rows of one step: a transaction stays short, so that pushes do not wait for the collector. */
const STEP = 200;

export interface Link {
  readonly repository: number;
  readonly digest: Digest;
}

/** Links to blobs that no manifest of their repository needs and that nobody renewed since `before`. */
export function idleLinks(from: Reader, before: number): Promise<Link[]> {
  return from
    .selectFrom('blob_links')
    .select(['repository', 'digest'])
    .where('linked', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifest_references')
            .select('manifest')
            .whereRef('manifest_references.repository', '=', 'blob_links.repository')
            .whereRef('manifest_references.digest', '=', 'blob_links.digest'),
        ),
      ),
    )
    .limit(STEP)
    .execute();
}

/** Takes a link away if it is still as `idleLinks` found it; whether it was. */
export async function dropIdleLink(
  to: Writer,
  { repository, digest }: Link,
  before: number,
): Promise<boolean> {
  const link = await to
    .deleteFrom('blob_links')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .where('linked', '<', before)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('manifest_references')
            .select('manifest')
            .where('manifest_references.repository', '=', repository)
            .where('manifest_references.digest', '=', digest),
        ),
      ),
    )
    .returning('counted')
    .executeTakeFirst();
  if (link?.counted) await removeContent(to, await projectOfRepository(to, repository), digest);
  return link !== undefined;
}

/** Blobs that no repository has any more, after `after` in order of digest. */
export function unlinkedBlobs(from: Reader, after: string): Promise<{ digest: Digest; size: number }[]> {
  return from
    .selectFrom('blobs')
    .select(['digest', 'size'])
    .where('digest', '>', after as Digest)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('blob_links').select('repository').whereRef('blob_links.digest', '=', 'blobs.digest'),
        ),
      ),
    )
    .orderBy('digest')
    .limit(STEP)
    .execute();
}

/** Forgets a blob if still no repository has it; whether it was so. */
export async function dropUnlinkedBlob(to: Writer, digest: Digest): Promise<boolean> {
  const result = await to
    .deleteFrom('blobs')
    .where('digest', '=', digest)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('blob_links').select('repository').where('blob_links.digest', '=', digest))),
    )
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** Which of `digests` the metadata knows. */
export async function knownBlobs(from: Reader, digests: readonly Digest[]): Promise<Set<Digest>> {
  if (digests.length === 0) return new Set();
  const rows = await from.selectFrom('blobs').select('digest').where('digest', 'in', digests).execute();
  return new Set(rows.map(({ digest }) => digest));
}
