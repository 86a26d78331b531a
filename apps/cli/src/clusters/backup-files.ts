import { randomBytes } from 'node:crypto';
import { chmodSync, constants, copyFileSync, lchownSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { SampanError } from '@sampan/base';
import { type HomeLayout, isMissing } from '@sampan/home';

/** A backup where clusters are made of backups. */
export interface TakenBackup {
  /** Below the home's folder `backups`. */
  readonly name: string;
  /** Somebody reads it later: `drop` leaves it there. */
  keep(): void;
  /** Removes what was only put there for this. May be called twice. */
  drop(): void;
}

/**
 * Finds a backup by its name below the home's folder, or by a path; one from elsewhere is copied there, for the server
 * reads no other place. Throws `backup-not-found`.
 */
export function takeBackup(home: HomeLayout, word: string): TakenBackup {
  const inside = realOf(join(home.backups, word));
  const path = realOf(word) ?? inside;
  if (path === undefined || !statSync(path).isFile()) throw notFound(word);
  const root = `${realpathSync(home.backups)}${sep}`;
  if (path.startsWith(root)) return { name: path.slice(root.length), keep: () => {}, drop: () => {} };
  const name = `imported-${randomBytes(8).toString('hex')}.tar`;
  const copy = join(home.backups, name);
  copyFileSync(path, copy, constants.COPYFILE_EXCL);
  chmodSync(copy, 0o600);
  const { uid, gid } = statSync(home.backups);
  if (process.getuid?.() === 0) lchownSync(copy, uid, gid);
  let isKept = false;
  return {
    name,
    keep: () => {
      isKept = true;
    },
    drop: () => {
      if (!isKept) rmSync(copy, { force: true });
    },
  };
}

/** Copies a backup to a new file of the caller's own. Throws `file-exists`. */
export function giveBackup(home: HomeLayout, name: string, file: string): void {
  try {
    copyFileSync(join(home.backups, name), file, constants.COPYFILE_EXCL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new SampanError('file-exists', `${file} exists already; the backup is kept as ${name}.`, {
      hint: 'Name another file.',
    });
  }
  chmodSync(file, 0o600);
  // a copy made by root keeps its owner, whose it is no more
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  if (uid === 0 && gid !== undefined) lchownSync(file, uid, gid);
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Has `task` use a backup; one that was put there for it goes afterwards, unless it is still waited for by others. */
export async function usingBackup<T>(backup: TakenBackup | undefined, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (error instanceof SampanError && error.code === 'cluster-slow') backup?.keep();
    throw error;
  } finally {
    backup?.drop();
  }
}

const notFound = (word: string): SampanError =>
  new SampanError('backup-not-found', `There is no backup ${word}.`, {
    hint: 'Name a file, or a backup as "sampan cluster describe" shows it.',
  });
