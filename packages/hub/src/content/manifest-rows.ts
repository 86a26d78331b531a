import type { Digest } from '@sampan/blobs';
import { sql } from 'kysely';
import type { Reader } from '../metadata/repositories.ts';

/** Columns of a manifest and its repository that its objects tell. */
export const MANIFEST_COLUMNS = [
  'repositories.name as repository',
  'repositories.project',
  'manifests.digest',
  'manifests.media_type as mediaType',
  'manifests.artifact_type as artifactType',
  'manifests.size',
  'manifests.pushed',
  'manifests.pulled',
] as const;

interface ManifestRow {
  readonly repository: string;
  readonly project: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly size: number;
  readonly needs: number | string | null;
}

/** Bytes of the blobs of a manifest, and of those that an index leads to. */
export const needsBytes = sql<number | null>`
  coalesce((SELECT sum(blobs.size) FROM manifest_references AS needs
    JOIN blobs ON blobs.digest = needs.digest
    WHERE needs.repository = manifests.repository AND needs.manifest = manifests.digest AND needs.kind = 'blob'), 0)
  + coalesce((SELECT sum(blobs.size) FROM manifest_references AS children
    JOIN manifest_references AS needs
      ON needs.repository = children.repository AND needs.manifest = children.digest AND needs.kind = 'blob'
    JOIN blobs ON blobs.digest = needs.digest
    WHERE children.repository = manifests.repository AND children.manifest = manifests.digest
      AND children.kind = 'manifest'), 0)`;

/** What the specs of tags and manifests have in common. */
export function manifestFields({ needs, artifactType, size, ...row }: ManifestRow) {
  const { repository, project, digest, mediaType } = row;
  return {
    project,
    repository,
    digest,
    mediaType,
    ...(artifactType === null ? {} : { artifactType }),
    size,
    contentBytes: size + Number(needs),
  };
}

/** The tags of manifests, by repository and digest: `REPOSITORY@DIGEST`. */
export async function tagsByManifest(
  from: Reader,
  equal: { readonly project?: string | undefined; readonly repository?: string | undefined },
): Promise<Map<string, string[]>> {
  let query = from
    .selectFrom('tags')
    .innerJoin('repositories', 'repositories.id', 'tags.repository')
    .select(['repositories.name as repository', 'tags.name', 'tags.digest'])
    .orderBy('tags.name');
  if (equal.project !== undefined) query = query.where('repositories.project', '=', equal.project);
  if (equal.repository !== undefined) query = query.where('repositories.name', '=', equal.repository);
  const tags = new Map<string, string[]>();
  for (const { repository, name, digest } of await query.execute()) {
    tags.getOrInsertComputed(`${repository}@${digest}`, () => []).push(name);
  }
  return tags;
}
