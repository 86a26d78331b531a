import { deepEqual } from '@sampan/base';
import type { KubeObject } from '../meta/object.ts';
import { compileLabelSelector, type LabelSelector } from '../validation/label-selector.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export interface PolicyRule {
  verbs: readonly string[];
  apiGroups?: readonly string[];
  resources?: readonly string[];
  resourceNames?: readonly string[];
  nonResourceURLs?: readonly string[];
}

/** A Role or ClusterRole. */
export interface RoleObject extends KubeObject {
  rules?: readonly PolicyRule[] | null;
  aggregationRule?: { clusterRoleSelectors?: LabelSelector[] };
}

/**
 * The rules an aggregated ClusterRole should have: those of all others that one of its selectors matches, in order
 * of selector and name, each once (kubernetes clusterroleaggregation controller). Undefined when the role does not
 * aggregate. Pure; `roles` in any order. Throws on a selector that is not valid.
 */
export function aggregatedRules(role: RoleObject, roles: readonly RoleObject[]): PolicyRule[] | undefined {
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (!selectors) return undefined;
  const others = roles
    .filter((other) => other.metadata.name !== role.metadata.name)
    .sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const selector of selectors) {
    const matcher = compileLabelSelector(selector);
    for (const other of others) {
      if (!matcher.matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? [])
        if (!rules.some((known) => deepEqual(known, rule))) rules.push(rule);
    }
  }
  return rules;
}
