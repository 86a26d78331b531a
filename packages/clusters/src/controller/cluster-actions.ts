import type { GuestHost, GuestState } from '../guest-host.ts';
import {
  CLUSTER_ACTIONS,
  type Cluster,
  type ClusterAction,
  type ClusterBackupStatus,
  type ClusterConditionType,
  type ClusterSpec,
} from '../kind/cluster.ts';
import { seconds } from './cluster-status.ts';

/** What came of an action that went well. */
export interface ActionResult {
  readonly state?: GuestState;
  readonly backup?: ClusterBackupStatus;
}

interface Action {
  /** The time by which it is asked for. */
  asked(spec: ClusterSpec): string | undefined;
  run(host: GuestHost, cluster: Cluster): Promise<ActionResult>;
  /** That tells of it; absent: Ready does. */
  readonly condition?: readonly [type: ClusterConditionType, reason: string, message: string];
  /** It takes a while in which the cluster does not serve. */
  readonly isUpgrade?: boolean;
}

const DEFAULT_KEEP = 7;
const nameOf = ({ metadata }: Cluster): string => metadata.name ?? '';
const state =
  (call: (host: GuestHost, name: string, cluster: Cluster) => Promise<GuestState>): Action['run'] =>
  async (host, cluster) => ({ state: await call(host, nameOf(cluster), cluster) });

/** Copies a cluster, as its `spec.backup` says. */
export async function runBackup(host: GuestHost, cluster: Cluster): Promise<ActionResult> {
  const { at, file, bytes } = await host.backup(nameOf(cluster), cluster.spec?.backup?.keep ?? DEFAULT_KEEP);
  return { backup: { time: seconds(at), file, bytes } };
}

export const BACKED_UP = ['BackedUp', 'Done', 'the newest backup is in status.backup'] as const;

/** What is asked for by times. */
export const ACTIONS: Readonly<Record<ClusterAction, Action>> = {
  restore: {
    asked: ({ restore }) => restore?.requestedAt,
    run: state((host, name, { spec }) => host.restore(name, spec?.restore?.backup ?? '')),
    condition: ['Restored', 'Done', 'it is as the backup says; rollback puts back what was before'],
    isUpgrade: true,
  },
  rollback: {
    asked: ({ upgrade }) => upgrade?.rollbackRequestedAt,
    run: state((host, name) => host.rollback(name)),
    condition: ['Upgraded', 'RolledBack', 'it is as before the last upgrade or restore'],
    isUpgrade: true,
  },
  upgrade: {
    asked: ({ upgrade }) => upgrade?.requestedAt,
    run: state((host, name) => host.upgrade(name)),
    condition: ['Upgraded', 'Done', 'it is of the release that runs'],
    isUpgrade: true,
  },
  rotationStart: {
    asked: ({ rotation }) => rotation?.startRequestedAt,
    run: state((host, name) => host.startRotation(name)),
    condition: [
      'KeysRotated',
      'BothBelieved',
      'new keys sign; the old ones are believed until it is finished',
    ],
  },
  rotationFinish: {
    asked: ({ rotation }) => rotation?.finishRequestedAt,
    run: state((host, name) => host.finishRotation(name)),
    condition: ['KeysRotated', 'Done', 'only the new keys are believed'],
  },
  backup: { asked: ({ backup }) => backup?.requestedAt, run: runBackup, condition: BACKED_UP },
  wake: {
    asked: ({ wakeRequestedAt }) => wakeRequestedAt,
    run: state((host, name) => host.wake(name)),
  },
  sleep: {
    asked: ({ sleepRequestedAt }) => sleepRequestedAt,
    run: state((host, name) => host.sleep(name)),
  },
};

/** Whether that was done, or failed, for which the cluster was asked last. Pure. */
export function isHandled({ spec = {}, status }: Cluster, action: ClusterAction): boolean {
  return ACTIONS[action].asked(spec) === status?.handled?.[action];
}

/** The first action that is asked for and was not handled yet. Pure. */
export function pendingAction({
  spec = {},
  status,
}: Cluster): { readonly action: ClusterAction; readonly at: string } | undefined {
  for (const action of CLUSTER_ACTIONS) {
    const at = ACTIONS[action].asked(spec);
    if (at !== undefined && at !== status?.handled?.[action]) return { action, at };
  }
  return undefined;
}
