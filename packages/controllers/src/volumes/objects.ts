import { BIND_COMPLETED, type Claim, type StorageClass, type Volume } from '@sampan/machinery';

/** Annotations of bindings (Kubernetes docs "Well-Known Labels, Annotations and Taints"). */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller';
const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';
const DEFAULT_CLASS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const isBindingComplete = ({ metadata }: Claim): boolean =>
  metadata.annotations?.[BIND_COMPLETED] !== undefined;

/** The storage class by name; '' for none. */
export function classOf({ metadata, spec }: Claim | Volume): string {
  return metadata.annotations?.[OLD_CLASS] ?? spec.storageClassName ?? '';
}

/** Nobody has said anything about its class, not even that there is to be none. */
export const wantsDefaultClass = ({ metadata, spec }: Claim): boolean =>
  spec.storageClassName === undefined && metadata.annotations?.[OLD_CLASS] === undefined;

export const isDefaultClass = ({ metadata }: StorageClass): boolean =>
  DEFAULT_CLASS.some((key) => metadata.annotations?.[key] === 'true');

/** Volumes of this class are bound when a pod has a node (KEP-490, volumeBindingMode). */
export const waitsForConsumer = (storageClass: StorageClass | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

/** Is the volume for this claim, by name and, where it says so, by uid? */
export function isFor({ spec }: Volume, { metadata }: Claim): boolean {
  const { claimRef } = spec;
  if (!claimRef || claimRef.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return !claimRef.uid || claimRef.uid === metadata.uid;
}
