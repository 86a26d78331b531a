import { closeSync, fsyncSync, linkSync, openSync, rmSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { migrate } from './migrate.ts';

/**
 * Makes a file that holds an empty store, whole or not at all: one write and one sync instead of the ten that SQLite
 * takes to get there, and thousands of stores may be made on a machine. Throws `EEXIST` when it is there.
 */
export function writeNewFile(file: string, migrations: readonly string[]): void {
  const partial = `${file}.${process.pid}.new`;
  // of a process that was killed meanwhile, whose number is this one's
  rmSync(partial, { force: true });
  const handle = openSync(partial, 'wx', 0o600);
  try {
    writeSync(handle, imageOf(migrations));
    fsyncSync(handle);
    // unlike a rename, it never takes another's place; SQLite syncs the folder when it makes the write-ahead log
    linkSync(partial, file);
  } finally {
    closeSync(handle);
    rmSync(partial, { force: true });
  }
}

const images = new WeakMap<readonly string[], Uint8Array>();

/** The two bytes that say that there is a write-ahead log (https://sqlite.org/fileformat2.html, 1.3.3). */
const FORMAT_VERSIONS = { at: 18, writeAheadLog: [2, 2] } as const;

function imageOf(migrations: readonly string[]): Uint8Array {
  return images.getOrInsertComputed(migrations, () => {
    const database = new DatabaseSync(':memory:');
    // Only heeded before the first table: lets `tidy` give pages back to the disk.
    database.exec('PRAGMA auto_vacuum = INCREMENTAL');
    migrate(database, 0, migrations);
    const image = database.serialize();
    database.close();
    image.set(FORMAT_VERSIONS.writeAheadLog, FORMAT_VERSIONS.at);
    return image;
  });
}
