import type { EventContent } from '@sampan/machinery';
import { type Claim, SELECTED_NODE, type StorageClass, type Volume } from '@sampan/machinery';
import { findVolume, mismatch } from './match.ts';
import {
  BOUND_BY_CONTROLLER,
  classOf,
  isBindingComplete,
  isDefaultClass,
  isFor,
  waitsForConsumer,
  wantsDefaultClass,
} from './objects.ts';

export interface ClaimFacts {
  volumes(): Iterable<Volume>;
  volume(name: string): Volume | undefined;
  storageClass(name: string): StorageClass | undefined;
  classes(): Iterable<StorageClass>;
  /** Names of pods that use the claim and have no node yet. */
  waitingPods(): readonly string[];
}

export type ClaimDecision =
  | { readonly do: 'bind'; readonly volume: Volume }
  /** Nothing can be done now. */
  | { readonly do: 'wait'; readonly event?: EventContent }
  /** Somebody else makes a volume for it. */
  | { readonly do: 'provision'; readonly provisioner: string; readonly event: EventContent }
  | { readonly do: 'lose'; readonly event: EventContent }
  | { readonly do: 'set class'; readonly storageClass: string };

const warning = (reason: string, note: string): EventContent => ({ type: 'Warning', reason, note });
const normal = (reason: string, note: string): EventContent => ({ type: 'Normal', reason, note });

/** What to do about a claim (upstream's persistentvolume controller, syncClaim). Pure. */
export function decideClaim(claim: Claim, facts: ClaimFacts): ClaimDecision {
  if (isBindingComplete(claim)) return decideBound(claim, facts);
  return claim.spec.volumeName ? decideNamed(claim, claim.spec.volumeName, facts) : decideOpen(claim, facts);
}

function decideBound(claim: Claim, facts: ClaimFacts): ClaimDecision {
  const { volumeName } = claim.spec;
  const lost = (reason: string, note: string): ClaimDecision => ({
    do: 'lose',
    event: warning(reason, note),
  });
  if (!volumeName)
    return lost(
      'ClaimLost',
      'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!',
    );
  const volume = facts.volume(volumeName);
  if (!volume)
    return lost('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
  const { claimRef } = volume.spec;
  if (!claimRef || claimRef.uid === claim.metadata.uid || isFor(volume, claim)) return { do: 'bind', volume };
  return lost('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
}

function decideNamed(claim: Claim, name: string, facts: ClaimFacts): ClaimDecision {
  const volume = facts.volume(name);
  if (!volume) return { do: 'wait' };
  if (isFor(volume, claim)) return { do: 'bind', volume };
  if (volume.spec.claimRef) {
    const note = `volume ${JSON.stringify(name)} already bound to a different claim.`;
    return { do: 'wait', event: warning('FailedBinding', note) };
  }
  const why = mismatch(volume, claim);
  if (why === undefined) return { do: 'bind', volume };
  const note = `Cannot bind to requested volume ${JSON.stringify(name)}: ${why}`;
  return { do: 'wait', event: warning('VolumeMismatch', note) };
}

function decideOpen(claim: Claim, facts: ClaimFacts): ClaimDecision {
  const preferred = wantsDefaultClass(claim) ? defaultClassOf(facts.classes()) : undefined;
  if (preferred) return { do: 'set class', storageClass: preferred };
  const className = classOf(claim);
  const storageClass = className === '' ? undefined : facts.storageClass(className);
  const delayed = waitsForConsumer(storageClass);
  const volume = findVolume(claim, facts.volumes(), delayed);
  if (volume) return { do: 'bind', volume };
  if (delayed && claim.metadata.annotations?.[SELECTED_NODE] === undefined)
    return { do: 'wait', event: waitingEvent(facts.waitingPods()) };
  if (className === '') {
    const note = 'no persistent volumes available for this claim and no storage class is set';
    return { do: 'wait', event: normal('FailedBinding', note) };
  }
  if (!storageClass) {
    const note = `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`;
    return { do: 'wait', event: warning('ProvisioningFailed', note) };
  }
  return provision(storageClass.provisioner);
}

function provision(provisioner: string): ClaimDecision {
  if (provisioner.startsWith('kubernetes.io/')) {
    const note = `no volume plugin matched name: ${provisioner}`;
    return { do: 'wait', event: warning('ProvisioningFailed', note) };
  }
  const note =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the ` +
    'system administrator. If volume creation is delayed, please verify that the provisioner is running and ' +
    'correctly registered.';
  return { do: 'provision', provisioner, event: normal('ExternalProvisioning', note) };
}

/** The youngest of the default classes, so that a new one takes over (KEP-3333). */
function defaultClassOf(classes: Iterable<StorageClass>): string | undefined {
  let best: StorageClass | undefined;
  const age = ({ metadata }: StorageClass) => metadata.creationTimestamp ?? '';
  for (const candidate of classes) {
    if (!isDefaultClass(candidate)) continue;
    const order = best ? age(candidate).localeCompare(age(best)) : 1;
    if (order > 0 || (order === 0 && (candidate.metadata.name ?? '') < (best?.metadata.name ?? '')))
      best = candidate;
  }
  return best?.metadata.name;
}

function waitingEvent(pods: readonly string[]): EventContent {
  if (pods.length === 0)
    return normal('WaitForFirstConsumer', 'waiting for first consumer to be created before binding');
  const which = pods.length === 1 ? 'pod' : 'pods';
  return normal('WaitForPodScheduled', `waiting for ${which} ${pods.join(',')} to be scheduled`);
}

/** The claim and the volume as they are when bound; the same objects where nothing changes. Pure. */
export function bound(claim: Claim, volume: Volume): { claim: Claim; volume: Volume } {
  return { volume: boundVolume(volume, claim), claim: boundClaim(claim, volume) };
}

function boundVolume(volume: Volume, claim: Claim): Volume {
  const { claimRef } = volume.spec;
  const reserved = isFor(volume, claim);
  if (reserved && claimRef?.uid) return volume;
  const { namespace = '', name = '', uid = '', resourceVersion = '' } = claim.metadata;
  const reference = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace,
    name,
    uid,
    resourceVersion,
  };
  const metadata = reserved ? volume.metadata : annotated(volume, { [BOUND_BY_CONTROLLER]: 'yes' });
  return { ...volume, metadata, spec: { ...volume.spec, claimRef: reference } };
}

function boundClaim(claim: Claim, volume: Volume): Claim {
  const { name = '' } = volume.metadata;
  const named = claim.spec.volumeName === name;
  if (named && isBindingComplete(claim)) return claim;
  const marks = {
    'pv.kubernetes.io/bind-completed': 'yes',
    ...(named ? {} : { [BOUND_BY_CONTROLLER]: 'yes' }),
  };
  return { ...claim, metadata: annotated(claim, marks), spec: { ...claim.spec, volumeName: name } };
}

export const annotated = (
  { metadata }: Claim | Volume,
  marks: Record<string, string>,
): Claim['metadata'] => ({
  ...metadata,
  annotations: { ...metadata.annotations, ...marks },
});
