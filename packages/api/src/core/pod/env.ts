import type * as k8s from '../../generated/types.ts';
import { invalid, required } from '../../meta/field-error.ts';
import { isDNS1123Subdomain } from '../../validation/dns.ts';
import { isConfigMapKey, isEnvVarName } from '../../validation/formats.ts';
import { nameIsDNSSubdomain } from '../../validation/names.ts';
import { addMessages, checkDNS1123Label, checkNonReservedPath, checkRequired } from './checks.ts';
import { ENV_FIELD_PATHS, validateFieldReference, validateResourceReference } from './downward-api.ts';
import type { Errors } from './types.ts';

const TOO_MANY = 'may not have more than one field specified at a time';

/** ValidateEnv. */
export function validateEnv(variables: readonly k8s.EnvVar[], path: string, errors: Errors): void {
  variables.forEach((variable, i) => {
    const at = `${path}[${i}]`;
    const name = variable.name ?? '';
    if (name === '') errors.push(required(`${at}.name`));
    else addMessages(errors, `${at}.name`, name, isEnvVarName(name));
    if (variable.valueFrom !== undefined)
      validateValueFrom(variable, variable.valueFrom, `${at}.valueFrom`, errors);
  });
}

function validateValueFrom(
  variable: k8s.EnvVar,
  source: k8s.EnvVarSource,
  path: string,
  errors: Errors,
): void {
  let count = 0;
  if (source.fieldRef !== undefined) {
    count++;
    validateFieldReference(source.fieldRef, ENV_FIELD_PATHS, `${path}.fieldRef`, errors);
  }
  if (source.resourceFieldRef !== undefined) {
    count++;
    validateResourceReference(source.resourceFieldRef, false, `${path}.resourceFieldRef`, errors);
  }
  if (source.configMapKeyRef !== undefined) {
    count++;
    validateKeySelector(source.configMapKeyRef, `${path}.configMapKeyRef`, errors);
  }
  if (source.secretKeyRef !== undefined) {
    count++;
    validateKeySelector(source.secretKeyRef, `${path}.secretKeyRef`, errors);
  }
  if (source.fileKeyRef !== undefined) {
    count++;
    validateFileKey(source.fileKeyRef, `${path}.fileKeyRef`, errors);
  }
  if (count === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
    errors.push(invalid(path, '', detail));
  } else if (variable.value) {
    errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  } else if (count > 1) {
    errors.push(invalid(path, '', TOO_MANY));
  }
}

function validateKeySelector(selector: { name?: string; key?: string }, path: string, errors: Errors): void {
  const name = selector.name ?? '';
  addMessages(errors, `${path}.name`, name, isDNS1123Subdomain(name));
  if (!selector.key) errors.push(required(`${path}.key`));
  else addMessages(errors, `${path}.key`, selector.key, isConfigMapKey(selector.key));
}

/** A variable from a file that another container of the pod wrote (KEP-3721). */
function validateFileKey(selector: k8s.FileKeySelector, path: string, errors: Errors): void {
  if (checkRequired(errors, `${path}.key`, selector.key)) {
    addMessages(errors, `${path}.key`, selector.key, isEnvVarName(selector.key));
  }
  if (checkRequired(errors, `${path}.volumeName`, selector.volumeName)) {
    checkDNS1123Label(errors, `${path}.volumeName`, selector.volumeName);
  }
  if (checkRequired(errors, `${path}.path`, selector.path)) {
    checkNonReservedPath(errors, `${path}.path`, selector.path);
  }
}

/** ValidateEnvFrom. */
export function validateEnvFrom(sources: readonly k8s.EnvFromSource[], path: string, errors: Errors): void {
  sources.forEach((source, i) => {
    const at = `${path}[${i}]`;
    if (source.prefix) addMessages(errors, `${at}.prefix`, source.prefix, isEnvVarName(source.prefix));
    let count = 0;
    for (const kind of ['configMapRef', 'secretRef'] as const) {
      const reference = source[kind];
      if (reference === undefined) continue;
      count++;
      const name = reference.name ?? '';
      if (name === '') errors.push(required(`${at}.${kind}.name`));
      else addMessages(errors, `${at}.${kind}.name`, name, nameIsDNSSubdomain(name, true));
    }
    if (count === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (count > 1) errors.push(invalid(path, '', TOO_MANY));
  });
}
