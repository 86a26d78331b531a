import type { KubeObject, k8s, LabelSelector } from '@sampan/api';
import { CLAIMS, REFS, type ResourceRef } from '@sampan/machinery';

/** The kinds that workload controllers work on, as they come from the API: defaulted and never without metadata. */
export interface Pod extends KubeObject {
  spec: k8s.PodSpec;
  status?: k8s.PodStatus;
}

/** What all kinds have that make pods of a template. */
export interface Workload extends KubeObject {
  spec: { replicas?: number; selector: LabelSelector; template?: k8s.PodTemplateSpec };
}

/** A ReplicaSet, or a ReplicationController read as one. */
export interface ReplicaSet extends KubeObject {
  spec: k8s.ReplicaSetSpec;
  status?: Partial<k8s.ReplicaSetStatus>;
}

export interface Deployment extends KubeObject {
  spec: k8s.DeploymentSpec;
  status?: k8s.DeploymentStatus;
}

export interface StatefulSet extends KubeObject {
  spec: k8s.StatefulSetSpec;
  status?: Partial<k8s.StatefulSetStatus>;
}

export interface DaemonSet extends KubeObject {
  spec: k8s.DaemonSetSpec;
  status?: Partial<k8s.DaemonSetStatus>;
}

export interface ControllerRevision extends KubeObject {
  data?: { spec?: { template?: k8s.PodTemplateSpec & { $patch?: string } } };
  revision: number;
}

export interface Node extends KubeObject {
  spec: k8s.NodeSpec;
}

const apps = (resource: string, kind: string): ResourceRef => ({
  group: 'apps',
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});

/** Where those kinds are found. */
export const WORKLOADS = {
  controllerRevisions: apps('controllerrevisions', 'ControllerRevision'),
  daemonSets: apps('daemonsets', 'DaemonSet'),
  deployments: apps('deployments', 'Deployment'),
  replicaSets: apps('replicasets', 'ReplicaSet'),
  statefulSets: apps('statefulsets', 'StatefulSet'),
  replicationControllers: {
    ...REFS.pods,
    resource: 'replicationcontrollers',
    kind: 'ReplicationController',
  },
  quotas: { ...REFS.pods, resource: 'resourcequotas', kind: 'ResourceQuota' },
  claims: CLAIMS,
} as const satisfies Record<string, ResourceRef>;
