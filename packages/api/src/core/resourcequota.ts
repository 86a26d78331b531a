import { deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { FIELD_IMMUTABLE } from '../validation/messages.ts';
import { roundToMilli } from './pod/defaults.ts';
import {
  isStandardQuotaResource,
  quotaResourceNameErrors,
  resourceQuantityErrors,
} from './resource-names.ts';
import { list, type Part, sortedEntries } from './shared.ts';

const POD_RESOURCES = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]);
const isPodResource = (name: string): boolean => POD_RESOURCES.has(name);

/** The scopes, and to which standard resources each applies. */
const SCOPES = new Map<string, (resource: string) => boolean>([
  ['Terminating', isPodResource],
  ['NotTerminating', isPodResource],
  ['NotBestEffort', isPodResource],
  ['PriorityClass', isPodResource],
  ['CrossNamespacePodAffinity', isPodResource],
  ['BestEffort', (resource) => resource === 'pods'],
  [
    'VolumeAttributesClass',
    (r) => r === 'persistentvolumeclaims' || r === 'requests.storage' || r === 'storage',
  ],
]);

/** Scopes whose selector can only ask whether they exist. */
const EXISTS_ONLY = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);
const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

function hardErrors(hard: Part, field: string): FieldError[] {
  return sortedEntries(hard).flatMap(([name, value]) => {
    const path = `${field}[${name}]`;
    return [...quotaResourceNameErrors(name, path), ...resourceQuantityErrors(name, value, path)];
  });
}

function scopeFits(scope: string, resource: string): boolean {
  return !isStandardQuotaResource(resource) || (SCOPES.get(scope)?.(resource) ?? true);
}

function conflictErrors(scopes: ReadonlySet<string>, spec: Part, field: string): FieldError[] {
  return CONFLICTING.filter((pair) => pair.every((scope) => scopes.has(scope))).map(() =>
    invalid(field, spec.scopes, 'conflicting scopes'),
  );
}

function scopesErrors(spec: Part): FieldError[] {
  const field = 'spec.scopes';
  const scopes: string[] = list(spec.scopes);
  const hard = sortedEntries(spec.hard).map(([name]) => name);
  const errors: FieldError[] = [];
  for (const scope of scopes) {
    if (!SCOPES.has(scope)) errors.push(invalid(field, scopes, 'unsupported scope'));
    for (const name of hard) {
      if (!scopeFits(scope, name))
        errors.push(invalid(field, scopes, 'unsupported scope applied to resource'));
    }
  }
  return [...errors, ...conflictErrors(new Set(scopes), spec, field)];
}

function operatorErrors(requirement: Part, field: string): FieldError[] {
  const values = list(requirement.values);
  switch (requirement.operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [
            required(
              `${field}.values`,
              "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
            ),
          ];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [
            invalid(
              `${field}.values`,
              values,
              "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
            ),
          ];
    default:
      return [invalid(`${field}.operator`, requirement.operator ?? '', 'not a valid selector operator')];
  }
}

function scopeSelectorErrors(spec: Part): FieldError[] {
  if (spec.scopeSelector === undefined) return [];
  const field = 'spec.scopeSelector.matchExpressions';
  const requirements = list(spec.scopeSelector.matchExpressions);
  const hard = sortedEntries(spec.hard).map(([name]) => name);
  const errors: FieldError[] = [];
  for (const requirement of requirements) {
    const scope: string = requirement.scopeName ?? '';
    if (!SCOPES.has(scope)) errors.push(invalid(`${field}.scopeName`, scope, 'unsupported scope'));
    for (const name of hard) {
      if (!scopeFits(scope, name)) {
        errors.push(invalid(field, spec.scopeSelector, 'unsupported scope applied to resource'));
      }
    }
    if (EXISTS_ONLY.has(scope) && requirement.operator !== 'Exists') {
      errors.push(
        invalid(
          `${field}.operator`,
          requirement.operator ?? '',
          "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
        ),
      );
    }
    errors.push(...operatorErrors(requirement, field));
  }
  const scopes = new Set<string>(requirements.map((requirement) => requirement.scopeName));
  return [...errors, ...conflictErrors(scopes, spec, field)];
}

function specErrors(quota: KubeObject): FieldError[] {
  const spec = quota.spec ?? {};
  return [...hardErrors(spec.hard, 'spec.hard'), ...scopesErrors(spec), ...scopeSelectorErrors(spec)];
}

function statusErrors(quota: KubeObject): FieldError[] {
  return [...hardErrors(quota.status?.hard, 'status.hard'), ...hardErrors(quota.status?.used, 'status.used')];
}

function scopesChanged(quota: KubeObject, old: KubeObject): FieldError[] {
  const scopes = (object: KubeObject): string[] => [...new Set<string>(list(object.spec?.scopes))].sort();
  return deepEqual(scopes(quota), scopes(old))
    ? []
    : [invalid('spec.scopes', quota.spec?.scopes, FIELD_IMMUTABLE)];
}

export const resourceQuotaRules: KindRules = {
  setDefaults(quota) {
    for (const amounts of [quota.spec?.hard, quota.status?.hard, quota.status?.used]) roundToMilli(amounts);
  },
  prepareForCreate(quota) {
    quota.status = {};
  },
  prepareForUpdate(quota, old) {
    quota.status = old.status;
  },
  validate: (quota) => [...specErrors(quota), ...statusErrors(quota)],
  validateUpdate: (quota, old) => [...specErrors(quota), ...scopesChanged(quota, old)],
  status: {
    prepareForUpdate(quota, old) {
      quota.spec = old.spec;
    },
    validateUpdate: statusErrors,
  },
  generation: false,
};
