import type { AdmissionPlugin } from './contract.ts';
import { on } from './forbidden.ts';

const FINALIZERS: Readonly<Record<string, string>> = {
  PersistentVolume: 'kubernetes.io/pv-protection',
  PersistentVolumeClaim: 'kubernetes.io/pvc-protection',
};
const isVolume = on('persistentvolumes', 'CREATE');
const isClaim = on('persistentvolumeclaims', 'CREATE');

/** Volumes and claims stay while something uses them (Kubernetes docs "Storage Object in Use Protection"). */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: (asked) => isVolume(asked) || isClaim(asked),
  admit({ object, definition }) {
    const finalizer = FINALIZERS[definition.kind];
    if (!object || finalizer === undefined) return;
    const present = object.metadata.finalizers ?? [];
    if (!present.includes(finalizer)) object.metadata.finalizers = [...present, finalizer];
  },
};
