import { Quantity, ZERO_QUANTITY } from '@sampan/base';
import type { Claim, Volume } from '@sampan/machinery';
import { matcherOf } from '../workloads/claim.ts';
import { classOf, isFor } from './objects.ts';

const storage = (amounts: Record<string, string> | undefined): Quantity =>
  Quantity.tryParse(amounts?.storage ?? '') ?? ZERO_QUANTITY;

const fits = (volume: Volume, claim: Claim): boolean =>
  storage(volume.spec.capacity).compare(storage(claim.spec.resources?.requests)) >= 0;

const sameMode = (volume: Volume, claim: Claim): boolean =>
  (volume.spec.volumeMode ?? 'Filesystem') === (claim.spec.volumeMode ?? 'Filesystem');

const hasModes = (volume: Volume, claim: Claim): boolean =>
  (claim.spec.accessModes ?? []).every((mode) => volume.spec.accessModes?.includes(mode));

const sameAttributes = (volume: Volume, claim: Claim): boolean =>
  (volume.spec.volumeAttributesClassName ?? '') === (claim.spec.volumeAttributesClassName ?? '');

/** Why a volume that a claim names cannot be its volume; undefined when it can (checkVolumeSatisfyClaim). Pure. */
export function mismatch(volume: Volume, claim: Claim): string | undefined {
  if (volume.metadata.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name)}`;
  if (!fits(volume, claim)) return 'requested PV is too small';
  if (classOf(volume) !== classOf(claim)) return 'storageClassName does not match';
  if (!sameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (!sameMode(volume, claim)) return 'incompatible volumeMode';
  if (!hasModes(volume, claim)) return 'incompatible accessMode';
  return undefined;
}

/**
 * The volume for a claim that names none: one that is reserved for it, else the one with the fewest access modes, and
 * of those the smallest (component-helpers FindMatchingVolume). `reservedOnly`: the scheduler chooses among the others.
 * Pure.
 */
export function findVolume(
  claim: Claim,
  volumes: Iterable<Volume>,
  reservedOnly: boolean,
): Volume | undefined {
  const matcher = claim.spec.selector ? matcherOf(claim.spec.selector) : undefined;
  let best: Volume | undefined;
  for (const volume of volumes) {
    const { metadata, spec, status } = volume;
    if (!fits(volume, claim) || !sameMode(volume, claim) || !hasModes(volume, claim)) continue;
    if (metadata.deletionTimestamp !== undefined || !sameAttributes(volume, claim)) continue;
    if (isFor(volume, claim)) return volume;
    if (reservedOnly || spec.claimRef || status?.phase !== 'Available') continue;
    if (classOf(volume) !== classOf(claim)) continue;
    if (matcher && !matcher.matches(metadata.labels)) continue;
    if (!best || isBetter(volume, best)) best = volume;
  }
  return best;
}

function isBetter(volume: Volume, other: Volume): boolean {
  const modes = (volume.spec.accessModes?.length ?? 0) - (other.spec.accessModes?.length ?? 0);
  const size = storage(volume.spec.capacity).compare(storage(other.spec.capacity));
  const order = modes || size;
  return order === 0 ? (volume.metadata.name ?? '') < (other.metadata.name ?? '') : order < 0;
}
