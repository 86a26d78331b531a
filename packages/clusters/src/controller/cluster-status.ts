import type { GuestState } from '../guest-host.ts';
import type { Cluster, ClusterPhase, ClusterStatus } from '../kind/cluster.ts';

export interface StatusFacts {
  /** `https://HOST:PORT` of the server. */
  readonly url: string;
  /** The Kubernetes release that guests serve. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What became of a cluster: its state, or that it could not be made so. */
export type Outcome = GuestState | { readonly phase: 'failed'; readonly message: string };

const PHASES: Readonly<Record<GuestState['phase'], ClusterPhase>> = {
  awake: 'Running',
  asleep: 'Sleeping',
  failed: 'Failed',
};

/** Each phase's reason and message of the condition Ready; a failure brings its own message. */
const READY: Readonly<Record<GuestState['phase'], readonly [reason: string, message: string]>> = {
  awake: ['Serving', 'the cluster serves'],
  asleep: ['Asleep', 'the cluster sleeps; a request wakes it'],
  failed: ['CannotOpen', ''],
};

/** The status of a cluster. Pure. */
export function clusterStatus(cluster: Cluster, outcome: Outcome, facts: StatusFacts): ClusterStatus {
  const { name = '', generation } = cluster.metadata;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  const isPaused = cluster.spec?.paused === true && outcome.phase === 'asleep';
  const [reason, message] = isPaused
    ? (['Paused', 'the cluster is paused: it answers no requests'] as const)
    : READY[outcome.phase];
  const status = outcome.phase === 'failed' || isPaused ? 'False' : 'True';
  const old = cluster.status?.conditions?.find(({ type }) => type === 'Ready');
  const told = 'bytes' in outcome ? outcome : undefined;
  return {
    ...cluster.status,
    ...observed,
    phase: PHASES[outcome.phase],
    endpoint: `${facts.url}/clusters/${name}`,
    version: facts.version,
    ...(told && { storedBytes: told.bytes }),
    ...(told?.objects !== undefined && { storedObjects: told.objects }),
    ...(told?.lastRequestAt !== undefined && { lastRequestTime: seconds(told.lastRequestAt) }),
    conditions: [
      {
        type: 'Ready',
        status,
        reason,
        message: outcome.message ?? message,
        lastTransitionTime: old?.status === status ? old.lastTransitionTime : seconds(facts.now),
        ...observed,
      },
    ],
  };
}

const seconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
