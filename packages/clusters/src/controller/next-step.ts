import type { GuestState } from '../guest-host.ts';
import type { Cluster, ClusterAction } from '../kind/cluster.ts';
import { nextBackupAt } from './backup-schedule.ts';
import { pendingAction } from './cluster-actions.ts';

/** What the controller knows beside the object. */
export interface Known {
  /** The generation that it made so; undefined: none since it started. */
  readonly settled: number | undefined;
  /** What the guest was when the controller, or what holds guests, started; undefined: it was not there. */
  readonly phase: GuestState['phase'] | undefined;
  /** When a scheduled backup failed, milliseconds since the epoch; 0: never. */
  readonly backupFailedAt: number;
  /** Where its clients reach it. */
  readonly endpoint: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What is to be done for a cluster next; then it is asked again. */
export type Step =
  /** Its object is being deleted: so is all that is its. */
  | { readonly do: 'remove' }
  /** Somebody else still holds an object that is being deleted. */
  | { readonly do: 'nothing' }
  /** Take care that its files go before its object does. */
  | { readonly do: 'hold' }
  /** Its time in the trash is over. */
  | { readonly do: 'expire' }
  /** Its clients reach it elsewhere now; nothing else has changed. */
  | { readonly do: 'readdress' }
  /** Make it, or have it keep to what its object says. */
  | { readonly do: 'settle'; readonly isNew: boolean }
  | { readonly do: 'act'; readonly action: ClusterAction; readonly at: string }
  | { readonly do: 'backup' }
  /** All is as it should be; look again after a while, if at all. */
  | { readonly do: 'rest'; readonly afterMs?: number };

/** The cluster's files go before its object does. */
export const FINALIZER = 'clusters.sampan.dev/files';
const DEFAULT_KEEP_SECONDS = 86_400;

/** Decides by the object alone, and by what is known. Throws `cluster-schedule`. Pure. */
export function nextStep(cluster: Cluster, known: Known): Step {
  const { deletionTimestamp, finalizers = [] } = cluster.metadata;
  if (deletionTimestamp) return { do: finalizers.includes(FINALIZER) ? 'remove' : 'nothing' };
  if (!finalizers.includes(FINALIZER)) return { do: 'hold' };
  const isNew = cluster.status?.endpoint === undefined;
  const expiry = expiryOf(cluster);
  if (expiry !== undefined && expiry <= known.now) return { do: 'expire' };
  if (!isSettled(cluster, known)) return { do: 'settle', isNew };
  // after the rest is as it should be: a server at another port changes all clusters
  if (!isNew && cluster.status?.endpoint !== known.endpoint) return { do: 'readdress' };
  if (expiry !== undefined) return { do: 'rest', afterMs: expiry - known.now };
  const pending = isNew ? undefined : pendingAction(cluster);
  if (pending) return { do: 'act', ...pending };
  const backupAt = isNew ? undefined : nextBackupAt(cluster, known.backupFailedAt);
  if (backupAt === undefined) return { do: 'rest' };
  return backupAt <= known.now ? { do: 'backup' } : { do: 'rest', afterMs: backupAt - known.now };
}

/** When its object is deleted; undefined: it is not in the trash. Milliseconds since the epoch. */
export function expiryOf({ spec }: Cluster): number | undefined {
  const { deletion } = spec ?? {};
  if (!deletion) return undefined;
  return Date.parse(deletion.requestedAt) + 1000 * (deletion.keepSeconds ?? DEFAULT_KEEP_SECONDS);
}

/** Whether what its status tells is still so: thousands of clusters that sleep need nothing at a start. */
function isSettled({ metadata, spec, status }: Cluster, known: Known): boolean {
  if (known.settled !== undefined) return known.settled === metadata.generation;
  if (!status || status.observedGeneration !== metadata.generation) return false;
  if (status.endpoint === undefined) return false;
  if (known.phase === 'awake') return status.phase === 'Running';
  return known.phase === 'asleep' && status.phase === (spec?.deletion ? 'Deleting' : 'Sleeping');
}
