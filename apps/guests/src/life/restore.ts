import { join } from 'node:path';
import { readBackup } from '../backup/guest-backup.ts';
import { changeContent } from '../guest-content.ts';
import { held, noRollback } from '../guest-failure.ts';
import { keysIn } from '../guest-keys.ts';
import { changeRecord, GUEST_FORMAT, nextDatabase, readRecord, removeDatabase } from '../guest-record.ts';
import { renewTokens } from '../new-life.ts';
import { renewAddresses } from '../renew-addresses.ts';
import type { Entry } from './entry.ts';
import { putBack, replaceContent } from './kept-content.ts';
import type { OpenGuests } from './open-guests.ts';
import { keysOf, placeOf } from './start-guest.ts';

/** Puts back what a backup (its path) holds; what was there is kept for a day: in its turn. */
export async function restore(guests: OpenGuests, entry: Entry, archive: string): Promise<void> {
  const { folder } = entry;
  const database = nextDatabase(folder, readRecord(folder));
  try {
    await prepare(guests, entry, archive, join(folder, database));
  } catch (error) {
    removeDatabase(folder, database);
    throw error;
  }
  await guests.close(entry, false);
  const content = { database, format: GUEST_FORMAT, release: guests.release };
  replaceContent(folder, content, guests.clock.now());
  await guests.openAgain(entry);
}

/** Writes a database of this release with what the backup holds, good for the cluster's keys and ranges. */
async function prepare({ options }: OpenGuests, entry: Entry, archive: string, file: string): Promise<void> {
  const keys = keysOf(entry);
  const { ranges } = entry.settings;
  const content = await readBackup(archive, file);
  const isOther = keysIn(content.keys) !== keys.serviceAccountKey;
  await changeContent({ ...placeOf(options, entry.name), file, keys, ranges }, async (client) => {
    await renewAddresses(client, ranges);
    if (isOther) await renewTokens(client);
  });
}

/** Tries again what failed or was taken back: in its turn. */
export async function upgrade(guests: OpenGuests, entry: Entry): Promise<void> {
  changeRecord(entry.folder, ({ held: _held, ...record }) => record);
  entry.failure = undefined;
  await guests.open(entry, false);
}

/** Puts back what was there before the last upgrade or restore: in its turn. Throws `guest-no-rollback`. */
export async function rollback(guests: OpenGuests, entry: Entry): Promise<void> {
  const { name, folder } = entry;
  const { before } = readRecord(folder);
  if (!before) throw noRollback(name);
  await guests.close(entry, false);
  const { until: _until, ...content } = before;
  const isOlder = content.release !== guests.release;
  putBack(folder, content, isOlder ? guests.release : undefined);
  if (isOlder) guests.fail(entry, held(name, guests.release));
  else await guests.openAgain(entry);
}
