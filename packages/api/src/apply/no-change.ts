import { deepEqual } from '@sampan/base';
import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts';
import { withManagedFields } from './update-managed-fields.ts';

/**
 * A write that changes nothing but times in managedFields is no change: gives back `next` with the times of
 * `live` then, so that it is found equal and not stored (upstream's IgnoreManagedFieldsTimestampsTransformer).
 */
export function keepTimesOfNoChange(live: KubeObject, next: KubeObject): KubeObject {
  const before = live.metadata.managedFields;
  const after = next.metadata.managedFields;
  if (before === after || before === undefined || after === undefined || before.length !== after.length) {
    return next;
  }
  if (!after.every((entry, i) => sameButTime(entry, before[i]))) return next;
  const kept = withManagedFields(next, before);
  return deepEqual(kept, live) ? kept : next;
}

function sameButTime(a: ManagedFieldsEntry, b: ManagedFieldsEntry | undefined): boolean {
  if (a === b) return true;
  return b !== undefined && deepEqual({ ...a, time: undefined }, { ...b, time: undefined });
}
