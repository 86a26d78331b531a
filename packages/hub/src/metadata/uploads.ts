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

export async function forgetUpload(to: Writer, id: string): Promise<void> {
  await to.deleteFrom('uploads').where('id', '=', id).execute();
}
