import { Quantity } from '@sampan/base';
import {
  type Claim,
  PROVISIONED_BY,
  SELECTED_NODE,
  STORAGE_PROVISIONERS,
  type StorageClass,
  type Volume,
} from '@sampan/machinery';
import { FINALIZER, HOSTNAME, PROVISIONER } from './objects.ts';

export type ClaimDecision =
  | { readonly do: 'nothing' }
  | { readonly do: 'provision'; readonly bytes: number }
  /** The claim asks for what it cannot have. */
  | { readonly do: 'refuse'; readonly why: string }
  | { readonly do: 'grow'; readonly volume: Volume; readonly bytes: number };

const NOTHING = { do: 'nothing' } as const;

/** What this node's provisioner does for a claim. `volume`: the one that it is bound to. Pure. */
export function decideClaim(
  claim: Claim,
  storageClass: StorageClass | undefined,
  volume: Volume | undefined,
  node: string,
): ClaimDecision {
  const { metadata, spec, status } = claim;
  if (metadata.deletionTimestamp !== undefined) return NOTHING;
  const bytes = Quantity.parse(spec.resources?.requests?.storage ?? '0').value();
  if (spec.volumeName) {
    const bound = volume && isOurs(volume, node) && status?.phase === 'Bound';
    return bound && needsGrowth(claim, volume, bytes) ? { do: 'grow', volume, bytes } : NOTHING;
  }
  const annotations = metadata.annotations ?? {};
  if (!STORAGE_PROVISIONERS.some((key) => annotations[key] === PROVISIONER)) return NOTHING;
  if (storageClass?.provisioner !== PROVISIONER) return NOTHING;
  const selected = annotations[SELECTED_NODE];
  const waits = storageClass.volumeBindingMode === 'WaitForFirstConsumer';
  if (selected === undefined ? waits : selected !== node) return NOTHING;
  if (spec.selector) return { do: 'refuse', why: 'claim.Spec.Selector is not supported' };
  if (spec.dataSource ?? spec.dataSourceRef) return { do: 'refuse', why: 'a data source is not supported' };
  return { do: 'provision', bytes };
}

function needsGrowth({ status }: Claim, { spec }: Volume, bytes: number): boolean {
  const size = (capacity: Record<string, string> | undefined) =>
    Quantity.parse(capacity?.storage ?? '0').value();
  return bytes > size(spec.capacity) || size(spec.capacity) > size(status?.capacity);
}

/** Made here, and for this node. */
export function isOurs({ metadata, spec }: Volume, node: string): boolean {
  if (metadata.annotations?.[PROVISIONED_BY] !== PROVISIONER) return false;
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.some(({ matchExpressions }) =>
    (matchExpressions ?? []).some(({ key, values }) => key === HOSTNAME && (values ?? []).includes(node)),
  );
}

export type VolumeDecision =
  | { readonly do: 'nothing' }
  | { readonly do: 'delete' }
  /** It goes, its data stays. */
  | { readonly do: 'let go' };

/** Whether a volume's data goes: nobody has it any more. Pure. */
export function decideVolume(volume: Volume, node: string): VolumeDecision {
  if (!isOurs(volume, node)) return NOTHING;
  const { metadata, spec, status } = volume;
  const free = status?.phase === 'Released' || status?.phase === 'Failed';
  if (spec.persistentVolumeReclaimPolicy === 'Delete' && free) return { do: 'delete' };
  const going = metadata.deletionTimestamp !== undefined && status?.phase !== 'Bound';
  return going && metadata.finalizers?.includes(FINALIZER) ? { do: 'let go' } : NOTHING;
}

/** A volume's name is the claim's for good, so that a claim never gets two. */
export const volumeName = ({ metadata }: Claim): string => `pvc-${metadata.uid}`;

/** The volume for a claim. `path`: its folder, or device, on this node. Pure. */
export function newVolume(claim: Claim, storageClass: StorageClass, node: string, path: string): Volume {
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = claim.metadata;
  const { accessModes = [], volumeMode = 'Filesystem', resources } = claim.spec;
  const here = { key: HOSTNAME, operator: 'In', values: [node] };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: volumeName(claim),
      annotations: { [PROVISIONED_BY]: PROVISIONER },
      finalizers: [FINALIZER],
    },
    spec: {
      capacity: { storage: resources?.requests?.storage ?? '0' },
      accessModes,
      volumeMode,
      storageClassName: storageClass.metadata.name ?? '',
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      local: { path },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
    },
  };
}
