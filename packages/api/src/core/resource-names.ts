import { type FieldError, invalid } from '../meta/field-error.ts';
import { IS_NEGATIVE, NOT_INTEGER, NOT_POSITIVE } from '../validation/messages.ts';
import { each, qualifiedName, quantity } from './shared.ts';

/** Which resource names are known, and what holds for them (upstream's core/helper). */
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const COUNTED = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const QUOTA = new Set([
  ...COMPUTE,
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  ...COUNTED,
]);
const STANDARD = new Set([...QUOTA, 'storage']);
const INTEGER = new Set(COUNTED);
const HUGE_PAGES = 'hugepages-';

export const isHugePages = (name: string): boolean => name.startsWith(HUGE_PAGES);
const isQuotaHugePages = (name: string): boolean =>
  isHugePages(name) || name.startsWith(`requests.${HUGE_PAGES}`);
export const isNativeResource = (name: string): boolean =>
  !name.includes('/') || name.includes('kubernetes.io/');
export const isOvercommitAllowed = (name: string): boolean => isNativeResource(name) && !isHugePages(name);
export const isStandardQuotaResource = (name: string): boolean => QUOTA.has(name) || isQuotaHugePages(name);

export function isExtendedResource(name: string): boolean {
  return (
    !isNativeResource(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0
  );
}

export function resourceNameErrors(name: string, field: string): FieldError[] {
  const errors = each(field, name, qualifiedName(name));
  if (errors.length > 0 || name.includes('/') || STANDARD.has(name) || isQuotaHugePages(name)) return errors;
  return [invalid(field, name, 'must be a standard resource type or fully qualified')];
}

export function containerResourceNameErrors(name: string, field: string): FieldError[] {
  const errors = resourceNameErrors(name, field);
  if (!name.includes('/')) {
    if (!COMPUTE.includes(name) && !isHugePages(name)) {
      errors.push(invalid(field, name, 'must be a standard resource for containers'));
    }
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(field, name, "doesn't follow extended resource name standard"));
  }
  return errors;
}

export function quotaResourceNameErrors(name: string, field: string): FieldError[] {
  const errors = resourceNameErrors(name, field);
  if (!name.includes('/') && !isStandardQuotaResource(name)) {
    errors.push(invalid(field, name, 'must be a standard resource for quota'));
  }
  return errors;
}

/** ValidateResourceQuantityValue: not negative, and whole for what is counted. */
export function resourceQuantityErrors(name: string, value: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const amount = quantity(value);
  if (amount.sign() < 0) errors.push(invalid(field, amount.toString(), IS_NEGATIVE));
  if ((INTEGER.has(name) || isExtendedResource(name)) && !amount.isMultipleOf(0)) {
    errors.push(invalid(field, amount.toString(), NOT_INTEGER));
  }
  return errors;
}

export function positiveQuantityErrors(value: string, field: string): FieldError[] {
  const amount = quantity(value);
  return amount.sign() > 0 ? [] : [invalid(field, amount.toString(), NOT_POSITIVE)];
}

/** validateBasicResource */
export function basicResourceErrors(value: string, field: string): FieldError[] {
  const amount = quantity(value);
  return amount.sign() < 0 ? [invalid(field, amount.value(), 'must be a valid resource quantity')] : [];
}
