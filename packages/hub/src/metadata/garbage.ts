import type { Digest } from '@sampan/blobs';
import type { ExpressionBuilder } from 'kysely';
import { removeContent } from '../rules/usage.ts';
import { projectOfRepository, type Reader, type Writer } from './repositories.ts';
import type { HubTables } from './schema.ts';

/** Rows of one step: a transaction stays short, so that pushes do not wait for the collector. */
const STEP = 500;

export interface Link {
  readonly repository: number;
  readonly digest: Digest;
}

/**
 * Of the next links after `after`, those to blobs that no manifest of their repository needs and that nobody renewed
 * since `before`; `last`: where to go on, undefined at the end.
 */
export async function scanLinks(
  from: Reader,
  before: number,
  after: Link = { repository: 0, digest: '' as Digest },
): Promise<{ idle: Link[]; last: Link | undefined }> {
  const rows = await from
    .selectFrom('blob_links')
    .select(({ exists, selectFrom }) => [
      'repository',
      'digest',
      'linked',
      exists(
        selectFrom('manifest_references')
          .select('manifest')
          .whereRef('manifest_references.repository', '=', 'blob_links.repository')
          .whereRef('manifest_references.digest', '=', 'blob_links.digest'),
      ).as('needed'),
    ])
    .where(({ eb, refTuple, tuple }) =>
      eb(refTuple('repository', 'digest'), '>', tuple(after.repository, after.digest)),
    )
    .orderBy('repository')
    .orderBy('digest')
    .limit(STEP)
    .execute();
  const last = rows.length < STEP ? undefined : rows.at(-1);
  return { idle: rows.filter(({ linked, needed }) => linked < before && !needed), last };
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

interface ScannedBlobs {
  /** To be deleted. */
  readonly unlinked: { digest: Digest; size: number }[];
  /** Those that no manifest needs, and that are kept for one that may come. */
  readonly waiting: { digest: Digest; size: number }[];
  /** Where to go on; undefined: at the end. */
  readonly last: Digest | undefined;
}

/**
 * Of the next blobs after `after` in order of digest, those that no repository has any more; with `before`, as if the
 * links that `scanLinks` finds idle were gone.
 */
export async function scanBlobs(from: Reader, after: string, before?: number): Promise<ScannedBlobs> {
  const rows = await from
    .selectFrom('blobs')
    .select((eb) => [
      'digest',
      'size',
      eb.exists(linksTo(eb, before)).as('linked'),
      eb.exists(linksTo(eb, Number.MAX_SAFE_INTEGER)).as('needed'),
    ])
    .where('digest', '>', after as Digest)
    .orderBy('digest')
    .limit(STEP)
    .execute();
  const last = rows.length < STEP ? undefined : rows.at(-1)?.digest;
  const unlinked = rows.filter(({ linked }) => !linked);
  return { unlinked, waiting: rows.filter(({ linked, needed }) => linked && !needed), last };
}

function linksTo(eb: ExpressionBuilder<HubTables, 'blobs'>, before: number | undefined) {
  const links = eb
    .selectFrom('blob_links')
    .select('repository')
    .whereRef('blob_links.digest', '=', 'blobs.digest');
  if (before === undefined) return links;
  return links.where((link) =>
    link.or([
      link('linked', '>=', before),
      link.exists(
        link
          .selectFrom('manifest_references')
          .select('manifest')
          .whereRef('manifest_references.repository', '=', 'blob_links.repository')
          .whereRef('manifest_references.digest', '=', 'blob_links.digest'),
      ),
    ]),
  );
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
