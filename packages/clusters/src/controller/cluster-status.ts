import type { GuestState } from '../guest-host.ts';
import type { Cluster, ClusterCondition, ClusterPhase, ClusterStatus } from '../kind/cluster.ts';

export interface StatusFacts {
  /** `https://HOST:PORT` of the server. */
  readonly url: string;
  /** The Kubernetes release that guests serve. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** It could not be made. */
export interface Failure {
  readonly phase: 'failed';
  readonly message: string;
  readonly code?: string;
}

/** What became of a cluster: its state, or that it could not be made so. */
export type Outcome = GuestState | Failure;

type Told = Pick<ClusterCondition, 'status' | 'reason' | 'message'>;

const PHASES: Readonly<Record<GuestState['phase'], ClusterPhase>> = {
  awake: 'Running',
  asleep: 'Sleeping',
  failed: 'Failed',
};

/** Reasons of failures by the codes of errors. */
const REASONS: Readonly<Record<string, string>> = {
  'store-corrupt': 'Corrupt',
  'guest-record-invalid': 'Corrupt',
  'guest-keys-invalid': 'Corrupt',
  'store-too-new': 'TooNew',
  'guest-too-new': 'TooNew',
  'guest-held': 'UpgradeHeld',
  'guest-upgrade-failed': 'UpgradeFailed',
  'guest-missing': 'Missing',
  'guest-backup-invalid': 'BackupInvalid',
  'guest-backup-missing': 'BackupMissing',
  'guest-backup-name': 'BackupMissing',
  'home-unreachable': 'HomeUnreachable',
  'cluster-schedule': 'InvalidSchedule',
  'cluster-origin': 'InvalidOrigin',
};

export const reasonOf = (code: string | undefined, otherwise: string): string =>
  REASONS[code ?? ''] ?? otherwise;

/** The status of a cluster. Pure. */
export function clusterStatus(cluster: Cluster, outcome: Outcome, facts: StatusFacts): ClusterStatus {
  const { name = '', generation } = cluster.metadata;
  const told = 'bytes' in outcome ? outcome : undefined;
  const isDeleted = cluster.spec?.deletion !== undefined && outcome.phase === 'asleep';
  return {
    ...cluster.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase: isDeleted ? 'Deleting' : PHASES[outcome.phase],
    // one that sleeps is of the release that served it last
    ...((outcome.phase === 'awake' || cluster.status?.version === undefined) && { version: facts.version }),
    // by which one knows that it was made
    ...(told && { endpoint: `${facts.url}/clusters/${name}`, storedBytes: told.bytes }),
    ...(told?.objects !== undefined && { storedObjects: told.objects }),
    ...(told?.nodes !== undefined && { nodes: told.nodes }),
    ...(told?.lastRequestAt !== undefined && { lastRequestTime: seconds(told.lastRequestAt) }),
    conditions: withCondition(cluster, 'Ready', readyOf(cluster, outcome), facts.now),
  };
}

/** The conditions of a cluster with one of them told anew. Pure. */
export function withCondition(
  { metadata, status }: Cluster,
  type: ClusterCondition['type'],
  told: Told,
  now: number,
): ClusterCondition[] {
  const old = status?.conditions ?? [];
  const before = old.find((condition) => condition.type === type);
  const { generation } = metadata;
  const condition: ClusterCondition = {
    type,
    ...told,
    lastTransitionTime: before?.status === told.status ? before.lastTransitionTime : seconds(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const others = old.filter((other) => other.type !== type);
  return type === 'Ready' ? [condition, ...others] : [...others, condition];
}

function readyOf({ spec }: Cluster, outcome: Outcome): Told {
  if (outcome.phase === 'failed') {
    const { code, message = '' } = outcome;
    return { status: 'False', reason: reasonOf(code, 'CannotOpen'), message };
  }
  if (outcome.phase === 'awake') return { status: 'True', reason: 'Serving', message: 'the cluster serves' };
  if (spec?.deletion)
    return {
      status: 'False',
      reason: 'InTrash',
      message: 'the cluster is deleted; until its time is over it can be had back',
    };
  if (spec?.paused)
    return { status: 'False', reason: 'Paused', message: 'the cluster is paused: it answers no requests' };
  return { status: 'True', reason: 'Asleep', message: 'the cluster sleeps; a request wakes it' };
}

/** RFC 3339, to the second. */
export const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
