import type { Digest } from '@sampan/blobs';
import { sql } from 'kysely';
import type { RepositoryRow } from './in-steps.ts';

/** Columns of a manifest that its objects tell. */
export const MANIFEST_COLUMNS = [
  'manifests.digest',
  'manifests.media_type as mediaType',
  'manifests.artifact_type as artifactType',
  'manifests.size',
  'manifests.pushed',
  'manifests.pulled',
] as const;

interface ManifestRow {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly size: number;
  readonly needs: number | string | null;
}

/**
 * Bytes of the blobs of a manifest, and of those that an index leads to. SQLite keeps the order of a CROSS JOIN; left
 * to itself it walks through all references of the repository.
 */
export const needsBytes = sql<number | string | null>`
  coalesce((SELECT sum(blobs.size) FROM manifest_references AS needs CROSS JOIN blobs
    WHERE needs.repository = manifests.repository AND needs.manifest = manifests.digest AND needs.kind = 'blob'
      AND blobs.digest = needs.digest), 0)
  + coalesce((SELECT sum(blobs.size) FROM manifest_references AS children
    CROSS JOIN manifest_references AS needs CROSS JOIN blobs
    WHERE children.repository = manifests.repository AND children.manifest = manifests.digest
      AND children.kind = 'manifest'
      AND needs.repository = children.repository AND needs.manifest = children.digest AND needs.kind = 'blob'
      AND blobs.digest = needs.digest), 0)`;

/** What the specs of tags and manifests have in common. */
export function manifestFields(
  { name, project }: RepositoryRow,
  { needs, artifactType, size, digest, mediaType }: ManifestRow,
) {
  return {
    project,
    repository: name,
    digest,
    mediaType,
    ...(artifactType === null ? {} : { artifactType }),
    size,
    contentBytes: size + Number(needs),
  };
}
