import type { Digest } from '@sampan/blobs';
import { addContent, removeContent } from '../rules/usage.ts';
import { projectOfRepository, type Writer } from './repositories.ts';

/** Fewer than either database allows as parameters of one query. */
const DIGESTS_AT_ONCE = 500;

/**
 * A blob that a manifest needs again counts as the project's again. Whether the project holds more for it. Digests
 * that the repository has no link to are passed over.
 */
export async function countLinks(
  to: Writer,
  repository: number,
  digests: readonly Digest[],
): Promise<boolean> {
  let grown = false;
  for (const digest of await changed(to, repository, digests, 1)) {
    const { size } = await to
      .selectFrom('blobs')
      .select('size')
      .where('digest', '=', digest)
      .executeTakeFirstOrThrow();
    const project = await projectOfRepository(to, repository);
    if (await addContent(to, project, { digest, size })) grown = true;
  }
  return grown;
}

/**
 * Of blobs that a manifest needed which is gone, those that no other manifest of the repository needs no longer count.
 * The links stay for a while, since a push may be about to use them.
 */
export async function uncountLinks(
  to: Writer,
  repository: number,
  digests: readonly Digest[],
): Promise<void> {
  const dropped = await changed(to, repository, digests, 0);
  if (dropped.length === 0) return;
  const project = await projectOfRepository(to, repository);
  for (const digest of dropped) await removeContent(to, project, digest);
}

/** Sets `counted` of the links where it is not so and, for 0, where no manifest needs them; gives these. */
async function changed(
  to: Writer,
  repository: number,
  digests: readonly Digest[],
  counted: 0 | 1,
): Promise<Digest[]> {
  const found: Digest[] = [];
  for (let start = 0; start < digests.length; start += DIGESTS_AT_ONCE) {
    const some = to
      .updateTable('blob_links')
      .set({ counted })
      .where('repository', '=', repository)
      .where('counted', '=', 1 - counted)
      .where('digest', 'in', digests.slice(start, start + DIGESTS_AT_ONCE))
      .returning('digest');
    const query = counted
      ? some
      : some.where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('manifest_references')
                .select('manifest')
                .whereRef('manifest_references.repository', '=', 'blob_links.repository')
                .whereRef('manifest_references.digest', '=', 'blob_links.digest'),
            ),
          ),
        );
    for (const { digest } of await query.execute()) found.push(digest);
  }
  return found;
}
