import type { Digest } from '@sampan/blobs';
import { USAGE_CHECKS } from '../rules/usage-checks.ts';
import { inPages, PAGE } from './in-pages.ts';
import type { Reader } from './repositories.ts';

/** Rows of one query of a check. */
const CHECK_STEP = 500;

/** What the metadata says and does not hold: each row is a fault. Large tables are read in pages. */
export const METADATA_CHECKS: Readonly<Record<string, (from: Reader) => Promise<{ digest: Digest }[]>>> = {
  'is linked but not recorded': (from) =>
    from
      .selectFrom('blob_links')
      .leftJoin('blobs', 'blobs.digest', 'blob_links.digest')
      .select('blob_links.digest')
      .where('blobs.digest', 'is', null)
      .execute(),
  'is tagged but no manifest': (from) =>
    from
      .selectFrom('tags')
      .leftJoin('manifests', (join) =>
        join
          .onRef('manifests.repository', '=', 'tags.repository')
          .onRef('manifests.digest', '=', 'tags.digest'),
      )
      .select('tags.digest')
      .where('manifests.digest', 'is', null)
      .execute(),
  'is listed as a chart but no manifest': (from) =>
    from
      .selectFrom('charts')
      .leftJoin('manifests', (join) =>
        join
          .onRef('manifests.repository', '=', 'charts.repository')
          .onRef('manifests.digest', '=', 'charts.manifest'),
      )
      .select('charts.manifest as digest')
      .where('manifests.digest', 'is', null)
      .execute(),
  'is a blob that a manifest needs and its repository lacks': (from) =>
    inPages<Needed>(
      (after) => neededAfter(from, after),
      ({ kind, blob }) => kind === 'blob' && blob === null,
    ),
  'is a manifest that an index needs and its repository lacks': (from) =>
    inPages<Needed>(
      (after) => neededAfter(from, after),
      ({ kind, child }) => kind === 'manifest' && child === null,
    ),
  ...USAGE_CHECKS,
};

interface Needed {
  readonly repository: number;
  readonly manifest: Digest;
  readonly digest: Digest;
  readonly kind: 'blob' | 'manifest';
  /** What the repository has of it, as a blob and as a manifest. */
  readonly blob: Digest | null;
  readonly child: Digest | null;
}

const START = { repository: 0, manifest: '' as Digest, digest: '' as Digest };

function neededAfter(from: Reader, after: Needed | undefined): Promise<Needed[]> {
  const { repository, manifest, digest } = after ?? START;
  return from
    .selectFrom('manifest_references as needs')
    .leftJoin('blob_links as links', (join) =>
      join.onRef('links.repository', '=', 'needs.repository').onRef('links.digest', '=', 'needs.digest'),
    )
    .leftJoin('manifests', (join) =>
      join
        .onRef('manifests.repository', '=', 'needs.repository')
        .onRef('manifests.digest', '=', 'needs.digest'),
    )
    .select(['needs.repository', 'needs.manifest', 'needs.digest', 'needs.kind'])
    .select(['links.digest as blob', 'manifests.digest as child'])
    .where(({ eb, refTuple, tuple }) =>
      eb(
        refTuple('needs.repository', 'needs.manifest', 'needs.digest'),
        '>',
        tuple(repository, manifest, digest),
      ),
    )
    .orderBy('needs.repository')
    .orderBy('needs.manifest')
    .orderBy('needs.digest')
    .limit(PAGE)
    .execute();
}

export function recordedBlobs(from: Reader, after: string): Promise<{ digest: Digest; size: number }[]> {
  return from
    .selectFrom('blobs')
    .select(['digest', 'size'])
    .where('digest', '>', after as Digest)
    .orderBy('digest')
    .limit(CHECK_STEP)
    .execute();
}
