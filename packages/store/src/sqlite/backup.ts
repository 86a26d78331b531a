import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Contents } from '../driver.ts';
import { BackupExistsError } from '../errors.ts';
import { openDatabase } from './database.ts';
import { insertRow, writeRow } from './rows.ts';

/**
 * Makes a file by way of a partial one beside it, so that the name stands for a whole backup or nothing.
 * Mode 0600. Throws `BackupExistsError`; another failure is thrown as it is and leaves nothing behind.
 */
export async function backupTo(file: string, write: (partial: string) => Promise<void>): Promise<void> {
  if (existsSync(file)) throw new BackupExistsError(file);
  const partial = `${file}.partial`;
  // What an interrupted backup left is of no use to anybody.
  rmSync(partial, { force: true });
  closeSync(openSync(partial, 'wx', 0o600));
  try {
    await write(partial);
    if (existsSync(file)) throw new BackupExistsError(file);
    renameSync(partial, file);
    syncFolder(dirname(file));
  } finally {
    for (const suffix of ['', '-journal', '-wal']) rmSync(partial + suffix, { force: true });
  }
}

/** Makes the new name outlive a power cut; SQLite has done so for the contents. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Writes contents that are in memory. */
export function writeBackup(file: string, contents: Contents): Promise<void> {
  return backupTo(file, async (partial) => {
    const database = openDatabase(partial);
    try {
      const insert = database.prepare(insertRow);
      database.exec('BEGIN');
      database.prepare('UPDATE state SET compacted = ?').run(contents.compacted);
      for (const row of contents.rows()) writeRow(insert, row);
      database.exec('COMMIT');
    } finally {
      database.close();
    }
  });
}
