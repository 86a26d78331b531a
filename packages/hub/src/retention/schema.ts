import type { Migration } from '@sampan/records';

export interface RetentionTables {
  /**
   * What is remembered of a project's retention: its schedule and since when that holds, and its last run (null: there
   * was none). `handled` is the `requestedAt` that was answered last, `deleted` JSON of the first tags that went.
   */
  retention_runs: {
    project: string;
    schedule: string;
    since: number;
    time: number | null;
    handled: number | null;
    dry_run: number;
    count: number;
    deleted: string;
  };
}

export const RETENTION_MIGRATIONS: readonly Migration[] = [
  {
    name: '2-retention',
    sql: `
CREATE TABLE retention_runs (
  project TEXT NOT NULL PRIMARY KEY, schedule TEXT NOT NULL, since INTEGER NOT NULL, time INTEGER, handled INTEGER,
  dry_run INTEGER NOT NULL, count INTEGER NOT NULL, deleted TEXT NOT NULL
);
`,
  },
];
