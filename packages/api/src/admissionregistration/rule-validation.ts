import { oneOf } from '../core/shared.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { AdmissionRule } from './types.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];

/** Errors of a RuleWithOperations. Source: pkg/apis/admissionregistration/validation validateRuleWithOperations. */
export function admissionRuleErrors(rule: AdmissionRule, field: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  return [
    ...alone(operations, `${field}.operations`, 'operations'),
    ...operations.flatMap((operation, i) =>
      OPERATIONS.includes(operation)
        ? []
        : [notSupported(`${field}.operations[${i}]`, operation, OPERATIONS)],
    ),
    ...alone(apiGroups, `${field}.apiGroups`, 'API groups'),
    ...alone(apiVersions, `${field}.apiVersions`, 'API versions'),
    ...apiVersions.flatMap((version, i) => (version === '' ? [required(`${field}.apiVersions[${i}]`)] : [])),
    ...resourceErrors(resources, `${field}.resources`),
    ...oneOf(`${field}.scope`, rule.scope, SCOPES),
  ];
}

/** A list must have something, and `*` nothing beside it. */
function alone(items: readonly string[], field: string, what: string): FieldError[] {
  if (items.length === 0) return [required(field)];
  if (items.length > 1 && items.includes('*'))
    return [invalid(field, items, `if '*' is present, must not specify other ${what}`)];
  return [];
}

function resourceErrors(resources: readonly string[], field: string): FieldError[] {
  if (resources.length === 0) return [required(field)];
  const errors: FieldError[] = [];
  const withAllSubresources = new Set<string>();
  const ofAllResources = new Set<string>();
  let plain = false;
  resources.forEach((text, i) => {
    if (text === '') {
      errors.push(required(`${field}[${i}]`));
      return;
    }
    const slash = text.indexOf('/');
    if (slash < 0) {
      plain = text !== '*';
      return;
    }
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    const present = (pattern: string) =>
      errors.push(invalid(`${field}[${i}]`, text, `if '${pattern}' is present, must not specify ${text}`));
    if (withAllSubresources.has(resource)) present(`${resource}/*`);
    if (ofAllResources.has(subresource)) present(`*/${subresource}`);
    if (subresource === '*') withAllSubresources.add(resource);
    if (resource === '*') ofAllResources.add(subresource);
  });
  if (resources.length > 1 && resources.includes('*/*'))
    errors.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"));
  if (resources.includes('*') && plain) {
    const text = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(field, resources, text));
  }
  return errors;
}
