import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import { HOME_FOLDERS, shareHome } from '@sampan/home';

/** Whom the server runs as once it needs no privilege any more. */
export interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'sampan';
/** On machines without `useradd`; in a range that systemd's UIDS-GIDS.md lists as unused. */
const FALLBACK_ID = 60_642;

/** The user `sampan`, made when it is missing; without `useradd` a bare user id does. Only for root. */
export function ensureServiceUser(): ServiceUser {
  const found = readServiceUser();
  if (found) return found;
  const made = spawnSync(
    'useradd',
    [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      NAME,
    ],
    { stdio: 'ignore', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } },
  );
  // two servers may start at once: the second useradd fails, and the user is there
  const user = made.error ? undefined : readServiceUser();
  return user ?? { name: String(FALLBACK_ID), uid: FALLBACK_ID, gid: FALLBACK_ID };
}

function readServiceUser(): ServiceUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { name: NAME, uid: Number(uid), gid: Number(gid) } : undefined;
}

/**
 * Gives what the server keeps in a home to the user, and shares the home itself; follows no links and touches nothing
 * else.
 */
export function giveHome(root: string, { uid, gid }: ServiceUser): void {
  const give = (path: string): void => {
    const found = lstatSync(path);
    if (found.isSymbolicLink()) return;
    if (found.isDirectory()) for (const name of readdirSync(path)) give(join(path, name));
    if (found.uid !== uid || found.gid !== gid) chownSync(path, uid, gid);
  };
  const isGiven = (path: string): boolean => {
    const found = lstatSync(path);
    return found.uid === uid && found.gid === gid;
  };
  shareHome(root, gid);
  for (const name of readdirSync(root)) {
    if (OURS.test(name) && !(LARGE.has(name) && isGiven(join(root, name)))) give(join(root, name));
  }
}

/** A folder comes after what is in it, so that one that is given is given whole; nobody but the user writes to these. */
const LARGE: ReadonlySet<string> = new Set(['hub', 'clusters']);

const OURS = new RegExp(`^(${HOME_FOLDERS.join('|')}|settings\\.json|users\\.json)$`);

/** For good: neither user nor group can be taken back. Throws `drop-privilege`. */
export function becomeServiceUser({ uid, gid, name }: ServiceUser): void {
  try {
    process.setgroups?.([]);
    process.setgid?.(gid);
    process.setuid?.(uid);
  } catch (error) {
    throw new SampanError(
      'drop-privilege',
      `The server could not become the user ${name}: ${messageOf(error)}.`,
      {
        hint: 'Start it as a user who is not root; then nothing needs to be given up.',
        cause: error,
      },
    );
  }
}
