import type { Digest } from '@sampan/blobs';
import type { Migration } from '@sampan/records';
import type { Generated } from 'kysely';
import { CHART_MIGRATIONS, type ChartTables } from '../charts/schema.ts';
import { EVENT_MIGRATIONS, type EventTables } from '../events/schema.ts';
import { RETENTION_MIGRATIONS, type RetentionTables } from '../retention/schema.ts';
import { USAGE_MIGRATIONS, type UsageTables } from '../rules/usage-schema.ts';
import { DELIVERY_MIGRATIONS, type DeliveryTables } from '../webhooks/schema.ts';

/** Times are milliseconds since the epoch, sizes bytes. */
export interface HubTables extends EventTables, UsageTables, RetentionTables, DeliveryTables, ChartTables {
  /** `project` is what `projectOf` says of the name. */
  repositories: { id: Generated<number>; name: string; project: string; created: number };
  /** Blobs that are in the blob store. */
  blobs: { digest: Digest; size: number; committed: number };
  /**
   * Which repositories may read which blobs, since `linked`. `counted`: 1 when it is part of the project's usage; 0 once
   * the last manifest that needed it went, until the collector takes it or it is needed again.
   */
  blob_links: { repository: number; digest: Digest; linked: number; counted: number };
  manifests: ManifestTable;
  /** What a manifest needs in its repository: `kind` is `blob` or `manifest`. */
  manifest_references: { repository: number; manifest: Digest; digest: Digest; kind: 'blob' | 'manifest' };
  tags: { repository: number; name: string; digest: Digest; updated: number };
  /** To which repository a blob store's upload goes. */
  uploads: { id: string; repository: string; caller: string; started: number };
}

interface ManifestTable {
  repository: number;
  digest: Digest;
  media_type: string;
  artifact_type: string | null;
  subject: Digest | null;
  /** JSON of an object of strings. */
  annotations: string;
  size: number;
  body: Uint8Array;
  pushed: number;
  /** When it was read or asked for last, to some minutes; null: never. */
  pulled: number | null;
}

/**
 * An index ends with what its queries order by or read: without statistics of a table, SQLite rather walks through all
 * of a repository in the order of the primary key.
 */
export const HUB_MIGRATIONS: readonly Migration[] = [
  {
    name: '1-distribution',
    sql: `
CREATE TABLE repositories (
  id SERIAL PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, created INTEGER NOT NULL
);
CREATE INDEX repositories_project ON repositories (project, name);
CREATE TABLE blobs (digest TEXT NOT NULL PRIMARY KEY, size INTEGER NOT NULL, committed INTEGER NOT NULL);
CREATE TABLE blob_links (
  repository INTEGER NOT NULL, digest TEXT NOT NULL, linked INTEGER NOT NULL, counted INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
);
CREATE INDEX blob_links_digest ON blob_links (digest);
CREATE TABLE manifests (
  repository INTEGER NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL, artifact_type TEXT, subject TEXT,
  annotations TEXT NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL, pushed INTEGER NOT NULL,
  pulled INTEGER,
  PRIMARY KEY (repository, digest)
);
CREATE INDEX manifests_digest ON manifests (digest, repository);
CREATE INDEX manifests_subject ON manifests (repository, subject, digest);
CREATE TABLE manifest_references (
  repository INTEGER NOT NULL, manifest TEXT NOT NULL, digest TEXT NOT NULL, kind TEXT NOT NULL,
  PRIMARY KEY (repository, manifest, digest)
);
CREATE INDEX manifest_references_digest ON manifest_references (repository, digest, manifest);
CREATE TABLE tags (
  repository INTEGER NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
);
CREATE INDEX tags_digest ON tags (repository, digest, name);
CREATE TABLE uploads (
  id TEXT NOT NULL PRIMARY KEY, repository TEXT NOT NULL, caller TEXT NOT NULL, started INTEGER NOT NULL
);
CREATE INDEX uploads_caller ON uploads (caller, id);
`,
  },
  ...EVENT_MIGRATIONS,
  ...USAGE_MIGRATIONS,
  ...RETENTION_MIGRATIONS,
  ...DELIVERY_MIGRATIONS,
  ...CHART_MIGRATIONS,
];
