import { clusterMissing, guestNames } from './clusters/guest-access.ts';
import type { Invocation } from './command.ts';

/** The cluster that the machine itself is, beside those that people make. */
export const HOST = 'host';

/** The name of the guest cluster that a command is for; undefined: the host cluster. */
export function guestOf({ options }: Pick<Invocation, 'options'>): string | undefined {
  const { cluster } = options;
  return typeof cluster === 'string' && cluster !== HOST ? cluster : undefined;
}

/** Throws `cluster-not-found`. */
export function checkCluster(invocation: Pick<Invocation, 'options' | 'home'>): void {
  const name = guestOf(invocation);
  if (name === undefined) return;
  const known = guestNames(invocation.home);
  if (!known.includes(name)) throw clusterMissing(name, known);
}
