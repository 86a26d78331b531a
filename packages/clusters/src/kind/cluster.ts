import type { KubeObject } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export const GROUP = 'clusters.sampan.dev';
export const VERSION = 'v1';

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
  /** It sleeps until the next request after this time, RFC 3339. */
  sleepRequestedAt?: string;
  network?: ClusterRanges;
  quota?: ClusterQuota;
}

export interface ClusterRanges {
  /** A /24. Default 10.244.0.0/24. */
  pods?: string;
  /** Default 10.96.0.0/12. */
  services?: string;
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
}

export interface ClusterCondition {
  type: 'Ready';
  status: 'True' | 'False' | 'Unknown';
  reason: string;
  message: string;
  lastTransitionTime: string;
  observedGeneration?: number;
}
