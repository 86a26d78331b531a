import type { Digest } from '@sampan/blobs';
import type { Migration } from '@sampan/records';

export interface UsageTables {
  /** What a project holds: `holders` counts the repositories that have the blob or manifest. */
  project_contents: { project: string; digest: Digest; size: number; holders: number };
  /** The sum of the sizes of a project's contents, kept up with them. */
  project_usage: { project: string; bytes: number };
}

export const USAGE_MIGRATIONS: readonly Migration[] = [
  {
    name: '2-usage',
    sql: `
CREATE TABLE project_contents (
  project TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL, holders INTEGER NOT NULL,
  PRIMARY KEY (project, digest)
);
CREATE TABLE project_usage (project TEXT NOT NULL PRIMARY KEY, bytes INTEGER NOT NULL);
`,
  },
];
