import type { Digest } from '@sampan/blobs';
import { sql } from 'kysely';
import type { Reader, Writer } from '../metadata/repositories.ts';

interface Content {
  readonly digest: Digest;
  readonly size: number;
}

/** Bytes of the distinct blobs and manifests of a project. */
export async function readUsage(from: Reader, project: string): Promise<number> {
  const row = await from
    .selectFrom('project_usage')
    .select('bytes')
    .where('project', '=', project)
    .executeTakeFirst();
  return row?.bytes ?? 0;
}

export interface ProjectUsage {
  readonly project: string;
  readonly bytes: number;
}

/** Of all projects that ever had something, by name. */
export function readAllUsage(from: Reader): Promise<ProjectUsage[]> {
  return from.selectFrom('project_usage').select(['project', 'bytes']).orderBy('project').execute();
}

/** Whether some repository of the project has it. */
export async function hasContent(from: Reader, project: string, digest: Digest): Promise<boolean> {
  const row = await from
    .selectFrom('project_contents')
    .select('size')
    .where('project', '=', project)
    .where('digest', '=', digest)
    .executeTakeFirst();
  return row !== undefined;
}

/** Counts what a repository of the project has in addition; whether that is new to the project. */
export async function addContent(to: Writer, project: string, { digest, size }: Content): Promise<boolean> {
  const { holders } = await to
    .insertInto('project_contents')
    .values({ project, digest, size, holders: 1 })
    .onConflict((conflict) =>
      conflict.columns(['project', 'digest']).doUpdateSet({ holders: sql`project_contents.holders + 1` }),
    )
    .returning('holders')
    .executeTakeFirstOrThrow();
  if (holders > 1) return false;
  await changeUsage(to, project, size);
  return true;
}

/** Undoes one `addContent`. */
export async function removeContent(to: Writer, project: string, digest: Digest): Promise<void> {
  const row = await to
    .updateTable('project_contents')
    .set({ holders: sql`holders - 1` })
    .where('project', '=', project)
    .where('digest', '=', digest)
    .returning(['holders', 'size'])
    .executeTakeFirst();
  if (!row || row.holders > 0) return;
  await to
    .deleteFrom('project_contents')
    .where('project', '=', project)
    .where('digest', '=', digest)
    .execute();
  await changeUsage(to, project, -row.size);
}

async function changeUsage(to: Writer, project: string, bytes: number): Promise<void> {
  await to
    .insertInto('project_usage')
    .values({ project, bytes })
    .onConflict((conflict) =>
      conflict.column('project').doUpdateSet({ bytes: sql`project_usage.bytes + ${bytes}` }),
    )
    .execute();
}
