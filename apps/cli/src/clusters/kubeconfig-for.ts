import {
  type KubeAccess,
  type KubeconfigNames,
  notStarted,
  type RunState,
  readAuthority,
} from '@sampan/home';
import { guestOf } from '../check-cluster.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';
import { durationOf } from './durations.ts';
import { issueAccess, issueGuestAccess, type Subject } from './guest-access.ts';

/** What goes into a kubeconfig. */
export interface KubeconfigContent {
  readonly access: KubeAccess;
  readonly names: KubeconfigNames;
  /** Milliseconds since the epoch; undefined: as the home's own certificate, which is renewed. */
  readonly notAfter: number | undefined;
}

const YEAR_SECONDS = 365 * 86_400;
/** Longer than any authority lasts is as long as it lasts. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._:@-]{0,62}[A-Za-z0-9])?$/;

/**
 * For the cluster that is named, and for whom options say: an administrator, else whoever has only the rights that the
 * cluster gives to that name. Throws `usage`, `cluster-not-found`, `home-not-started`.
 */
export function kubeconfigFor(
  { home, port, options }: Pick<Invocation, 'home' | 'port' | 'options'>,
  running: RunState | undefined,
): KubeconfigContent {
  const guest = guestOf({ options });
  const host = adminAccess(home, running, port);
  const subject = subjectFrom(options);
  const names = namesOf(guest, options, subject?.user);
  if (guest !== undefined) {
    const wanted = subject ?? { user: 'admin', groups: ['system:masters'], seconds: YEAR_SECONDS };
    return { ...issueGuestAccess(home, guest, wanted, host), names };
  }
  if (!subject) return { access: host, names, notAfter: undefined };
  const authority = readAuthority(home);
  if (!authority) throw notStarted(home);
  return { ...issueAccess(authority, subject, host), names };
}

/** Whom a certificate is for; undefined: nothing was said. */
function subjectFrom(options: Invocation['options']): Subject | undefined {
  const { user } = options;
  const groups = listOf(options.group);
  const seconds = durationOf('expires', options.expires);
  if (user === undefined && groups.length > 0)
    throw usage('--group needs --user.', 'For example: --user ann --group crew');
  if (user === undefined && seconds === undefined) return undefined;
  for (const name of [...(typeof user === 'string' ? [user] : []), ...groups])
    if (!NAME.test(name))
      throw usage(
        `${JSON.stringify(name)} cannot name a user or group.`,
        'Use letters, digits and . _ : @ -',
      );
  if (seconds === 0) throw usage('--expires cannot be 0.', 'For example: --expires 12h');
  return typeof user === 'string'
    ? { user, groups, seconds: seconds ?? YEAR_SECONDS }
    : { user: 'admin', groups: ['system:masters'], seconds: seconds ?? YEAR_SECONDS };
}

/** Such that kubeconfigs of several clusters and people fit into one file. */
function namesOf(
  guest: string | undefined,
  options: Invocation['options'],
  user: string | undefined,
): KubeconfigNames {
  const usual = guest === undefined ? 'sampan' : `sampan-${guest}`;
  const cluster = typeof options.context === 'string' && options.context !== '' ? options.context : usual;
  return { cluster, user: `${cluster}-${user ?? 'admin'}` };
}
