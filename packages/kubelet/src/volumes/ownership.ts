import { constants } from 'node:fs';
import { chmod, chown, type FileHandle, open, readdir } from 'node:fs/promises';

/** open(2): a descriptor for a place in the tree, nothing of it is opened. Node has no name for it. */
export const O_PATH = 0o10000000;

/** Opens one name without following it. */
export function openPlace(path: string): Promise<FileHandle> {
  return open(path, O_PATH | constants.O_NOFOLLOW);
}

export interface Ownership {
  readonly group: number;
  readonly readOnly: boolean;
  /** Nothing is done when the top is as wanted already (`fsGroupChangePolicy: OnRootMismatch`). */
  readonly onlyOnMismatch: boolean;
}

const SETGID = 0o2000;
const EXECUTE = 0o110;

/**
 * Gives all of a volume to a group (fsGroup; upstream volume/volume_linux.go). The top comes last, so that one that was
 * interrupted is known. Works on descriptors: who writes into the volume meanwhile cannot lead it elsewhere.
 */
export async function giveToGroup(path: string, ownership: Ownership): Promise<void> {
  const top = await openPlace(path);
  try {
    if (ownership.onlyOnMismatch && (await isGiven(top, ownership))) return;
    await give(top, ownership);
  } finally {
    await top.close();
  }
}

function wantedBits({ readOnly }: Ownership, isFolder: boolean): number {
  return (readOnly ? 0o440 : 0o660) | (isFolder ? SETGID | EXECUTE : 0);
}

async function isGiven(top: FileHandle, ownership: Ownership): Promise<boolean> {
  const stat = await top.stat();
  const bits = wantedBits(ownership, true);
  return stat.isDirectory() && stat.gid === ownership.group && (stat.mode & bits) === bits;
}

async function give(place: FileHandle, ownership: Ownership): Promise<void> {
  const self = `/proc/self/fd/${place.fd}`;
  const stat = await place.stat();
  if (stat.isSymbolicLink()) return;
  if (stat.isDirectory()) {
    for (const name of await readdir(self)) {
      // one that is gone by now needs no owner
      const child = await openPlace(`${self}/${name}`).catch(() => undefined);
      if (!child) continue;
      try {
        await give(child, ownership);
      } finally {
        await child.close();
      }
    }
  }
  await chown(self, stat.uid, ownership.group);
  await chmod(self, (stat.mode & 0o7777) | wantedBits(ownership, stat.isDirectory()));
}
