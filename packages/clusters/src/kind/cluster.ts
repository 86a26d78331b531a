import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export const GROUP = 'clusters.sampan.dev';
export const VERSION = 'v1';

/** The machine's own cluster, by which its network, its pods and its policy are called: no guest may be. */
export const HOST_CLUSTER = 'host';

/** How to address clusters. */
export const CLUSTERS: ResourceRef = {
  group: GROUP,
  version: VERSION,
  resource: 'clusters',
  kind: 'Cluster',
  namespaced: false,
};

/** A guest cluster as it is wanted, and as it is. */
export interface Cluster extends KubeObject {
  spec?: ClusterSpec;
  status?: ClusterStatus;
}

export interface ClusterSpec {
  /** For people. */
  description?: string;
  /** `sandboxed`: its pods run under gVisor. Default trusted. */
  trust?: 'trusted' | 'sandboxed';
  /** Seconds without a request before it sleeps; 0: never. Default 600. */
  idleSeconds?: number;
  /** It serves no requests. Default false. */
  paused?: boolean;
  /** It is made of another's content; read once, when it is made. */
  from?: ClusterOrigin;
  /** Times, RFC 3339, here and in all that is asked for: each new one asks once. It sleeps until the next request. */
  sleepRequestedAt?: string;
  wakeRequestedAt?: string;
  backup?: ClusterBackups;
  restore?: ClusterRestore;
  upgrade?: ClusterUpgrade;
  rotation?: ClusterRotation;
  deletion?: ClusterDeletion;
  network?: ClusterRanges;
  nodes?: ClusterNodes;
  /** Certificates that are believed no more. Taking an entry away brings nothing back. */
  revoked?: ClusterRevocation[];
  quota?: ClusterQuota;
}

/** One of both. */
export interface ClusterOrigin {
  /** Another cluster's name; what is made believes none of its credentials. */
  cluster?: string;
  /** A file below the home's folder `backups`, as `status.backup.file` names them. */
  backup?: string;
}

export interface ClusterBackups {
  requestedAt?: string;
  /** Five fields of cron, in UTC; absent: only when asked. */
  schedule?: string;
  /** Older files than so many newest are removed. Default 7. */
  keep?: number;
}

/** Puts back what a backup holds, in place of all that is there; keys stay as they are. */
export interface ClusterRestore {
  requestedAt: string;
  /** As in `ClusterOrigin`. */
  backup: string;
}

/** To the release of Sampan that runs, which else happens when the cluster is next opened. */
export interface ClusterUpgrade {
  requestedAt?: string;
  /** What was before the last upgrade or restore is put back; what was written since is lost. */
  rollbackRequestedAt?: string;
}

/** New keys in two phases: at first the old ones are believed, too. */
export interface ClusterRotation {
  startRequestedAt?: string;
  finishRequestedAt?: string;
}

/** It lies in the trash: serves nothing until the object is deleted with all that is its, or this field is. */
export interface ClusterDeletion {
  requestedAt: string;
  /** Default a day. */
  keepSeconds?: number;
}

export interface ClusterRanges {
  /** A /24. Default 10.244.0.0/24. */
  pods?: string;
  /** A /12 to a /28. Default 10.96.0.0/12. */
  services?: string;
}

export const DEFAULT_RANGES = { pods: '10.244.0.0/24', services: '10.96.0.0/12' } as const;

/** Machines that join it by a token. */
export interface ClusterNodes {
  /** CIDRs of their addresses: there, and nowhere else, the cluster calls kubelets, for logs, exec and proxies. */
  ranges?: string[];
}

/** All certificates of a user that were made up to a time. */
export interface ClusterRevocation {
  user: string;
  /** RFC 3339. */
  until: string;
}

/** What a cluster may take of the machine; absent: as much as there is. */
export interface ClusterQuota {
  objects?: number;
  /** Of its database. */
  bytes?: number;
  requestsPerSecond?: number;
  pods?: number;
  /** Quantities. */
  cpu?: string;
  memory?: string;
}

export type ClusterPhase = 'Creating' | 'Running' | 'Sleeping' | 'Upgrading' | 'Failed' | 'Deleting';

export interface ClusterStatus {
  observedGeneration?: number;
  phase?: ClusterPhase;
  conditions?: ClusterCondition[];
  /** Its URL for clients outside. */
  endpoint?: string;
  /** The Kubernetes release that it serves. */
  version?: string;
  storedBytes?: number;
  storedObjects?: number;
  lastRequestTime?: string;
  nodes?: number;
  /** Of what was asked for by a time: the last one that was done, or given up. */
  handled?: Partial<Record<ClusterAction, string>>;
  /** The newest. */
  backup?: ClusterBackupStatus;
}

/** What is asked for by a time in `spec`, in the order in which it is done. */
export const CLUSTER_ACTIONS = [
  'restore',
  'rollback',
  'upgrade',
  'rotationStart',
  'rotationFinish',
  'backup',
  'wake',
  'sleep',
] as const;
export type ClusterAction = (typeof CLUSTER_ACTIONS)[number];

export interface ClusterBackupStatus {
  time: string;
  /** Below the home's folder `backups`. */
  file: string;
  bytes: number;
}

/** Ready is always there; the others tell what became of what was asked for last. */
export type ClusterConditionType = 'Ready' | 'BackedUp' | 'Restored' | 'Upgraded' | 'KeysRotated';

export interface ClusterCondition {
  type: ClusterConditionType;
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}
