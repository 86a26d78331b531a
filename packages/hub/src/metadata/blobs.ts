import type { Digest } from '@sampan/blobs';
import { projectOf } from '../projects/directory.ts';
import { addContent, removeContent } from '../rules/usage.ts';
import { countLinks } from './counted-links.ts';
import { prepared } from './prepared.ts';
import { ensureRepository, projectOfRepository, type Reader, type Writer } from './repositories.ts';

export interface LinkedBlob {
  readonly repository: number;
  readonly size: number;
  /** When the repository got it or was last asked whether it has it, milliseconds since the epoch. */
  readonly linked: number;
}

/** A blob that the repository may read; undefined: there is no such blob for it. */
export const findBlob: (from: Reader, repository: string, digest: Digest) => Promise<LinkedBlob | undefined> =
  prepared((from, repository: string, digest: Digest) =>
    from
      .selectFrom('blob_links')
      .innerJoin('repositories', 'repositories.id', 'blob_links.repository')
      .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
      .select(['blob_links.repository', 'blobs.size', 'blob_links.linked'])
      .where('repositories.name', '=', repository)
      .where('blob_links.digest', '=', digest),
  );

/** The names of repositories that may read the blob, at most `limit`. */
export async function repositoriesWith(from: Reader, digest: Digest, limit: number): Promise<string[]> {
  const rows = await from
    .selectFrom('blob_links')
    .innerJoin('repositories', 'repositories.id', 'blob_links.repository')
    .select('repositories.name')
    .where('blob_links.digest', '=', digest)
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** Keeps the link from the collector for another while; whether it was still there. */
export async function renewLink(
  to: Writer,
  repository: number,
  digest: Digest,
  now: number,
): Promise<boolean> {
  const result = await to
    .updateTable('blob_links')
    .set({ linked: now })
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/**
 * Lets the repository read a blob that is in the blob store. May be called again, which makes the link new. Whether the
 * project holds more for it.
 */
export async function linkBlob(
  to: Writer,
  name: string,
  blob: { readonly digest: Digest; readonly size: number },
  now: number,
): Promise<boolean> {
  const { digest, size } = blob;
  const repository = await ensureRepository(to, name, now);
  await to
    .insertInto('blobs')
    .values({ digest, size, committed: now })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ committed: now }))
    .execute();
  const link = await to
    .insertInto('blob_links')
    .values({ repository, digest, linked: now, counted: 1 })
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing())
    .executeTakeFirst();
  if (link.numInsertedOrUpdatedRows === 0n) {
    await renewLink(to, repository, digest, now);
    return countLinks(to, repository, [digest]);
  }
  return addContent(to, projectOf(name), blob);
}

/** The sizes of those of `digests` that the repository may read. */
export function blobSizes(
  from: Reader,
  repository: number,
  digests: readonly Digest[],
): Promise<Map<Digest, number>> {
  return sizesOf(digests, (some) =>
    from
      .selectFrom('blob_links')
      .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
      .select(['blobs.digest', 'blobs.size'])
      .where('blob_links.repository', '=', repository)
      .where('blob_links.digest', 'in', some)
      .execute(),
  );
}

/** Fewer than either database allows as parameters of one query. */
const QUERY_DIGESTS = 500;

export async function sizesOf(
  digests: readonly Digest[],
  query: (some: Digest[]) => Promise<{ digest: Digest; size: number }[]>,
): Promise<Map<Digest, number>> {
  const sizes = new Map<Digest, number>();
  for (let start = 0; start < digests.length; start += QUERY_DIGESTS) {
    for (const { digest, size } of await query(digests.slice(start, start + QUERY_DIGESTS))) {
      sizes.set(digest, size);
    }
  }
  return sizes;
}

/** Whether a manifest of the repository needs it. */
export async function isReferenced(from: Reader, repository: number, digest: Digest): Promise<boolean> {
  const row = await from
    .selectFrom('manifest_references')
    .select('manifest')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes the blob from the repository; whether it had it. The bytes stay until nobody links them. */
export async function unlinkBlob(to: Writer, repository: number, digest: Digest): Promise<boolean> {
  const link = await to
    .deleteFrom('blob_links')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .returning('counted')
    .executeTakeFirst();
  if (link?.counted) await removeContent(to, await projectOfRepository(to, repository), digest);
  return link !== undefined;
}
