import { type FieldError, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { basicResourceErrors, isNativeResource, resourceQuantityErrors } from './resource-names.ts';
import { each, list, qualifiedName, sortedEntries } from './shared.ts';

const RESIZE_STATUSES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
];

function resourceKeyErrors(name: string, field: string): FieldError[] {
  const errors = each(field, name, qualifiedName(name));
  return errors.length === 0 && isNativeResource(name) && name !== 'storage'
    ? [notSupported(field, name, ['storage'])]
    : errors;
}

/** ValidatePersistentVolumeClaimStatusUpdate */
export function validateClaimStatus(claim: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  if (!claim.metadata.resourceVersion) errors.push(required('resourceVersion'));
  if (list(claim.spec?.accessModes).length === 0) errors.push(required('Spec.accessModes'));
  for (const [name, value] of sortedEntries(claim.status?.capacity)) {
    errors.push(...basicResourceErrors(value, `status.capacity[${name}]`));
  }
  for (const [name, value] of sortedEntries(claim.status?.allocatedResourceStatuses)) {
    const field = 'status.allocatedResourceStatus';
    errors.push(...resourceKeyErrors(name, field));
    if (!RESIZE_STATUSES.includes(value)) errors.push(notSupported(field, name, RESIZE_STATUSES));
  }
  for (const [name, value] of sortedEntries(claim.status?.allocatedResources)) {
    const keyErrors = resourceKeyErrors(name, 'status.allocatedResources');
    const field = `status.allocatedResources[${name}]`;
    const basic = basicResourceErrors(value, field);
    if (keyErrors.length > 0) errors.push(...keyErrors);
    else errors.push(...(basic.length > 0 ? basic : resourceQuantityErrors('storage', value, field)));
  }
  return errors;
}
