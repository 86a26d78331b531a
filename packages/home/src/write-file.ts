import { chownSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file so that a reader, or a crash, meets either the old or the new content, on disk when it
 * returns. Mode 0600. Written by root it belongs to the owner of its folder. Throws the file system's errors.
 */
export function writeFileSafely(file: string, content: string): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    const handle = openSync(partial, 'w', 0o600);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    giveToOwnerOf(dirname(file), partial);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

function giveToOwnerOf(folder: string, file: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  if (uid !== 0) chownSync(file, uid, gid);
}
