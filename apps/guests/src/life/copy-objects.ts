import { copyDatabase, foldDatabase } from '../guest-content.ts';
import { databaseOf, readRecord } from '../guest-record.ts';
import { awake, type Entry } from './entry.ts';

/** Copies all objects of a cluster to a new file, while it serves or sleeps: in its turn. */
export async function copyObjects(entry: Entry, to: string): Promise<void> {
  const guest = await awake(entry);
  if (guest) return guest.backup(to);
  const { folder } = entry;
  await copyDatabase(databaseOf(folder, readRecord(folder)), to);
  await foldDatabase(to);
}
