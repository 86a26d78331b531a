import { goQuote } from '@sampan/api';
import { SharedValues } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { UserInfo } from '../contract.ts';
import { serviceAccountUser } from '../users.ts';
import { CompiledRole } from './compiled-role.ts';
import {
  type BindingObject,
  COLLECTION,
  type PolicyRule,
  RBAC_GROUP,
  type RbacSubject,
  type RoleObject,
  type RoleRef,
} from './policy.ts';

/** What a request needs to know of a binding. */
interface Binding {
  readonly namespace: string;
  readonly name: string;
  readonly roleRef: RoleRef;
}

/** A binding seen from one of its subjects. */
export interface Grant {
  readonly binding: Binding;
  readonly subject: RbacSubject;
}

/** By subject, each binding once. */
type Grants = Map<string, Grant[]>;

/** Most bindings are those that every cluster has. */
const sharedBindings = new SharedValues<Binding>();
const sharedGrants = new SharedValues<Grant>();

/**
 * Roles by name and bindings by subject, kept up to date by the reader's watches: a request looks only at what is
 * bound to its user and groups, however many bindings there are. `close` ends the watches.
 */
export class RbacIndex {
  readonly #clusterRoles = new Map<string, CompiledRole>();
  readonly #roles = new Map<string, CompiledRole>();
  readonly #clusterGrants: Grants = new Map();
  readonly #namespaceGrants = new Map<string, Grants>();
  readonly #stops: (() => void)[] = [];

  constructor(reader: ObjectReader) {
    this.#follow<RoleObject>(reader, COLLECTION.clusterRoles, (role, present) =>
      setOrDelete(
        this.#clusterRoles,
        role.metadata.name ?? '',
        present ? CompiledRole.of(role.rules ?? []) : undefined,
      ),
    );
    this.#follow<RoleObject>(reader, COLLECTION.roles, (role, present) =>
      setOrDelete(
        this.#roles,
        keyOf(role.metadata.namespace ?? '', role.metadata.name ?? ''),
        present ? CompiledRole.of(role.rules ?? []) : undefined,
      ),
    );
    this.#follow<BindingObject>(reader, COLLECTION.clusterRoleBindings, (binding, present) => {
      updateGrants(this.#clusterGrants, binding, '', present);
    });
    this.#follow<BindingObject>(reader, COLLECTION.roleBindings, (binding, present) => {
      const namespace = binding.metadata.namespace ?? '';
      let grants = this.#namespaceGrants.get(namespace);
      if (!grants) {
        if (!present) return;
        grants = new Map();
        this.#namespaceGrants.set(namespace, grants);
      }
      updateGrants(grants, binding, namespace, present);
      if (grants.size === 0) this.#namespaceGrants.delete(namespace);
    });
  }

  /** Calls `visit` with each grant of the user until it returns true; cluster-wide ones first. */
  visitGrants(
    user: UserInfo,
    namespace: string,
    visit: (grant: Grant, namespace: string) => boolean,
  ): boolean {
    if (visitIn(this.#clusterGrants, user, '', visit)) return true;
    const local = namespace === '' ? undefined : this.#namespaceGrants.get(namespace);
    return local !== undefined && visitIn(local, user, namespace, visit);
  }

  /** The role that a binding of the namespace ('' for cluster-wide) refers to; undefined when there is none. */
  role(ref: RoleRef, namespace: string): CompiledRole | undefined {
    if (ref.kind === 'ClusterRole') return this.#clusterRoles.get(ref.name);
    return ref.kind === 'Role' ? this.#roles.get(keyOf(namespace, ref.name)) : undefined;
  }

  /** All rules of a user, each binding once, and what could not be resolved. */
  rulesFor(user: UserInfo, namespace: string): { rules: PolicyRule[]; errors: string[] } {
    const rules: PolicyRule[] = [];
    const errors: string[] = [];
    const seen = new Set<Binding>();
    this.visitGrants(user, namespace, ({ binding }, bindingNamespace) => {
      if (seen.has(binding)) return false;
      seen.add(binding);
      const role = this.role(binding.roleRef, bindingNamespace);
      if (role) rules.push(...role.rules);
      else errors.push(missingRole(binding.roleRef));
      return false;
    });
    return { rules, errors };
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #follow<T extends RoleObject | BindingObject>(
    reader: ObjectReader,
    collection: string,
    apply: (object: T, present: boolean) => void,
  ): void {
    this.#stops.push(
      reader.watch<T>(collection, ({ type, object, previous }) => {
        if (previous) apply(previous, false);
        if (type === 'deleted') apply(object, false);
        else apply(object, true);
      }),
    );
    for (const object of reader.list<T>(collection)) apply(object, true);
  }
}

/** The lister's text for a role that is not there: singular, unlike the API's own. */
export function missingRole(ref: RoleRef): string {
  if (ref.kind !== 'ClusterRole' && ref.kind !== 'Role')
    return `unsupported role reference kind: ${goQuote(ref.kind)}`;
  return `${ref.kind.toLowerCase()}.${RBAC_GROUP} ${goQuote(ref.name)} not found`;
}

function visitIn(
  grants: Grants,
  user: UserInfo,
  namespace: string,
  visit: (grant: Grant, namespace: string) => boolean,
): boolean {
  const visitAll = (key: string): boolean => {
    const found = grants.get(key);
    return found?.some((grant) => visit(grant, namespace)) ?? false;
  };
  return visitAll(`u:${user.name}`) || user.groups.some((group) => visitAll(`g:${group}`));
}

function updateGrants(grants: Grants, binding: BindingObject, namespace: string, present: boolean): void {
  const { name = '' } = binding.metadata;
  const isOther = (grant: Grant): boolean => grant.binding.name !== name;
  const told = new Set<string>();
  for (const subject of binding.subjects ?? []) {
    const key = subjectKey(subject, namespace);
    // of several subjects that are the same the first describes the grant
    if (key === undefined || told.has(key)) continue;
    told.add(key);
    const others = grants.get(key)?.filter(isOther) ?? [];
    if (present) others.push(grantOf(namespace, binding, subject));
    if (others.length > 0) grants.set(key, others);
    else grants.delete(key);
  }
}

function grantOf(namespace: string, { metadata, roleRef }: BindingObject, subject: RbacSubject): Grant {
  const { name = '' } = metadata;
  const parts = { namespace, name, roleRef };
  const text = JSON.stringify(parts);
  return sharedGrants.get(`${text} ${JSON.stringify(subject)}`, () => ({
    binding: sharedBindings.get(text, () => parts),
    subject,
  }));
}

/** ServiceAccounts are users with a fixed name. Undefined for subjects that match nobody. */
function subjectKey(subject: RbacSubject, bindingNamespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return `u:${subject.name}`;
    case 'Group':
      return `g:${subject.name}`;
    case 'ServiceAccount': {
      const namespace = subject.namespace ? subject.namespace : bindingNamespace;
      return namespace === '' ? undefined : `u:${serviceAccountUser(namespace, subject.name)}`;
    }
    default:
      return undefined;
  }
}

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

function setOrDelete<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
