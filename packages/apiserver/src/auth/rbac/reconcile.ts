import type { KubeObject } from '@sampan/api';
import { deepClone, deepEqual } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from './default-cluster-roles.ts';
import { CONTROLLER_ROLE_BINDINGS, CONTROLLER_ROLES } from './default-controller-roles.ts';
import { NAMESPACE_ROLE_BINDINGS, NAMESPACE_ROLES } from './default-namespace-roles.ts';
import { AUTO_UPDATE, type BindingObject, COLLECTION, type RbacSubject, type RoleObject } from './policy.ts';
import { uncoveredRules } from './rule-covers.ts';

/** One write that brings the stored default policy up to date. */
export interface PolicyChange {
  readonly action: 'create' | 'update' | 'recreate';
  /** As ObjectReader names it. */
  readonly collection: string;
  /** The object to write; of an update it carries the stored metadata. Own copy, not frozen. */
  readonly object: KubeObject;
}

/** Cluster-wide roles and who has them. */
export interface DefaultPolicy {
  readonly roles: readonly RoleObject[];
  readonly bindings: readonly BindingObject[];
}

/**
 * What has to be written so that all default roles and bindings are there with at least their permissions and
 * subjects (Kubernetes docs "Auto-reconciliation"). Additions by users stay; objects annotated
 * `rbac.authorization.kubernetes.io/autoupdate: "false"` are left alone. Empty when all is well: run at each start.
 */
export function planDefaultPolicy(reader: ObjectReader, more: Partial<DefaultPolicy> = {}): PolicyChange[] {
  return [
    ...plan(
      reader,
      COLLECTION.clusterRoles,
      [...CLUSTER_ROLES, ...CONTROLLER_ROLES, ...(more.roles ?? [])],
      reconcileRole,
    ),
    ...plan(
      reader,
      COLLECTION.clusterRoleBindings,
      [...CLUSTER_ROLE_BINDINGS, ...CONTROLLER_ROLE_BINDINGS, ...(more.bindings ?? [])],
      reconcileBinding,
    ),
    ...plan(reader, COLLECTION.roles, NAMESPACE_ROLES, reconcileRole),
    ...plan(reader, COLLECTION.roleBindings, NAMESPACE_ROLE_BINDINGS, reconcileBinding),
  ];
}

/** The changed object, `'recreate'` when it cannot be changed, undefined when it is as it should be. */
type Reconcile<T> = (existing: T, expected: T) => T | 'recreate' | undefined;

function plan<T extends KubeObject>(
  reader: ObjectReader,
  collection: string,
  expected: readonly T[],
  reconcile: Reconcile<T>,
): PolicyChange[] {
  const changes: PolicyChange[] = [];
  for (const wanted of expected) {
    const existing = reader.get<T>(collection, wanted.metadata.namespace ?? '', wanted.metadata.name ?? '');
    if (!existing) {
      changes.push({ action: 'create', collection, object: deepClone(wanted) });
    } else if (existing.metadata.annotations?.[AUTO_UPDATE] !== 'false') {
      const object = reconcile(existing, wanted);
      if (object === 'recreate') changes.push({ action: 'recreate', collection, object: deepClone(wanted) });
      else if (object) changes.push({ action: 'update', collection, object });
    }
  }
  return changes;
}

export function reconcileRole(existing: RoleObject, expected: RoleObject): RoleObject | undefined {
  if (
    hasMetadata(existing, expected) &&
    deepEqual(existing.aggregationRule, expected.aggregationRule) &&
    (expected.rules === null || deepEqual(existing.rules, expected.rules))
  ) {
    return undefined;
  }
  const result = deepClone(existing);
  mergeMetadata(result, expected);
  const missing = uncoveredRules(existing.rules ?? [], expected.rules ?? []);
  if (missing.length > 0) result.rules = [...(result.rules ?? []), ...missing];
  if (!expected.aggregationRule) delete result.aggregationRule;
  else {
    const selectors = result.aggregationRule?.clusterRoleSelectors ?? [];
    const wanted = expected.aggregationRule.clusterRoleSelectors ?? [];
    const added = wanted.filter((selector) => !selectors.some((known) => deepEqual(known, selector)));
    if (added.length > 0)
      result.aggregationRule = { clusterRoleSelectors: [...selectors, ...deepClone(added)] };
  }
  return deepEqual(result, existing) ? undefined : result;
}

export function reconcileBinding(
  existing: BindingObject,
  expected: BindingObject,
): BindingObject | 'recreate' | undefined {
  if (!deepEqual(existing.roleRef, expected.roleRef)) return 'recreate';
  if (hasMetadata(existing, expected) && deepEqual(existing.subjects, expected.subjects)) return undefined;
  const result = deepClone(existing);
  mergeMetadata(result, expected);
  const subjects = existing.subjects ?? [];
  const missing = (expected.subjects ?? []).filter(
    (subject) => !subjects.some((known) => sameSubject(known, subject)),
  );
  if (missing.length > 0) result.subjects = [...subjects, ...deepClone(missing)];
  return deepEqual(result, existing) ? undefined : result;
}

const sameSubject = (a: RbacSubject, b: RbacSubject): boolean =>
  a.kind === b.kind &&
  a.name === b.name &&
  (a.namespace ?? '') === (b.namespace ?? '') &&
  (a.apiGroup ?? '') === (b.apiGroup ?? '');

/** What is stored wins over the default. */
function mergeMetadata(target: KubeObject, expected: KubeObject): void {
  target.metadata.labels = { ...expected.metadata.labels, ...target.metadata.labels };
  target.metadata.annotations = { ...expected.metadata.annotations, ...target.metadata.annotations };
}

/** The usual case at a start: nothing to do, found without a copy. */
function hasMetadata(existing: KubeObject, expected: KubeObject): boolean {
  const { labels = {}, annotations = {} } = existing.metadata;
  return (
    Object.keys(expected.metadata.labels ?? {}).every((key) => Object.hasOwn(labels, key)) &&
    Object.keys(expected.metadata.annotations ?? {}).every((key) => Object.hasOwn(annotations, key))
  );
}
