import type { KubeObject } from '@sampan/api';

/** v1 ScopedResourceSelectorRequirement. */
export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** `spec.scopes` and `spec.scopeSelector` as one list; an object must be in all of them. */
export function scopesOf(quota: KubeObject): ScopeRequirement[] {
  const plain: string[] = quota.spec?.scopes ?? [];
  const selected: ScopeRequirement[] = quota.spec?.scopeSelector?.matchExpressions ?? [];
  return [...plain.map((scopeName) => ({ scopeName, operator: 'Exists' })), ...selected];
}

/** A value against a requirement, as labels are matched; an empty value is none. */
export function matchesRequirement({ operator, values = [] }: ScopeRequirement, value: unknown): boolean {
  const present = typeof value === 'string' && value !== '';
  switch (operator) {
    case 'In':
      return present && values.includes(value);
    case 'NotIn':
      return !present || !values.includes(value);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    default:
      return false;
  }
}
