import { changeRecord, type GuestContent, readRecord, removeDatabase } from '../guest-record.ts';

/** What was before an upgrade or a restore may be put back for so long. */
const KEEP_BEFORE_MS = 24 * 3_600_000;

/** Makes other objects the cluster's, in one step; what was there is kept for a while. */
export function replaceContent(folder: string, content: Required<GuestContent>, now: number): void {
  const { before } = readRecord(folder);
  changeRecord(folder, ({ held: _held, before: _before, database, release, format, ...record }) => ({
    ...record,
    ...content,
    before: {
      format,
      ...(database === undefined ? {} : { database }),
      ...(release === undefined ? {} : { release }),
      until: now + KEEP_BEFORE_MS,
    },
  }));
  if (before) removeDatabase(folder, before.database);
}

/** Puts back what was there, in one step. `held`: the release that does not upgrade it unasked. */
export function putBack(folder: string, before: GuestContent, held: string | undefined): void {
  const { database } = readRecord(folder);
  changeRecord(
    folder,
    ({ before: _before, database: _database, release: _release, held: _held, ...record }) => ({
      ...record,
      ...before,
      ...(held === undefined ? {} : { held }),
    }),
  );
  removeDatabase(folder, database);
}

/** Removes what was there before when its time is over. */
export function forgetBefore(folder: string, now: number): void {
  const { before } = readRecord(folder);
  if (!before || before.until > now) return;
  changeRecord(folder, ({ before: _before, ...record }) => record);
  removeDatabase(folder, before.database);
}
