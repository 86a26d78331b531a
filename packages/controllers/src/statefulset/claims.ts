import type { ObjectMeta, OwnerReference } from '@sampan/api';
import type { Claim } from '@sampan/machinery';
import { controllerReference } from '@sampan/machinery';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { claimName, isInRange, ordinalOf } from './identity.ts';

/** The claims that an ordinal has, as they are made. */
export function claimsOf(set: StatefulSet, pod: Pod): Claim[] {
  const ordinal = ordinalOf(set, pod);
  const { namespace } = set.metadata;
  const policy = set.spec.persistentVolumeClaimRetentionPolicy;
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...(template.metadata as ObjectMeta),
      name: claimName(set, template, ordinal),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, ...set.spec.selector.matchLabels },
      ...(policy?.whenDeleted === 'Delete' ? { ownerReferences: [controllerReference(set)] } : {}),
    },
    spec: template.spec ?? {},
  }));
}

/** The claim goes away with a pod of that name that is gone: it must be gone before there is a new pod. */
export function isStale(claim: Claim, pod: Pod): boolean {
  return (claim.metadata.ownerReferences ?? []).some(
    ({ kind, name, uid }) => kind === 'Pod' && name === pod.metadata.name && uid !== pod.metadata.uid,
  );
}

/**
 * The claim with the owners that the retention policy asks for (KEP-1847): of the set when claims go with it, of
 * the pod when they go with pods that are scaled away. Undefined when it has them, or when somebody else controls
 * it. Pure.
 */
export function retained(set: StatefulSet, pod: Pod, claim: Claim): Claim | undefined {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {};
  const owners = claim.metadata.ownerReferences ?? [];
  if (hasOtherController(set, pod, owners)) return undefined;
  const scaledAway = !isInRange(set, ordinalOf(set, pod));
  const withPod = whenScaled === 'Delete' && scaledAway;
  const withSet = whenDeleted === 'Delete' && !withPod;
  const wanted: OwnerReference[] = [
    ...owners.filter(({ uid }) => uid !== set.metadata.uid && !isPod(pod, uid)),
    ...(withSet ? [controllerReference(set)] : []),
    ...(withPod ? [controllerReference({ ...pod, apiVersion: 'v1', kind: 'Pod' })] : []),
  ];
  if (sameOwners(owners, wanted)) return undefined;
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: wanted } };
}

const isPod = (pod: Pod, uid: string): boolean => uid === pod.metadata.uid;

export function hasOtherController(set: StatefulSet, pod: Pod, owners: readonly OwnerReference[]): boolean {
  return owners.some(
    ({ controller, uid }) => controller === true && uid !== set.metadata.uid && !isPod(pod, uid),
  );
}

function sameOwners(a: readonly OwnerReference[], b: readonly OwnerReference[]): boolean {
  const text = (owners: readonly OwnerReference[]) =>
    owners.map(({ uid, controller = false }) => `${uid} ${controller}`).sort();
  return text(a).join() === text(b).join();
}
