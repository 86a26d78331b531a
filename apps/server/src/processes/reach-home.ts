import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';

/** Where a process sees the home that its user cannot walk to; the first that hides nothing it needs. */
const PLACES = ['/mnt', '/media', '/srv', '/opt'];

/** As the command that comes behind it, in the same process: `.` is at a place of which all folders are open. */
const SCRIPT = `mount -t tmpfs -o mode=755,size=64k tmpfs "$0" && mkdir "$0/home" &&
mount --no-canonicalize --rbind . "$0/home" && cd "$0/home" && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"`;

/**
 * What goes before a command that opens databases of this process's folder, the home. The server opened its own as
 * root; others are opened later by its user, and SQLite names files by their whole paths. When folders above the home
 * are closed to the user (as /root is), the command gets namespaces of its own in which the home is elsewhere, too
 * (user_namespaces(7): no privilege is needed, and none is gained). Throws `home-unreachable` where that is forbidden.
 */
export function reachHome(): readonly string[] {
  const home = process.cwd();
  try {
    accessSync(home, constants.X_OK);
    return [];
  } catch (error) {
    const launcher = launcherAt(placeFor([process.execPath, import.meta.dirname]));
    const { status, stderr } = spawnSync(launcher[0] ?? '', [...launcher.slice(1), 'true'], {
      cwd: '.',
      encoding: 'utf8',
    });
    if (status === 0) return launcher;
    throw new SampanError(
      'home-unreachable',
      `The server's user cannot reach ${home}, and so holds no clusters: ${messageOf(error)}; ${(stderr ?? '').trim() || 'unshare is missing'}`,
      { hint: 'Open the folders above it to all (chmod o+x), or use another home.', cause: error },
    );
  }
}

const launcherAt = (place: string): readonly string[] => [
  'unshare',
  ...['--user', '--map-current-user', '--keep-caps', '--mount', '--propagation', 'slave'],
  ...['sh', '-c', SCRIPT, place],
];

const placeFor = (needed: readonly string[]): string =>
  PLACES.find((place) => existsSync(place) && !needed.some((path) => path.startsWith(`${place}/`))) ?? '/mnt';
