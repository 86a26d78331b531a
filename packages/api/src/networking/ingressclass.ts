import { domainPrefixedPathErrors, each, immutable, nameIsDnsLabel, type Part } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, notSupported, required, tooLong } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { byteLength } from '../validation/messages.ts';
import { objectReferenceErrors } from './ingress.ts';

const MAX_CONTROLLER = 250;
const SCOPES = ['Cluster', 'Namespace'];

function parametersErrors(parameters: Part, field: string): FieldError[] {
  if (parameters === undefined) return [];
  const errors = objectReferenceErrors(parameters, field);
  const { scope, namespace } = parameters;
  if (scope === undefined) return [...errors, required(`${field}.scope`)];
  if (!SCOPES.includes(scope)) return [...errors, notSupported(`${field}.scope`, scope, SCOPES)];
  const path = `${field}.namespace`;
  if (scope === 'Cluster') {
    if (namespace !== undefined) errors.push(forbidden(path, "`parameters.scope` is set to 'Cluster'"));
  } else if (namespace === undefined) errors.push(required(path, "`parameters.scope` is set to 'Namespace'"));
  else errors.push(...each(path, namespace, nameIsDnsLabel(namespace, false)));
  return errors;
}

function validate(ingressClass: KubeObject): FieldError[] {
  const controller: string = ingressClass.spec?.controller ?? '';
  const field = 'spec.controller';
  const errors: FieldError[] = [];
  if (controller === '') errors.push(required(field));
  else {
    if (byteLength(controller) > MAX_CONTROLLER) errors.push(tooLong(field, MAX_CONTROLLER));
    errors.push(...domainPrefixedPathErrors(field, controller));
  }
  return [...errors, ...parametersErrors(ingressClass.spec?.parameters, 'spec.parameters')];
}

export const ingressClassRules: KindRules = {
  setDefaults(ingressClass) {
    if (ingressClass.spec?.parameters !== undefined) ingressClass.spec.parameters.scope ??= 'Cluster';
  },
  validate,
  validateUpdate: (ingressClass, old) => [
    ...immutable('spec.controller', ingressClass.spec?.controller ?? '', old.spec?.controller ?? ''),
    ...validate(ingressClass),
  ],
  generation: true,
};
