import { SampanError } from '@sampan/base';
import { notStarted, type RunState, readRunState } from '@sampan/home';
import { type Client, HttpClient } from '@sampan/machinery';
import { guestOf } from './check-cluster.ts';
import { ADMIN, issueGuestAccess } from './clusters/guest-access.ts';
import type { Invocation } from './command.ts';
import { adminAccess } from './endpoint.ts';
import { saidInCluster } from './program-name.ts';

/** A cluster that a command works on. */
export interface Cluster {
  readonly client: Client;
  readonly access: ReturnType<typeof adminAccess>;
  readonly running: RunState;
  /** What commands about one application look at. */
  readonly namespace: string;
  /** Where a URL of one of its applications leads, seen from this machine. */
  readonly reach: (url: string) => string;
}

/** Gives a command its cluster, and ends the connections to it afterwards. Throws `not-running`. */
export async function withCluster<T>(
  invocation: Invocation,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const { home, options } = invocation;
  const running = readRunState(home);
  if (!running) throw notRunning(home);
  const access = accessOf(invocation, adminAccess(home, running));
  const { url, ca, certificate: cert, key } = access;
  const reach = await reachOf(invocation);
  const client = new HttpClient({ url, ca, cert, key }, { name: 'sampan' });
  const namespace = typeof options.namespace === 'string' ? options.namespace : 'default';
  try {
    return await use({ client, access, running, namespace, reach });
  } catch (error) {
    throw namingCluster(error, guestOf(invocation));
  } finally {
    client.close();
  }
}

/** Of the cluster that is named, when that of the host cluster is known. Throws `cluster-not-found`. */
export function accessOf(
  invocation: Pick<Invocation, 'home' | 'options'>,
  host: Cluster['access'],
): Cluster['access'] {
  const guest = guestOf(invocation);
  return guest === undefined ? host : issueGuestAccess(invocation.home, guest, ADMIN, host).access;
}

function namingCluster(error: unknown, guest: string | undefined): unknown {
  if (!(error instanceof SampanError) || error.hint === undefined || guest === undefined) return error;
  const hint = saidInCluster(error.hint, guest);
  return new SampanError(error.code, error.message, { hint, cause: error });
}

/** A guest has ports of its own, at an address of its own. */
async function reachOf(invocation: Invocation): Promise<Cluster['reach']> {
  const guest = guestOf(invocation);
  const { guestAddress } = await import('./clusters/guest-address.ts');
  const address = guest === undefined ? undefined : await guestAddress(invocation.home, guest);
  return (url) => (address === undefined ? url : url.replace('//127.0.0.1', `//${address}`));
}

function notRunning(home: Invocation['home']): SampanError {
  const never = notStarted(home);
  return new SampanError('not-running', `Sampan does not run on ${home.root}.`, {
    ...(never.hint ? { hint: never.hint } : {}),
  });
}
