import type { StorageClass } from '@sampan/machinery';

/** The name of this provisioner in storage classes. */
export const PROVISIONER = 'sampan.io/local';

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
