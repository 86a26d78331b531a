import type { Reader, Writer } from './repositories.ts';

export interface UploadRecord {
  readonly id: string;
  readonly repository: string;
  /** Who began it. */
  readonly caller: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
}

export async function addUpload(to: Writer, upload: UploadRecord): Promise<void> {
  await to.insertInto('uploads').values(upload).execute();
}

export async function findUpload(from: Reader, id: string): Promise<UploadRecord | undefined> {
  return from.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Whether someone has begun `count` uploads that are neither finished nor given up. */
export async function hasUploads(from: Reader, caller: string, count: number): Promise<boolean> {
  const row = await from
    .selectFrom('uploads')
    .select('id')
    .where('caller', '=', caller)
    .orderBy('id')
    .offset(count - 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Rows of one query. */
const STEP = 500;

/** Uploads that were begun before `before`, after `after` in order of their ids; at most `STEP`, fewer at the end. */
export async function uploadsBefore(from: Reader, before: number, after: string): Promise<string[]> {
  const rows = await from
    .selectFrom('uploads')
    .select('id')
    .where('started', '<', before)
    .where('id', '>', after)
    .orderBy('id')
    .limit(STEP)
    .execute();
  return rows.map(({ id }) => id);
}

export async function forgetUpload(to: Writer, id: string): Promise<void> {
  await to.deleteFrom('uploads').where('id', '=', id).execute();
}
