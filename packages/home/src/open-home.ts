import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import { HOME_FOLDERS, type HomeLayout, homeLayout, NODE_FOLDERS } from './layout.ts';

/** Whether the folder is, or was begun as, a home: only such a folder is ever changed or deleted. */
export function isHome(root: string): boolean {
  return (
    existsSync(join(root, 'settings.json')) ||
    (existsSync(join(root, 'clusters')) && existsSync(join(root, 'pki')))
  );
}

/**
 * Makes the folders of a home that are missing; may be called again. Throws `home-not-empty` for a folder
 * with other things in it, `home-not-writable` when it cannot be made.
 */
export function createHome(root: string): HomeLayout {
  const home = homeLayout(root);
  try {
    if (!isHome(root)) {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const found = readdirSync(root).filter((name) => !isOurs(name));
      if (found.length > 0) throw notEmpty(root, found);
    }
    for (const folder of HOME_FOLDERS) mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
    closeToOthers(root);
  } catch (error) {
    if (error instanceof SampanError) throw error;
    throw new SampanError('home-not-writable', `The home ${root} cannot be used: ${messageOf(error)}.`, {
      hint: 'Name a folder that this user may write to with --home, or run the command as the user who owns it.',
      cause: error,
    });
  }
  return home;
}

const isOurs = (name: string): boolean =>
  ([...HOME_FOLDERS, ...NODE_FOLDERS] as readonly string[]).includes(name) || name === 'lost+found';

/** What root runs is open to the group of the server's user, who may not take away what is not its own. */
const SHARED_MODE = 0o1770;

function closeToOthers(root: string): void {
  const { mode, uid } = statSync(root);
  const isClosed = (mode & 0o077) === 0 || (mode & 0o1777) === SHARED_MODE;
  if (!isClosed && process.getuid?.() === uid) chmodSync(root, 0o700);
}

/** Gives a home of root's to share with the group of the server's user. */
export function shareHome(root: string, gid: number): void {
  chownSync(root, 0, gid);
  chmodSync(root, SHARED_MODE);
}

function notEmpty(root: string, found: readonly string[]): SampanError {
  return new SampanError(
    'home-not-empty',
    `${root} is not a Sampan home, and it is not empty: it has ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}.`,
    { hint: 'Name a new or empty folder with --home.' },
  );
}
