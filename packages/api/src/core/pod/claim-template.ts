import type * as k8s from '../../generated/types.ts';
import { forbidden } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { validateAnnotations } from '../../validation/object-meta.ts';
import { persistentVolumeClaimSpecErrors } from '../persistentvolumeclaim.ts';
import type { Errors } from './types.ts';

const ALLOWED = new Set(['annotations', 'labels']);

/** A claim made for one volume of one pod (ValidatePersistentVolumeClaimTemplate). */
export function validateClaimTemplate(
  template: k8s.PersistentVolumeClaimTemplate,
  path: string,
  errors: Errors,
): void {
  const meta = template.metadata ?? {};
  append(errors, validateAnnotations(meta.annotations, `${path}.metadata.annotations`));
  append(errors, validateLabels(meta.labels, `${path}.metadata.labels`));
  for (const [field, value] of Object.entries(meta)) {
    if (ALLOWED.has(field) || value === undefined || value === null || value === '') continue;
    errors.push(forbidden(`${path}.metadata.${field}`, 'cannot be set'));
  }
  append(errors, persistentVolumeClaimSpecErrors(template.spec ?? {}, `${path}.spec`));
}
