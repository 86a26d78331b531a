import { list, type Part, quantity } from '../core/shared.ts';
import type { Column } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { ageColumn, boolean, classColumn, integer, NONE, nameColumn, text, UNSET, wide } from './cells.ts';

/** Short names of access modes, in the order that they are shown in. */
const MODES = new Map([
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]);

function accessModes(modes: Part): string {
  const given: string[] = list(modes);
  return [...MODES]
    .filter(([mode]) => given.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';
const storageClass = (object: KubeObject): string =>
  object.metadata.annotations?.[CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? '';
const phase = (object: KubeObject): string =>
  object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating';

const classAndMode = {
  attributes: text('VolumeAttributesClass', (object) => object.spec?.volumeAttributesClassName ?? UNSET),
  mode: wide(text('VolumeMode', (object) => object.spec?.volumeMode ?? UNSET)),
};

function claimOf(volume: KubeObject): string {
  const claim = volume.spec?.claimRef;
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`;
}

const isBound = (claim: KubeObject): boolean => Boolean(claim.spec?.volumeName);

export const storageColumns: Readonly<Record<string, readonly Column[]>> = {
  '/PersistentVolume': [
    nameColumn,
    text('Capacity', (object) => quantity(object.spec?.capacity?.storage).toString()),
    text('Access Modes', (object) => accessModes(object.spec?.accessModes)),
    text('Reclaim Policy', (object) => object.spec?.persistentVolumeReclaimPolicy ?? ''),
    text('Status', phase),
    text('Claim', claimOf),
    text('StorageClass', storageClass),
    classAndMode.attributes,
    text('Reason', (object) => object.status?.reason ?? ''),
    ageColumn,
    classAndMode.mode,
  ],
  '/PersistentVolumeClaim': [
    nameColumn,
    text('Status', phase),
    text('Volume', (object) => object.spec?.volumeName ?? ''),
    text('Capacity', (object) =>
      isBound(object) ? quantity(object.status?.capacity?.storage).toString() : '',
    ),
    text('Access Modes', (object) => (isBound(object) ? accessModes(object.status?.accessModes) : '')),
    text('StorageClass', storageClass),
    classAndMode.attributes,
    ageColumn,
    classAndMode.mode,
  ],
  'storage.k8s.io/CSIDriver': [
    nameColumn,
    boolean('AttachRequired', (object) => object.spec?.attachRequired ?? true),
    boolean('PodInfoOnMount', (object) => object.spec?.podInfoOnMount ?? false),
    boolean('StorageCapacity', (object) => object.spec?.storageCapacity ?? false),
    text('TokenRequests', (object) =>
      object.spec?.tokenRequests === undefined
        ? UNSET
        : list(object.spec.tokenRequests)
            .map((request) => request.audience ?? '')
            .join(','),
    ),
    boolean('RequiresRepublish', (object) => object.spec?.requiresRepublish ?? false),
    text('Modes', (object) => list(object.spec?.volumeLifecycleModes).join(',') || NONE),
    ageColumn,
  ],
  'storage.k8s.io/CSINode': [
    nameColumn,
    integer('Drivers', (object) => list(object.spec?.drivers).length),
    ageColumn,
  ],
  'storage.k8s.io/CSIStorageCapacity': [
    nameColumn,
    text('StorageClassName', (object) => object.storageClassName ?? ''),
    text('Capacity', (object) =>
      object.capacity === undefined ? UNSET : quantity(object.capacity).toString(),
    ),
  ],
  'storage.k8s.io/StorageClass': [
    classColumn([
      'storageclass.kubernetes.io/is-default-class',
      'storageclass.beta.kubernetes.io/is-default-class',
    ]),
    text('Provisioner', (object) => object.provisioner ?? ''),
    text('ReclaimPolicy', (object) => object.reclaimPolicy ?? 'Delete'),
    text('VolumeBindingMode', (object) => object.volumeBindingMode ?? 'Immediate'),
    text('AllowVolumeExpansion', (object) => object.allowVolumeExpansion ?? false),
    ageColumn,
  ],
  'storage.k8s.io/VolumeAttachment': [
    nameColumn,
    { name: 'Attacher', type: 'string', format: 'name', cell: (object) => object.spec?.attacher ?? '' },
    text('PV', (object) => object.spec?.source?.persistentVolumeName ?? ''),
    text('Node', (object) => object.spec?.nodeName ?? ''),
    boolean('Attached', (object) => object.status?.attached ?? false),
    ageColumn,
  ],
  'storage.k8s.io/VolumeAttributesClass': [
    classColumn(['volumeattributesclass.storage.kubernetes.io/is-default-class']),
    text('DriverName', (object) => object.driverName ?? ''),
    ageColumn,
  ],
};
