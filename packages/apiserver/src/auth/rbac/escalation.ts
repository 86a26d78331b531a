import { errors, goQuote, type KubeObject, type StatusError } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { Authorizer, UserInfo } from '../contract.ts';
import { isMaster } from '../users.ts';
import {
  type BindingObject,
  COLLECTION,
  type PolicyRule,
  RBAC_GROUP,
  type RoleObject,
  type RoleRef,
} from './policy.ts';
import type { RbacIndex } from './rbac-index.ts';
import { compactRules, describeRule, quoteList, uncoveredRules } from './rule-covers.ts';

export interface EscalationCheck {
  /** `roles`, `clusterroles`, `rolebindings` or `clusterrolebindings`. */
  readonly resource: string;
  /** '' for cluster-scoped. */
  readonly namespace: string;
  /** The request's name: '' at create. */
  readonly requestName: string;
  readonly object: KubeObject;
  /** Absent at create. */
  readonly old?: KubeObject | undefined;
  readonly user: UserInfo;
}

export interface EscalationContext {
  readonly authorizer: Authorizer;
  readonly index: RbacIndex;
  readonly reader: ObjectReader;
}

/** The resources whose writes are checked. */
export function isEscalationChecked(group: string, resource: string): boolean {
  return (
    group === RBAC_GROUP &&
    (isRole(resource) || resource === 'rolebindings' || resource === 'clusterrolebindings')
  );
}

/**
 * Nobody may hand out more than they hold (Kubernetes docs "Privilege escalation prevention and bootstrapping"):
 * throws Forbidden when a role or binding would, NotFound when a binding's role is not there. Members of
 * system:masters, holders of `escalate` on roles and of `bind` on the bound role are free.
 */
export function checkEscalation(check: EscalationCheck, context: EscalationContext): void {
  if (isMaster(check.user)) return;
  if (check.old && onlyCollectorFieldsDiffer(check.object, check.old)) return;
  if (isRole(check.resource)) checkRole(check, context);
  else checkBinding(check, context);
}

const isRole = (resource: string): boolean => resource === 'roles' || resource === 'clusterroles';

const FULL_AUTHORITY: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

function checkRole(check: EscalationCheck, context: EscalationContext): void {
  if (mayEscalate(check, context.authorizer)) return;
  const role = check.object as RoleObject;
  const reason = missingRights(check, context, role.rules ?? []);
  if (reason !== undefined) throw forbid(check, reason);
  const aggregates = [role, check.old as RoleObject | undefined].some(
    (each) => (each?.aggregationRule?.clusterRoleSelectors?.length ?? 0) > 0,
  );
  if (
    check.resource === 'clusterroles' &&
    aggregates &&
    missingRights(check, context, FULL_AUTHORITY) !== undefined
  ) {
    throw forbid(check, 'must have cluster-admin privileges to use the aggregationRule');
  }
}

function checkBinding(check: EscalationCheck, context: EscalationContext): void {
  const { roleRef } = check.object as BindingObject;
  if (mayBind(check, roleRef, context.authorizer)) return;
  const role = findRole(context.reader, roleRef, check.namespace);
  const reason = missingRights(check, context, role.rules ?? []);
  if (reason !== undefined) throw forbid(check, reason);
}

function forbid(check: EscalationCheck, reason: string): StatusError {
  return errors.forbidden(
    { group: RBAC_GROUP, resource: check.resource },
    check.object.metadata.name ?? '',
    reason,
  );
}

function mayEscalate(check: EscalationCheck, authorizer: Authorizer): boolean {
  return authorizer.authorize({
    ...attributes(check, 'escalate'),
    resource: check.resource,
    name: check.requestName,
  }).allowed;
}

function mayBind(check: EscalationCheck, roleRef: RoleRef, authorizer: Authorizer): boolean {
  const resource = roleRef.kind === 'ClusterRole' ? 'clusterroles' : roleRef.kind === 'Role' ? 'roles' : '';
  if (resource === '') return false;
  return authorizer.authorize({
    ...attributes(check, 'bind'),
    group: roleRef.apiGroup,
    resource,
    name: roleRef.name,
  }).allowed;
}

function attributes(check: EscalationCheck, verb: string) {
  return {
    user: check.user,
    verb,
    isResource: true,
    group: RBAC_GROUP,
    version: '*',
    subresource: '',
    namespace: check.namespace,
    path: '',
  };
}

function findRole(reader: ObjectReader, ref: RoleRef, namespace: string): RoleObject {
  const isCluster = ref.kind === 'ClusterRole';
  const role = isCluster
    ? reader.get<RoleObject>(COLLECTION.clusterRoles, '', ref.name)
    : reader.get<RoleObject>(COLLECTION.roles, namespace, ref.name);
  if (role) return role;
  throw errors.notFound({ group: RBAC_GROUP, resource: isCluster ? 'clusterroles' : 'roles' }, ref.name);
}

/** The text of what the user lacks; undefined when nothing. */
function missingRights(
  check: EscalationCheck,
  { index }: EscalationContext,
  wanted: readonly PolicyRule[],
): string | undefined {
  const owned = index.rulesFor(check.user, check.namespace);
  let missing: PolicyRule[];
  try {
    missing = uncoveredRules(owned.rules, wanted);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
  if (missing.length === 0) return undefined;
  const lines = [...new Set(compactRules(missing).map(describeRule))].sort();
  const unresolved = owned.errors.length > 0 ? `; resolution errors: [${owned.errors.join(' ')}]` : '';
  return `user ${goQuote(check.user.name)} (groups=${quoteList(check.user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}${unresolved}`;
}

/** The garbage collector may remove owners and finalizers of roles it could not grant. */
function onlyCollectorFieldsDiffer(object: KubeObject, old: KubeObject): boolean {
  const bare = (each: KubeObject): unknown => {
    const {
      ownerReferences: _o,
      finalizers: _f,
      managedFields: _m,
      selfLink: _s,
      ...metadata
    } = each.metadata;
    return { ...each, metadata };
  };
  return deepEqual(bare(object), bare(old));
}
