import type * as k8s from '../../generated/types.ts';
import { type FieldError, forbidden } from '../../meta/field-error.ts';
import { append } from '../../validation/append.ts';
import { validateLabels } from '../../validation/label-selector.ts';
import { validateAnnotations } from '../../validation/object-meta.ts';
import { allowedForUpdate } from './allowed.ts';
import { validatePodAnnotations, validateProfilesMatch } from './annotations.ts';
import { validatePodSpec } from './pod-spec.ts';
import type { Errors } from './types.ts';

/** ValidatePodTemplateSpec; `old` allows what it already has. */
export function validatePodTemplate(
  template: k8s.PodTemplateSpec,
  path: string,
  old?: k8s.PodTemplateSpec,
): FieldError[] {
  const errors: Errors = [];
  const spec = template.spec ?? {};
  const annotations = template.metadata?.annotations;
  const context = { isPod: false, allowed: allowedForUpdate(old?.spec, old?.metadata) };
  append(errors, validateLabels(template.metadata?.labels, `${path}.labels`));
  append(errors, validateAnnotations(annotations, `${path}.annotations`));
  validatePodAnnotations(annotations, spec, `${path}.annotations`, context, errors);
  validatePodSpec(spec, `${path}.spec`, context, errors);
  validateProfilesMatch(annotations, spec, `${path}.spec`, errors);
  if (spec.ephemeralContainers?.length) {
    errors.push(
      forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    );
  }
  return errors;
}
