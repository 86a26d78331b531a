import type { KubeObject, OwnerReference } from '@sampan/api';
import type { ResourceRef } from '@sampan/machinery';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/** All that garbage collection remembers of an object. */
export interface Facts {
  readonly uid: string;
  readonly ref: ResourceRef;
  /** '' when cluster-scoped. */
  readonly namespace: string;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly beingDeleted: boolean;
  /** Waits for its dependents to be deleted first. */
  readonly foreground: boolean;
  /** Waits for its dependents to be freed first. */
  readonly orphaning: boolean;
}

/** The facts of an object that matters to garbage collection; undefined for the many that do not. */
export function factsOf(ref: ResourceRef, object: KubeObject): Facts | undefined {
  const { uid = '', namespace = '', name = '', ownerReferences = [], finalizers = [] } = object.metadata;
  const beingDeleted = object.metadata.deletionTimestamp !== undefined;
  const foreground = beingDeleted && finalizers.includes(FOREGROUND);
  const orphaning = beingDeleted && finalizers.includes(ORPHAN);
  if (ownerReferences.length === 0 && !foreground && !orphaning) return undefined;
  return { uid, ref, namespace, name, owners: ownerReferences, beingDeleted, foreground, orphaning };
}
