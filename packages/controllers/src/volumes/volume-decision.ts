import { type Claim, PROVISIONED_BY, type Volume } from '@sampan/machinery';
import { BOUND_BY_CONTROLLER } from './objects.ts';

export type VolumeDecision =
  | { readonly do: 'show'; readonly phase: string; readonly message?: string; readonly reason?: string }
  /** Free for others. */
  | { readonly do: 'unbind' }
  /** It is up to the claim. */
  | { readonly do: 'ask claim' };

/**
 * What to do about a volume (upstream's persistentvolume controller, syncVolume). `claim`: the one it names, if it is
 * there with that uid. Pure.
 */
export function decideVolume(volume: Volume, claim: Claim | undefined): VolumeDecision {
  const { claimRef } = volume.spec;
  if (!claimRef?.uid) return { do: 'show', phase: 'Available' };
  if (!claim) return release(volume);
  const { volumeName } = claim.spec;
  if (!volumeName) return { do: 'ask claim' };
  if (volumeName === volume.metadata.name) return { do: 'show', phase: 'Bound' };
  // the claim has another volume
  const { annotations = {} } = volume.metadata;
  if (annotations[PROVISIONED_BY] !== undefined && volume.spec.persistentVolumeReclaimPolicy === 'Delete')
    return release(volume);
  return annotations[BOUND_BY_CONTROLLER] === undefined ? { do: 'show', phase: 'Bound' } : { do: 'unbind' };
}

/** Nobody uses it any more. Who made it deletes it; here it is only said that it may go. */
function release(volume: Volume): VolumeDecision {
  const released = { do: 'show', phase: 'Released' } as const;
  const { phase } = volume.status ?? {};
  const { persistentVolumeReclaimPolicy: policy = 'Retain' } = volume.spec;
  const external = volume.metadata.annotations?.[PROVISIONED_BY] !== undefined;
  if (policy === 'Retain' || (policy === 'Delete' && external)) {
    return phase === 'Failed' ? { do: 'show', phase } : released;
  }
  // first shown as released, then as what nobody can reclaim
  if (phase !== 'Released' && phase !== 'Failed') return released;
  const [name, kind] = [
    JSON.stringify(volume.metadata.name),
    policy === 'Delete' ? 'deletable' : 'recyclable',
  ];
  const what =
    policy === 'Delete' ? 'error getting deleter volume plugin for volume' : 'no recycler for volume';
  const reason = policy === 'Delete' ? 'VolumeFailedDelete' : 'VolumeFailedRecycle';
  return {
    do: 'show',
    phase: 'Failed',
    message: `${what} ${name}: no ${kind} volume plugin matched`,
    reason,
  };
}

/** The volume without its claim; a reservation by a user stays, without the uid. Pure (unbindVolume). */
export function unbound(volume: Volume): Volume {
  const { [BOUND_BY_CONTROLLER]: byController, ...annotations } = volume.metadata.annotations ?? {};
  const { claimRef, ...spec } = volume.spec;
  if (byController !== undefined || !claimRef)
    return { ...volume, metadata: { ...volume.metadata, annotations }, spec };
  const { uid: _, ...reservation } = claimRef;
  return { ...volume, spec: { ...spec, claimRef: reservation } };
}
