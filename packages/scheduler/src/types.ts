import type { KubeObject, k8s } from '@sampan/api';

/** The objects that scheduling looks at, as the API serves them. Never changed here. */
export type Pod = KubeObject & { spec?: k8s.PodSpec; status?: k8s.PodStatus };
export type Node = KubeObject & { spec?: k8s.NodeSpec; status?: k8s.NodeStatus };
export type Namespace = KubeObject;
export type Claim = KubeObject & {
  spec?: k8s.PersistentVolumeClaimSpec;
  status?: k8s.PersistentVolumeClaimStatus;
};
export type Volume = KubeObject & { spec?: k8s.PersistentVolumeSpec; status?: k8s.PersistentVolumeStatus };
export type StorageClass = KubeObject & k8s.StorageClass & { metadata: KubeObject['metadata'] };
export type CSINode = KubeObject & { spec?: k8s.CSINodeSpec };
export type Budget = KubeObject & {
  spec?: k8s.PolicyV1PodDisruptionBudgetSpec;
  status?: k8s.PolicyV1PodDisruptionBudgetStatus;
};
