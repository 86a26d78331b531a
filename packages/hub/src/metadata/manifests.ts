import type { Digest } from '@sampan/blobs';
import { dropChart, touchCharts } from '../charts/chart-records.ts';
import type { Manifest } from '../manifests/read-manifest.ts';
import { digestIn } from '../names/digests.ts';
import { addContent, removeContent } from '../rules/usage.ts';
import { sizesOf } from './blobs.ts';
import { countLinks, uncountLinks } from './counted-links.ts';
import { prepared } from './prepared.ts';
import { projectOfRepository, type Reader, type Writer } from './repositories.ts';

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** As `Manifest.artifactType`. */
  readonly artifactType: string | null;
  readonly body: Uint8Array;
}

/** By digest or tag. */
export function findManifest(
  from: Reader,
  repository: string,
  reference: string,
): Promise<StoredManifest | undefined> {
  const digest = digestIn(reference);
  return digest ? manifestByDigest(from, repository, digest) : manifestByTag(from, repository, reference);
}

const manifestByDigest = prepared((from, repository: string, digest: Digest) =>
  manifestsIn(from, repository).where('manifests.digest', '=', digest),
);

const manifestByTag = prepared((from, repository: string, tag: string) =>
  manifestsIn(from, repository)
    .innerJoin('tags', (join) =>
      join
        .onRef('tags.repository', '=', 'manifests.repository')
        .onRef('tags.digest', '=', 'manifests.digest'),
    )
    .where('tags.name', '=', tag),
);

function manifestsIn(from: Reader, repository: string) {
  return from
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository')
    .select([
      'manifests.digest',
      'manifests.media_type as mediaType',
      'manifests.artifact_type as artifactType',
      'manifests.body',
    ])
    .where('repositories.name', '=', repository);
}

/** What a descriptor of the manifest would say. */
interface Described {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly size: number;
}

export async function describeManifest(
  from: Reader,
  repository: number,
  digest: Digest,
): Promise<Described | undefined> {
  const row = await from
    .selectFrom('manifests')
    .select(['media_type as mediaType', 'artifact_type as artifactType', 'size'])
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row && { digest, ...row, artifactType: row.artifactType ?? undefined };
}

/** The sizes of those of `digests` that are manifests of the repository. */
export function manifestSizes(
  from: Reader,
  repository: number,
  digests: readonly Digest[],
): Promise<Map<Digest, number>> {
  return sizesOf(digests, (some) =>
    from
      .selectFrom('manifests')
      .select(['digest', 'size'])
      .where('repository', '=', repository)
      .where('digest', 'in', some)
      .execute(),
  );
}

interface NewManifest {
  readonly digest: Digest;
  readonly body: Uint8Array;
  readonly manifest: Manifest;
}

/**
 * Stores a manifest and what it needs. The same one again changes nothing but its time. Whether the project holds more
 * for it.
 */
export async function putManifest(
  to: Writer,
  repository: number,
  { digest, body, manifest }: NewManifest,
  now: number,
): Promise<boolean> {
  const put = await to
    .insertInto('manifests')
    .values({
      repository,
      digest,
      media_type: manifest.mediaType,
      artifact_type: manifest.artifactType ?? null,
      subject: manifest.subject ?? null,
      annotations: JSON.stringify(manifest.annotations),
      size: body.length,
      body,
      pushed: now,
      pulled: null,
    })
    .onConflict((conflict) => conflict.columns(['repository', 'digest']).doNothing())
    .executeTakeFirst();
  if (put.numInsertedOrUpdatedRows === 0n) {
    await renewManifest(to, repository, digest, { pushed: now, media_type: manifest.mediaType });
    return false;
  }
  const needs = new Map<Digest, 'blob' | 'manifest'>();
  for (const { digest: blob } of manifest.blobs) needs.set(blob, 'blob');
  for (const { digest: child } of manifest.manifests) needs.set(child, 'manifest');
  await putReferences(to, repository, digest, [...needs]);
  const blobs = manifest.blobs.map((blob) => blob.digest);
  const grown = await countLinks(to, repository, blobs);
  const size = body.length;
  return (await addContent(to, await projectOfRepository(to, repository), { digest, size })) || grown;
}

/** The same bytes may be pushed as another media type where the text leaves it open. */
async function renewManifest(
  to: Writer,
  repository: number,
  digest: Digest,
  change: { readonly pushed: number; readonly media_type: string },
): Promise<void> {
  await to
    .updateTable('manifests')
    .set(change)
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .execute();
}

/** Four columns each: below PostgreSQL's and SQLite's limits of parameters. */
const ROWS_AT_ONCE = 1000;

async function putReferences(
  to: Writer,
  repository: number,
  manifest: Digest,
  needs: readonly (readonly [Digest, 'blob' | 'manifest'])[],
): Promise<void> {
  for (let start = 0; start < needs.length; start += ROWS_AT_ONCE) {
    const some = needs.slice(start, start + ROWS_AT_ONCE);
    await to
      .insertInto('manifest_references')
      .values(some.map(([digest, kind]) => ({ repository, manifest, digest, kind })))
      .onConflict((conflict) => conflict.columns(['repository', 'manifest', 'digest']).doNothing())
      .execute();
  }
}

/** With its tags; whether it was there. What only it needed no longer counts as the project's. */
export async function deleteManifest(to: Writer, repository: number, digest: Digest): Promise<boolean> {
  await touchCharts(to, repository);
  await dropChart(to, repository, digest);
  await to.deleteFrom('tags').where('repository', '=', repository).where('digest', '=', digest).execute();
  const needs = await to
    .deleteFrom('manifest_references')
    .where('repository', '=', repository)
    .where('manifest', '=', digest)
    .returning(['digest', 'kind'])
    .execute();
  const result = await to
    .deleteFrom('manifests')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (result.numDeletedRows === 0n) return false;
  const blobs = needs.filter(({ kind }) => kind === 'blob').map((blob) => blob.digest);
  await uncountLinks(to, repository, blobs);
  await removeContent(to, await projectOfRepository(to, repository), digest);
  return true;
}

export interface Referrer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly artifactType: string | null;
  /** JSON. */
  readonly annotations: string;
}

interface ReferrerQuery {
  readonly subject: Digest;
  readonly artifactType?: string | undefined;
  /** Digests after this one. */
  readonly after: string;
  readonly limit: number;
}

/** Manifests of the repository whose subject is `subject`, in order of digest. */
export async function listReferrers(
  from: Reader,
  repository: string,
  { subject, artifactType, after, limit }: ReferrerQuery,
): Promise<Referrer[]> {
  const all = from
    .selectFrom('manifests')
    .innerJoin('repositories', 'repositories.id', 'manifests.repository')
    .select(['digest', 'media_type as mediaType', 'size', 'artifact_type as artifactType', 'annotations'])
    .where('repositories.name', '=', repository)
    .where('subject', '=', subject)
    .where('digest', '>', after as Digest)
    .orderBy('digest')
    .limit(limit);
  return (artifactType === undefined ? all : all.where('artifact_type', '=', artifactType)).execute();
}
