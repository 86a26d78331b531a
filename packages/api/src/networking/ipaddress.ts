import { dns1123Subdomain, each, immutable, pathSegmentName } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { isValidIP } from '../validation/ip.ts';

function validate(address: KubeObject): FieldError[] {
  const parent = address.spec?.parentRef;
  const field = 'spec.parentRef';
  if (parent === undefined) return [required(field)];
  const errors = parent.group ? each(`${field}.group`, parent.group, dns1123Subdomain(parent.group)) : [];
  for (const key of ['resource', 'name', 'namespace']) {
    const path = `${field}.${key}`;
    if (parent[key]) errors.push(...each(path, parent[key], pathSegmentName(parent[key])));
    else if (key !== 'namespace') errors.push(required(path));
  }
  return errors;
}

export const ipAddressRules: KindRules = {
  validate,
  validateUpdate: (address, old) => immutable('spec.parentRef', address.spec?.parentRef, old.spec?.parentRef),
  validateName: (name) => isValidIP('', name).map((error) => error.detail),
  selectableFields: {
    'spec.parentRef.group': (address) => address.spec?.parentRef?.group ?? '',
    'spec.parentRef.resource': (address) => address.spec?.parentRef?.resource ?? '',
    'spec.parentRef.namespace': (address) => address.spec?.parentRef?.namespace ?? '',
    'spec.parentRef.name': (address) => address.spec?.parentRef?.name ?? '',
  },
};
