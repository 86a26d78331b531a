import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { NodeInfo } from './node-info.ts';
import { NodeMatcher } from './node-selector.ts';
import { compile } from './pod-terms.ts';
import type { Claim, StorageClass, Volume } from './types.ts';
import type { VolumeCatalog } from './volume-catalog.ts';

const OLD_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** A claim's class; the annotation is older than the field (v1helper.GetPersistentVolumeClaimClass). */
export function classOf(object: Claim | Volume): string {
  return object.metadata.annotations?.[OLD_CLASS] ?? object.spec?.storageClassName ?? '';
}

const matchers = new WeakMap<k8s.NodeSelector, NodeMatcher>();

/** May a volume be used on a node? */
export function volumeIsOn(volume: Volume, node: NodeInfo): boolean {
  const required = volume.spec?.nodeAffinity?.required;
  if (!required) return true;
  let matcher = matchers.get(required);
  if (!matcher) {
    matcher = new NodeMatcher(required);
    matchers.set(required, matcher);
  }
  return matcher.matches(node.labels, node.name);
}

const ZONE_LABELS = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];

/** Volumes may say where they are by labels: one zone, or several joined with `__` (VolumeZone). */
export function volumeIsInZone(volume: Volume, node: NodeInfo): boolean {
  const labels = volume.metadata.labels;
  if (!labels || !ZONE_LABELS.some((label) => Object.hasOwn(node.labels, label))) return true;
  return ZONE_LABELS.every((label) => {
    const zones = labels[label];
    return zones === undefined || zones.split('__').includes(node.labels[label] ?? '');
  });
}

const storageOf = (amounts: Record<string, string> | undefined): Quantity =>
  Quantity.tryParse(amounts?.storage ?? '0') ?? Quantity.of(0);

const isFor = (volume: Volume, claim: Claim): boolean => {
  const reference = volume.spec?.claimRef;
  return (
    reference?.name === claim.metadata.name &&
    reference?.namespace === claim.metadata.namespace &&
    (!reference?.uid || reference.uid === claim.metadata.uid)
  );
};

/** The smallest volume that a claim can be bound to on a node, one made for the claim first (FindMatchingVolume). */
export function matchingVolume(
  catalog: VolumeCatalog,
  claim: Claim,
  node: NodeInfo,
  taken: ReadonlySet<string>,
): Volume | undefined {
  const wanted = storageOf(claim.spec?.resources?.requests);
  const selector = claim.spec?.selector ? compile(claim.spec.selector) : undefined;
  const key = `${claim.metadata.namespace}/${claim.metadata.name}`;
  let best: Volume | undefined;
  for (const volume of catalog.volumes.values()) {
    const { name = '', deletionTimestamp, labels } = volume.metadata;
    const { spec = {}, status } = volume;
    if (taken.has(name) || deletionTimestamp) continue;
    const promised = catalog.promised.get(name);
    if (promised !== undefined && promised !== key) continue;
    if (classOf(volume) !== classOf(claim)) continue;
    if (spec.claimRef && !isFor(volume, claim)) continue;
    const capacity = storageOf(spec.capacity);
    if (capacity.compare(wanted) < 0) continue;
    if ((spec.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) continue;
    if (!volumeIsOn(volume, node)) continue;
    if (spec.claimRef) return volume;
    if (status?.phase !== undefined && status.phase !== 'Available' && status.phase !== 'Pending') continue;
    if (selector && !selector.matches(labels)) continue;
    if (!(claim.spec?.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode))) continue;
    if (!best || capacity.compare(storageOf(best.spec?.capacity)) < 0) best = volume;
  }
  return best;
}

/** Can a class make a volume that is usable on a node? */
export function canProvision(storageClass: StorageClass | undefined, node: NodeInfo): boolean {
  if (!storageClass || storageClass.provisioner === 'kubernetes.io/no-provisioner') return false;
  const terms = storageClass.allowedTopologies ?? [];
  return (
    terms.length === 0 ||
    terms.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(
        ({ key, values }) =>
          Object.hasOwn(node.labels, key) && (values ?? []).includes(node.labels[key] ?? ''),
      ),
    )
  );
}
