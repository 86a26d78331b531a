import type { k8s } from '@sampan/api';
import { formatTime } from '../time.ts';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { NOW } from '../workloads/testing.ts';

/** For tests: Deployments and ReplicaSets of them. */
export interface DeploymentOptions {
  readonly replicas?: number;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly image?: string;
  readonly spec?: Partial<k8s.DeploymentSpec>;
  readonly status?: k8s.DeploymentStatus;
  readonly annotations?: Record<string, string>;
}

export const templateOf = (image: string): k8s.PodTemplateSpec => ({
  metadata: { labels: { app: 'd' } },
  spec: { containers: [{ name: 'c', image }] },
});

export function deploymentOf(options: DeploymentOptions = {}): Deployment {
  const { replicas = 10, maxSurge = 0, maxUnavailable = 0, image = 'new' } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'd',
      namespace: 'default',
      uid: 'd',
      generation: 1,
      ...(options.annotations ? { annotations: options.annotations } : {}),
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'd' } },
      template: templateOf(image),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      ...options.spec,
    },
    ...(options.status ? { status: options.status } : {}),
  };
}

export interface SetOptions {
  readonly image?: string;
  readonly available?: number;
  /** Seconds before now. */
  readonly age?: number;
  readonly annotations?: Record<string, string>;
}

/** A set of this size whose pods are all available, unless said otherwise. */
export function setOf(name: string, replicas: number, options: SetOptions = {}): ReplicaSet {
  const { image = 'old', available = replicas, age = 0, annotations = {} } = options;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      generation: 1,
      creationTimestamp: formatTime(NOW - age * 1000),
      annotations,
    },
    spec: { replicas, selector: { matchLabels: { app: 'd' } }, template: templateOf(image) },
    status: { replicas, readyReplicas: available, availableReplicas: available, observedGeneration: 1 },
  };
}
