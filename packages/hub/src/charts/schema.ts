import type { Digest } from '@sampan/blobs';
import type { Migration } from '@sampan/records';

export interface ChartTables {
  /** Manifests that are Helm charts, as classic repositories need them. */
  charts: ChartTable;
  /** Counts the changes of what a project's index lists. */
  chart_revisions: { project: string; revision: number };
}

interface ChartTable {
  repository: number;
  manifest: Digest;
  project: string;
  name: string;
  version: string;
  /** By which Helm pushes this version: it is listed while the tag names this manifest. */
  tag: string;
  /** NAME-VERSION */
  file: string;
  /** The archive, and the signature if there is one. */
  content: Digest;
  provenance: Digest | null;
  /** What the index says of it, as the beginning of a JSON object (`{"name":…`), without its end. */
  entry: string;
  /** Milliseconds since the epoch. */
  created: number;
}

export const CHART_MIGRATIONS: readonly Migration[] = [
  {
    name: '4-charts',
    sql: `
CREATE TABLE charts (
  repository INTEGER NOT NULL, manifest TEXT NOT NULL, project TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  tag TEXT NOT NULL, file TEXT NOT NULL, content TEXT NOT NULL, provenance TEXT, entry TEXT NOT NULL,
  created INTEGER NOT NULL, PRIMARY KEY (repository, manifest)
);
CREATE INDEX charts_file ON charts (project, file);
CREATE INDEX charts_name ON charts (project, name);
CREATE TABLE chart_revisions (project TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL);
`,
  },
];
