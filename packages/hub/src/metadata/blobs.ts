import type { Digest } from '@sampan/blobs';
import { ensureRepository, type Reader, type Writer } from './repositories.ts';

/** The size of a blob that the repository may read; undefined: there is no such blob for it. */
export async function findBlob(
  from: Reader,
  repository: string,
  digest: Digest,
): Promise<number | undefined> {
  const row = await from
    .selectFrom('blob_links')
    .innerJoin('repositories', 'repositories.id', 'blob_links.repository')
    .innerJoin('blobs', 'blobs.digest', 'blob_links.digest')
    .select('blobs.size')
    .where('repositories.name', '=', repository)
    .where('blob_links.digest', '=', digest)
    .executeTakeFirst();
  return row?.size;
}

/** Lets the repository read a blob that is in the blob store. May be called again, which makes the link new. */
export async function linkBlob(
  to: Writer,
  name: string,
  blob: { readonly digest: Digest; readonly size: number },
  now: number,
): Promise<void> {
  const { digest, size } = blob;
  const repository = await ensureRepository(to, name, now);
  await to
    .insertInto('blobs')
    .values({ digest, size, committed: now })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ committed: now }))
    .execute();
  await to
    .insertInto('blob_links')
    .values({ repository, digest, linked: now })
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doUpdateSet({ linked: now }))
    .execute();
}

/** Which of `digests` the repository cannot read. */
export async function missingBlobs(
  from: Reader,
  repository: number,
  digests: readonly Digest[],
): Promise<Digest[]> {
  return missing(digests, async (some) => {
    const rows = await from
      .selectFrom('blob_links')
      .select('digest')
      .where('repository', '=', repository)
      .where('digest', 'in', some)
      .execute();
    return rows.map(({ digest }) => digest);
  });
}

/** Fewer than either database allows as parameters of one query. */
const QUERY_DIGESTS = 500;

export async function missing(
  digests: readonly Digest[],
  present: (some: Digest[]) => Promise<Digest[]>,
): Promise<Digest[]> {
  const absent = new Set(digests);
  for (let start = 0; start < digests.length; start += QUERY_DIGESTS) {
    for (const digest of await present(digests.slice(start, start + QUERY_DIGESTS))) absent.delete(digest);
  }
  return [...absent];
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
  const result = await to
    .deleteFrom('blob_links')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}
