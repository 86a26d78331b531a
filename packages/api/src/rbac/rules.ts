import { deepEqual } from '@sampan/base';
import {
  each,
  labelSelectorErrors,
  list,
  nameIsDnsSubdomain,
  nameIsPathSegment,
  type Part,
} from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/** ValidatePolicyRule */
function policyRuleErrors(rule: Part, namespaced: boolean, field: string): FieldError[] {
  const filled = (key: string): boolean => list(rule[key]).length > 0;
  const errors = filled('verbs') ? [] : [required(`${field}.verbs`, 'verbs must contain at least one value')];
  if (filled('nonResourceURLs')) {
    const path = `${field}.nonResourceURLs`;
    const urls = rule.nonResourceURLs;
    if (namespaced) errors.push(invalid(path, urls, 'namespaced rules cannot apply to non-resource URLs'));
    if (['apiGroups', 'resources', 'resourceNames'].some(filled)) {
      errors.push(invalid(path, urls, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (!filled('apiGroups')) {
    errors.push(required(`${field}.apiGroups`, 'resource rules must supply at least one api group'));
  }
  if (!filled('resources')) {
    errors.push(required(`${field}.resources`, 'resource rules must supply at least one resource'));
  }
  return errors;
}

const rulesErrors = (role: KubeObject, namespaced: boolean): FieldError[] =>
  list(role.rules).flatMap((rule, i) => policyRuleErrors(rule, namespaced, `rules[${i}]`));

function aggregationErrors(role: KubeObject): FieldError[] {
  if (role.aggregationRule === undefined) return [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const selectors = list(role.aggregationRule.clusterRoleSelectors);
  if (selectors.length === 0) {
    return [required(field, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, i) => {
    const errors = labelSelectorErrors(selector, `${field}[${i}]`);
    return errors.length === 0 ? [] : [...errors, invalid(`${field}[${i}]`, null, 'invalid label selector.')];
  });
}

const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group'];

function subjectErrors(subject: Part, namespaced: boolean, field: string): FieldError[] {
  const errors = subject.name ? [] : [required(`${field}.name`)];
  const group: string = subject.apiGroup ?? '';
  if (subject.kind === 'ServiceAccount') {
    if (subject.name)
      errors.push(...each(`${field}.name`, subject.name, nameIsDnsSubdomain(subject.name, false)));
    if (group !== '') errors.push(notSupported(`${field}.apiGroup`, group, ['']));
    if (!namespaced && !subject.namespace) errors.push(required(`${field}.namespace`));
  } else if (subject.kind === 'User' || subject.kind === 'Group') {
    if (group !== RBAC_GROUP) errors.push(notSupported(`${field}.apiGroup`, group, [RBAC_GROUP]));
  } else errors.push(notSupported(`${field}.kind`, subject.kind ?? '', SUBJECT_KINDS));
  return errors;
}

function bindingErrors(binding: KubeObject, namespaced: boolean): FieldError[] {
  const ref = binding.roleRef ?? {};
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  const errors: FieldError[] = [];
  if (ref.apiGroup !== RBAC_GROUP)
    errors.push(notSupported('roleRef.apiGroup', ref.apiGroup ?? '', [RBAC_GROUP]));
  if (!kinds.includes(ref.kind)) errors.push(notSupported('roleRef.kind', ref.kind ?? '', kinds));
  if (ref.name) errors.push(...each('roleRef.name', ref.name, nameIsPathSegment(ref.name, false)));
  else errors.push(required('roleRef.name'));
  return [
    ...errors,
    ...list(binding.subjects).flatMap((subject, i) => subjectErrors(subject, namespaced, `subjects[${i}]`)),
  ];
}

function refChanged(binding: KubeObject, old: KubeObject): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {};
  return deepEqual(binding.roleRef, old.roleRef)
    ? []
    : [invalid('roleRef', { APIGroup: apiGroup, Kind: kind, Name: name }, 'cannot change roleRef')];
}

/** What all four kinds have in common. */
const COMMON: KindRules = { validateName: nameIsPathSegment, createOnUpdate: true, generation: false };

function setBindingDefaults(binding: KubeObject): void {
  if (binding.roleRef !== undefined) binding.roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of list(binding.subjects)) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP;
  }
}

const bindingRules = (namespaced: boolean): KindRules => ({
  ...COMMON,
  setDefaults: setBindingDefaults,
  validate: (binding) => bindingErrors(binding, namespaced),
  validateUpdate: (binding, old) => [...bindingErrors(binding, namespaced), ...refChanged(binding, old)],
});

export const roleRules: KindRules = { ...COMMON, validate: (role) => rulesErrors(role, true) };
export const clusterRoleRules: KindRules = {
  ...COMMON,
  validate: (role) => [...rulesErrors(role, false), ...aggregationErrors(role)],
};
export const roleBindingRules = bindingRules(true);
export const clusterRoleBindingRules = bindingRules(false);
