import type { KubeObject, k8s } from '@sampan/api';
import type { ResourceRef } from './client.ts';
import { REFS } from './refs.ts';

/** What binds, provisions and schedules volumes reads of them: claims, volumes, storage classes. */
export interface Claim extends KubeObject {
  spec: k8s.PersistentVolumeClaimSpec;
  status?: k8s.PersistentVolumeClaimStatus;
}

export interface Volume extends KubeObject {
  spec: k8s.PersistentVolumeSpec;
  status?: k8s.PersistentVolumeStatus;
}

export interface StorageClass extends KubeObject {
  provisioner: string;
  reclaimPolicy?: string;
  volumeBindingMode?: string;
}

export const CLAIMS: ResourceRef = {
  ...REFS.pods,
  resource: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
};
export const VOLUMES: ResourceRef = {
  ...REFS.nodes,
  resource: 'persistentvolumes',
  kind: 'PersistentVolume',
};
export const STORAGE_CLASSES: ResourceRef = {
  ...REFS.nodes,
  group: 'storage.k8s.io',
  resource: 'storageclasses',
  kind: 'StorageClass',
};

/** By annotations they agree (Kubernetes docs "Well-Known Labels, Annotations and Taints"). */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed';

/** Of a claim: who is asked for its volume, now and by older releases. */
export const STORAGE_PROVISIONERS = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
] as const;
