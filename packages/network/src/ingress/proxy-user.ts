import { run } from '../command.ts';

/** Who the proxy runs as. */
export interface ProxyUser {
  readonly uid: number;
  readonly gid: number;
}

/** Of Debian's package haproxy, which makes the user of that name. */
export async function haproxyUser(): Promise<ProxyUser> {
  const [uid, gid] = await Promise.all(['-u', '-g'].map((what) => run('id', [what, 'haproxy'])));
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * The command that runs a program as the user: with no other right than, if `isLow`, to listen at ports below 1024,
 * and without a way to get more.
 */
export function asUser(
  { uid, gid }: ProxyUser,
  isLow: boolean,
  command: readonly [string, ...string[]],
): [string, string[]] {
  const capabilities = `-all${isLow ? ',+net_bind_service' : ''}`;
  return [
    'setpriv',
    [
      ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'],
      ...[`--inh-caps=${capabilities}`, `--ambient-caps=${capabilities}`, `--bounding-set=${capabilities}`],
      ...['--', ...command],
    ],
  ];
}
