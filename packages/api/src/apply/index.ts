/**
 * Who set which field: server-side apply (`apply`) and the tracking of all other changes
 * (`updateManagedFields`), as structured-merge-diff and apimachinery's managedfields do it. Start with those
 * two; the field sets they work on are in `field-set.ts`.
 */
export { type ApplyRequest, apply } from './apply.ts';
export { excludingFields, type FieldFilter, includingFields } from './field-filter.ts';
export { decodeManagedFields, ManagedFieldsError } from './managed-fields.ts';
export { merge as mergeConfiguration } from './merge.ts';
export { keepTimesOfNoChange } from './no-change.ts';
export { parentManagedFields, scaleManagedFields } from './scale-managed-fields.ts';
export {
  type Change,
  managerOrUserAgent,
  nextManagedFields,
  updateManagedFields,
  withManagedFields,
} from './update-managed-fields.ts';
export type { Scope, Versions } from './updater.ts';
