import type { Selectable } from 'kysely';
import type { Reader, Writer } from '../metadata/repositories.ts';
import type { RetentionTables } from './schema.ts';

/** What a run of retention did, or would have done. */
export interface RetentionRun {
  /** When it ended, milliseconds since the epoch. */
  readonly time: number;
  /** The policy's `requestedAt` when it ran, or at a run before. */
  readonly handled?: number | undefined;
  readonly dryRun: boolean;
  /** `REPOSITORY:TAG`, the first ones. */
  readonly deleted: readonly string[];
  /** Of all tags that went. */
  readonly count: number;
}

/** What is remembered of a project's retention. */
export interface RetentionState {
  /** Empty: none. */
  readonly schedule: string;
  /** Since when it has this schedule, milliseconds since the epoch. */
  readonly since: number;
  readonly handled: number | undefined;
  readonly last: RetentionRun | undefined;
}

export async function readState(from: Reader, project: string): Promise<RetentionState | undefined> {
  const row = await from
    .selectFrom('retention_runs')
    .selectAll()
    .where('project', '=', project)
    .executeTakeFirst();
  return row && stateOf(row);
}

function stateOf(row: Selectable<RetentionTables['retention_runs']>): RetentionState {
  const { schedule, since, time, count } = row;
  const handled = row.handled ?? undefined;
  const deleted = JSON.parse(row.deleted) as string[];
  const last = time === null ? undefined : { time, handled, dryRun: row.dry_run === 1, deleted, count };
  return { schedule, since, handled, last };
}

/** Remembers the schedule that a project has now; its last run stays. */
export async function writeSchedule(
  to: Writer,
  project: string,
  { schedule, since }: Pick<RetentionState, 'schedule' | 'since'>,
): Promise<void> {
  const none = { time: null, handled: null, dry_run: 0, count: 0, deleted: '[]' };
  await to
    .insertInto('retention_runs')
    .values({ project, schedule, since, ...none })
    .onConflict((conflict) => conflict.column('project').doUpdateSet({ schedule, since }))
    .execute();
}

/** The project's schedule must have been written before. */
export async function writeRun(to: Writer, project: string, run: RetentionRun): Promise<void> {
  await to
    .updateTable('retention_runs')
    .set({
      time: run.time,
      handled: run.handled ?? null,
      dry_run: run.dryRun ? 1 : 0,
      count: run.count,
      deleted: JSON.stringify(run.deleted),
    })
    .where('project', '=', project)
    .execute();
}

export async function forgetRuns(to: Writer, project: string): Promise<void> {
  await to.deleteFrom('retention_runs').where('project', '=', project).execute();
}
