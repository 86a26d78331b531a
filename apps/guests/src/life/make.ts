import type { GuestOrigin, GuestSettings } from '@sampan/clusters';
import type { BackupFolder } from '../backup/backup-folder.ts';
import { readBackup } from '../backup/guest-backup.ts';
import { makeGuest, type NewGuest } from '../make-guest.ts';
import { copyObjects } from './copy-objects.ts';
import type { Entry } from './entry.ts';
import type { GuestBook } from './guest-book.ts';
import type { OpenGuests } from './open-guests.ts';
import { placeOf } from './start-guest.ts';

/** Makes a cluster's files, with a network of its own. Throws what is the matter with its origin. */
export async function make(
  { options, book }: OpenGuests,
  backups: BackupFolder,
  { name, folder }: Entry,
  settings: GuestSettings,
  origin: GuestOrigin | undefined,
): Promise<void> {
  const fill = filler(book, backups, name, origin);
  const { networks } = options.node ?? {};
  const network = await networks?.take(name);
  try {
    await makeGuest({ ...placeOf(options, name), folder, settings, network, fill });
  } catch (error) {
    if (network !== undefined) networks?.giveBack(network);
    throw error;
  }
}

/** Its own backup gives a cluster its keys back; another's, or a cluster, only its objects. */
function filler(
  book: GuestBook,
  backups: BackupFolder,
  name: string,
  { cluster, backup }: GuestOrigin = {},
): NewGuest['fill'] {
  if (backup !== undefined) {
    const archive = backups.find(backup);
    return async (database) => {
      const content = await readBackup(archive, database);
      return content.cluster === name ? content.keys : undefined;
    };
  }
  if (cluster === undefined) return undefined;
  book.assertComes(cluster, name);
  return async (database) => {
    // not sooner: until now it may have fallen asleep and been forgotten, and have another entry
    const source = book.entry(cluster);
    await book.inTurn(source, () => copyObjects(source, database));
    return undefined;
  };
}
