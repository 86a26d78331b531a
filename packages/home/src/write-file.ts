import { closeSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Replaces a file so that a reader, or a crash, meets either the old or the new content, on disk when it
 * returns. Mode 0600. Written by root it belongs to the owner of its folder. Throws the file system's errors.
 * `isFleeting`: it says nothing that outlives the machine's next start, so that nobody waits for the disk.
 */
export function writeFileSafely(
  file: string,
  content: string,
  { isFleeting = false }: { readonly isFleeting?: boolean } = {},
): void {
  const partial = `${file}.${process.pid}.partial`;
  try {
    // not through what somebody else put there, a link for example: this may be root, and the folder another's
    rmSync(partial, { force: true });
    const handle = openSync(partial, 'wx', 0o600);
    try {
      writeSync(handle, content);
      giveToOwnerOf(dirname(file), handle);
      if (!isFleeting) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
}

/** What root made in a folder becomes its owner's. */
export function giveToOwnerOf(folder: string, handle: number): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(folder);
  if (uid !== 0) fchownSync(handle, uid, gid);
  else giveToServer(folder, handle);
}

/** A home that root shares: its files belong to whom its folders belong. */
function giveToServer(root: string, handle: number): void {
  const run = statSync(join(root, 'run'), { throwIfNoEntry: false });
  if (run && run.uid !== 0) fchownSync(handle, run.uid, run.gid);
}
