import type { KubeObject } from '../meta/object.ts';
import { oldLabelMessage } from './old-labels.ts';
import { list, quantity } from './shared.ts';

/** Annotations that fields have replaced. */
const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'volume.beta.kubernetes.io/storage-class':
    'deprecated since v1.8; use "storageClassName" attribute instead',
  'volume.beta.kubernetes.io/mount-options': 'deprecated since v1.31; use "mountOptions" attribute instead',
};

/** Volume types that no longer work, or are about to go. */
const OLD_SOURCES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'spec.photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  scaleIO: 'spec.scaleIO: deprecated in v1.16, non-functional in v1.22+',
  storageos: 'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'spec.glusterfs: deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'spec.cephfs: deprecated in v1.28, non-functional in v1.31+',
  rbd: 'spec.rbd: deprecated in v1.28, non-functional in v1.31+',
};

const lookup = (table: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

function annotationWarnings(object: KubeObject): string[] {
  return Object.entries(OLD_ANNOTATIONS)
    .filter(([key]) => object.metadata.annotations?.[key] !== undefined)
    .map(([key, message]) => `metadata.annotations[${key}]: ${message}`);
}

function affinityWarnings(volume: KubeObject): string[] {
  const terms = list(volume.spec?.nodeAffinity?.required?.nodeSelectorTerms);
  return terms.flatMap((term, i) =>
    list(term.matchExpressions).flatMap(({ key }, j) => {
      const message = oldLabelMessage(key);
      const path = `spec.nodeAffinity.required.nodeSelectorTerms[${i}].matchExpressions[${j}].key`;
      return message === undefined ? [] : [`${path}: ${key} is ${message}`];
    }),
  );
}

/** GetWarningsForPersistentVolume */
export function persistentVolumeWarnings(volume: KubeObject): string[] {
  const recycled = volume.spec?.persistentVolumeReclaimPolicy === 'Recycle';
  return [
    ...annotationWarnings(volume),
    ...(recycled
      ? [
          'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
        ]
      : []),
    ...affinityWarnings(volume),
    ...Object.keys(volume.spec ?? {}).flatMap((key) => lookup(OLD_SOURCES, key) ?? []),
  ];
}

/** GetWarningsForPersistentVolumeClaim */
export function persistentVolumeClaimWarnings(claim: KubeObject): string[] {
  const fractions = ['requests', 'limits'].filter((map) => {
    const amount: string | undefined = claim.spec?.resources?.[map]?.storage;
    return amount !== undefined && !quantity(amount).isMultipleOf(0);
  });
  return [
    ...annotationWarnings(claim),
    ...fractions.map(
      (map) =>
        `spec.resources.${map}[storage]: fractional byte value "${claim.spec.resources[map].storage}" is invalid, must be an integer`,
    ),
  ];
}
