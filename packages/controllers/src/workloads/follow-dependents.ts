import type { KubeObject, OwnerReference } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { type Informer, type ObjectChange, type ResourceRef, refersToKind } from '@sampan/machinery';
import { controllerOf } from './claim.ts';

export interface DependentsOptions<O extends KubeObject, D extends KubeObject> {
  readonly owners: Informer<O>;
  readonly ownerRef: ResourceRef;
  readonly dependents: Informer<D>;
  /** May the owner adopt it? */
  readonly matches: (owner: O, dependent: D) => boolean;
  /** Something of an owner changed. */
  readonly onChange: (owner: O, change: ObjectChange<D>) => void;
  /** Every change of what an owner of this kind controls, by the owner's uid, whether the owner is known or not. */
  readonly onOwned?: (uid: string, change: ObjectChange<D>) => void;
}

/**
 * Tells owners of changes of what they control, of what they lost, and of what they may adopt (the pod handlers of
 * kubernetes' workload controllers).
 */
export function followDependents<O extends KubeObject, D extends KubeObject>(
  options: DependentsOptions<O, D>,
): void {
  const { owners, ownerRef, dependents, matches, onChange, onOwned } = options;
  const tell = (reference: OwnerReference | undefined, change: ObjectChange<D>): void => {
    if (!reference || !refersToKind(reference, ownerRef)) return;
    onOwned?.(reference.uid, change);
    const owner = owners.get(change.object.metadata.namespace ?? '', reference.name);
    if (owner?.metadata.uid === reference.uid) onChange(owner, change);
  };
  dependents.onChange((change) => {
    const { object, previous, type } = change;
    const reference = controllerOf(object);
    const before = previous === undefined ? undefined : controllerOf(previous);
    if (before && before.uid !== reference?.uid) tell(before, { ...change, type: 'deleted' });
    if (reference) tell(reference, change);
    else if (type !== 'deleted' && mayBeAdopted(object, previous)) {
      for (const owner of owners.byIndex('namespace', object.metadata.namespace ?? '')) {
        if (matches(owner, object)) onChange(owner, change);
      }
    }
  });
}

function mayBeAdopted(object: KubeObject, previous: KubeObject | undefined): boolean {
  if (object.metadata.deletionTimestamp !== undefined) return false;
  if (previous === undefined || controllerOf(previous) !== undefined) return true;
  return !deepEqual(object.metadata.labels, previous.metadata.labels);
}
