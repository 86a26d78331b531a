import type { KubeObject, k8s } from '@sampan/api';
import { REFS, type ResourceRef } from '@sampan/machinery';

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

/** The name of this provisioner in storage classes. */
export const PROVISIONER = 'sampan.io/local';

/** Annotations (Kubernetes docs, "Well-Known Labels, Annotations and Taints"). */
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by';
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node';
export const STORAGE_PROVISIONERS = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
] as const;
export const HOSTNAME = 'kubernetes.io/hostname';

/** Keeps a volume until its data is gone. */
export const FINALIZER = 'sampan.io/local-volume';

/** The class that is there without anybody's doing, and the default. */
export const LOCAL_CLASS: StorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'sampan-local',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
  },
  provisioner: PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};
