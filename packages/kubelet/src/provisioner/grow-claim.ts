import type { k8s } from '@sampan/api';
import { type Clock, messageOf } from '@sampan/base';
import type { Client, EventContent, EventRecorder } from '@sampan/machinery';
import { CLAIMS, type Claim, VOLUMES, type Volume } from '@sampan/machinery';
import type { LocalVolumes } from './local-volumes.ts';

export interface GrowthParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly volumes: LocalVolumes;
}

/** The words of upstream's condition. */
const WAITS = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.';

const PENDING: EventContent = {
  type: 'Normal',
  reason: 'FileSystemResizeRequired',
  note: 'Require file system resize of volume on node',
};
const DONE: EventContent = {
  type: 'Normal',
  reason: 'FileSystemResizeSuccessful',
  note: 'Resize of the volume and its file system succeeded',
};

/**
 * Makes the volume of a claim as large as the claim asks for, and tells so: the volume first, then the claim, when its
 * file system has grown as well (Kubernetes docs, "Expanding Persistent Volumes Claims"). May be called again.
 */
export async function growClaim(
  claim: Claim,
  { volume, bytes }: { readonly volume: Volume; readonly bytes: number },
  { client, clock, events, volumes }: GrowthParts,
): Promise<void> {
  const { namespace, name = '' } = claim.metadata;
  const storage = claim.spec.resources?.requests?.storage ?? '0';
  const volumeName = volume.metadata.name ?? '';
  let isWhole = false;
  try {
    isWhole = await volumes.grow(volumeName, bytes);
  } catch (error) {
    const note = `resize volume "${volumeName}" failed: ${messageOf(error)}`;
    events.record(claim, { type: 'Warning', reason: 'VolumeResizeFailed', note });
    throw error;
  }
  await client.patch(VOLUMES, undefined, volumeName, 'merge', { spec: { capacity: { storage } } });
  const status = isWhole ? { capacity: { storage }, conditions: null } : pending(clock);
  await client.patch(CLAIMS, namespace, name, 'merge', { status }, { subresource: 'status' });
  events.record(claim, isWhole ? DONE : PENDING);
}

function pending(clock: Clock): k8s.PersistentVolumeClaimStatus {
  const lastTransitionTime = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
  const condition = { type: 'FileSystemResizePending', status: 'True', lastTransitionTime, message: WAITS };
  return { conditions: [condition] };
}
