import type * as k8s from '../../generated/types.ts';
import { invalid, required } from '../../meta/field-error.ts';
import { checkFileMode, checkNonReservedPath, checkRequired } from './checks.ts';
import { VOLUME_FIELD_PATHS, validateFieldReference, validateResourceReference } from './downward-api.ts';
import type { Errors } from './types.ts';

/** Volumes that show keys as files: ConfigMap, Secret, downward API. */

/** The files of a volume with their default mode. */
function validateItems(
  source: { defaultMode?: number; items?: k8s.KeyToPath[] },
  path: string,
  errors: Errors,
): void {
  checkFileMode(errors, `${path}.defaultMode`, source.defaultMode);
  source.items?.forEach((item, i) => {
    validateKeyToPath(item, `${path}.items[${i}]`, errors);
  });
}

export function validateSecretSource(source: k8s.SecretVolumeSource, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.secretName`, source.secretName);
  validateItems(source, path, errors);
}

export function validateConfigMapSource(
  source: k8s.ConfigMapVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkRequired(errors, `${path}.name`, source.name);
  validateItems(source, path, errors);
}

export function validateKeyToPath(item: k8s.KeyToPath, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.key`, item.key);
  checkRequired(errors, `${path}.path`, item.path);
  checkNonReservedPath(errors, `${path}.path`, item.path ?? '');
  checkFileMode(errors, `${path}.mode`, item.mode);
}

export function validateDownwardAPISource(
  source: k8s.DownwardAPIVolumeSource,
  path: string,
  errors: Errors,
): void {
  checkFileMode(errors, `${path}.defaultMode`, source.defaultMode);
  // Upstream's paths carry no index here.
  for (const file of source.items ?? []) validateDownwardAPIFile(file, path, errors);
}

export function validateDownwardAPIFile(file: k8s.DownwardAPIVolumeFile, path: string, errors: Errors): void {
  checkRequired(errors, `${path}.path`, file.path);
  checkNonReservedPath(errors, `${path}.path`, file.path ?? '');
  if (file.fieldRef !== undefined) {
    validateFieldReference(file.fieldRef, VOLUME_FIELD_PATHS, `${path}.fieldRef`, errors);
    if (file.resourceFieldRef !== undefined) {
      errors.push(
        invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'),
      );
    }
  } else if (file.resourceFieldRef !== undefined) {
    validateResourceReference(file.resourceFieldRef, true, `${path}.resourceFieldRef`, errors);
  } else {
    errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  }
  checkFileMode(errors, `${path}.mode`, file.mode);
}
