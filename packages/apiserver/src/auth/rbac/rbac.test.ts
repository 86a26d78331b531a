import { beforeEach, describe, expect, it } from 'vitest';
import { createAuthorizerUnion } from '../authorizer-union.ts';
import type { Attributes, UserInfo } from '../contract.ts';
import { forbiddenError } from '../forbidden.ts';
import { TestReader } from '../test-reader.ts';
import { checkEscalation } from './escalation.ts';
import { COLLECTION, type PolicyRule, RBAC_GROUP } from './policy.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RbacIndex } from './rbac-index.ts';
import { compactRules, uncoveredRules } from './rule-covers.ts';

const jane: UserInfo = { name: 'jane', groups: ['dev', 'system:authenticated'] };
const master: UserInfo = { name: 'root', groups: ['system:masters'] };

function ask(user: UserInfo, verb: string, what: string, namespace = '', name = '', group = ''): Attributes {
  const [resource = '', subresource = ''] = what.split('/');
  return {
    user,
    verb,
    isResource: true,
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name,
    path: '',
  };
}
const askPath = (user: UserInfo, verb: string, path: string): Attributes => ({
  user,
  verb,
  isResource: false,
  group: '',
  version: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  path,
});

let reader: TestReader;
let index: RbacIndex;
let rbac: RbacAuthorizer;

const ref = (kind: string, name: string) => ({ apiGroup: RBAC_GROUP, kind, name });
const clusterRole = (name: string, rules: PolicyRule[], more = {}) =>
  reader.put(COLLECTION.clusterRoles, { metadata: { name }, rules, ...more });
const role = (namespace: string, name: string, rules: PolicyRule[]) =>
  reader.put(COLLECTION.roles, { metadata: { namespace, name }, rules });
const clusterBinding = (name: string, roleName: string, subjects: object[]) =>
  reader.put(COLLECTION.clusterRoleBindings, {
    metadata: { name },
    roleRef: ref('ClusterRole', roleName),
    subjects,
  });
const binding = (namespace: string, name: string, kind: string, roleName: string, subjects: object[]) =>
  reader.put(COLLECTION.roleBindings, {
    metadata: { namespace, name },
    roleRef: ref(kind, roleName),
    subjects,
  });
const user = (name: string) => ({ kind: 'User', apiGroup: RBAC_GROUP, name });
const group = (name: string) => ({ kind: 'Group', apiGroup: RBAC_GROUP, name });
const rule = (verbs: string, resources: string, groups = [''], resourceNames?: string[]): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups,
  resources: resources.split(' '),
  ...(resourceNames ? { resourceNames } : {}),
});

beforeEach(() => {
  reader = new TestReader();
  index = new RbacIndex(reader);
  rbac = new RbacAuthorizer(index);
});

describe('the RBAC authorizer', () => {
  it('allows what a role of the user or of a group allows, and says by which binding', () => {
    clusterRole('reader', [rule('get list', 'pods')]);
    clusterBinding('readers', 'reader', [group('dev')]);
    expect(rbac.authorize(ask(jane, 'get', 'pods', 'any', 'p'))).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to Group "dev"',
    });
    expect(rbac.authorize(ask(jane, 'get', 'pods')).allowed).toBe(true);
    expect(rbac.authorize(ask(jane, 'delete', 'pods', 'any', 'p'))).toEqual({ allowed: false, reason: '' });
    expect(rbac.authorize(ask(jane, 'get', 'pods/log', 'any', 'p')).allowed).toBe(false);
    expect(rbac.authorize(ask(jane, 'get', 'pods', 'any', 'p', 'metrics.k8s.io')).allowed).toBe(false);
  });

  it('keeps role bindings within their namespace', () => {
    clusterRole('reader', [rule('get', 'pods')]);
    role('a', 'own', [rule('list', 'secrets')]);
    binding('a', 'b1', 'ClusterRole', 'reader', [user('jane')]);
    binding('a', 'b2', 'Role', 'own', [user('jane')]);
    expect(rbac.authorize(ask(jane, 'get', 'pods', 'a')).reason).toBe(
      'RBAC: allowed by RoleBinding "b1/a" of ClusterRole "reader" to User "jane"',
    );
    expect(rbac.authorize(ask(jane, 'list', 'secrets', 'a')).allowed).toBe(true);
    expect(rbac.authorize(ask(jane, 'get', 'pods', 'b')).allowed).toBe(false);
    expect(rbac.authorize(ask(jane, 'get', 'pods')).allowed).toBe(false);
  });

  it('knows service accounts by their user name, with the namespace of the binding by default', () => {
    role('a', 'r', [rule('get', 'pods')]);
    binding('a', 'b', 'Role', 'r', [
      { kind: 'ServiceAccount', name: 'bot' },
      { kind: 'ServiceAccount', name: 'far', namespace: 'z' },
    ]);
    const account = (name: string): UserInfo => ({ name: `system:serviceaccount:${name}`, groups: [] });
    expect(rbac.authorize(ask(account('a:bot'), 'get', 'pods', 'a')).reason).toContain(
      'to ServiceAccount "bot/a"',
    );
    expect(rbac.authorize(ask(account('z:far'), 'get', 'pods', 'a')).allowed).toBe(true);
    expect(rbac.authorize(ask(account('z:bot'), 'get', 'pods', 'a')).allowed).toBe(false);
  });

  it('matches subresources, wildcards and names as upstream', () => {
    clusterRole('r', [
      rule('get', '*/scale', ['*']),
      rule('update', 'pods', [''], ['one']),
      rule('create', 'pods/exec'),
      rule('*', '*', ['all']),
    ]);
    clusterBinding('b', 'r', [user('jane')]);
    const allowed = (verb: string, what: string, name = 'x', apiGroup = '') =>
      rbac.authorize(ask(jane, verb, what, 'n', name, apiGroup)).allowed;
    expect(allowed('get', 'deployments/scale', 'x', 'apps')).toBe(true);
    expect(allowed('get', 'deployments', 'x', 'apps')).toBe(false);
    expect(allowed('get', 'deployments/status', 'x', 'apps')).toBe(false);
    expect(allowed('update', 'pods', 'one')).toBe(true);
    expect(allowed('update', 'pods', 'two')).toBe(false);
    expect(allowed('create', 'pods/exec')).toBe(true);
    expect(allowed('fly', 'anything/at-all', 'x', 'all')).toBe(true);
  });

  it('matches paths with stars at the end', () => {
    clusterRole('r', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/api/*', '/x**'] }]);
    clusterBinding('b', 'r', [user('jane')]);
    const allowed = (path: string) => rbac.authorize(askPath(jane, 'get', path)).allowed;
    expect(['/healthz', '/api/', '/api/v1', '/xyz'].map(allowed)).toEqual([true, true, true, true]);
    expect(['/healthz/a', '/api', '/'].map(allowed)).toEqual([false, false, false]);
  });

  it('follows changes of roles and bindings', () => {
    clusterRole('r', [rule('get', 'pods')]);
    clusterBinding('b', 'r', [user('jane')]);
    clusterRole('r', [rule('list', 'pods')]);
    expect(rbac.authorize(ask(jane, 'get', 'pods')).allowed).toBe(false);
    clusterBinding('b', 'r', [user('joe')]);
    expect(rbac.authorize(ask(jane, 'list', 'pods')).allowed).toBe(false);
    clusterBinding('b', 'r', [user('jane'), user('joe')]);
    expect(rbac.authorize(ask(jane, 'list', 'pods')).allowed).toBe(true);
    reader.remove(COLLECTION.clusterRoleBindings, '', 'b');
    expect(rbac.authorize(ask(jane, 'list', 'pods')).allowed).toBe(false);
    index.close();
    clusterBinding('b', 'r', [user('jane')]);
    expect(rbac.authorize(ask(jane, 'list', 'pods')).allowed).toBe(false);
  });

  it('says which roles are missing, and the 403 reads as upstream', () => {
    clusterBinding('b', 'gone', [user('jane')]);
    binding('default', 'c', 'Role', 'lost', [user('jane')]);
    const attributes = ask(jane, 'list', 'pods', 'default');
    const decision = rbac.authorize(attributes);
    expect(decision.reason).toBe(
      'RBAC: [clusterrole.rbac.authorization.k8s.io "gone" not found, role.rbac.authorization.k8s.io "lost" not found]',
    );
    const error = forbiddenError(ask(jane, 'list', 'pods', 'default'), '');
    expect(error.status).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      details: { kind: 'pods' },
      message:
        'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    });
    expect(forbiddenError(ask(jane, 'get', 'deployments/scale', '', 'x', 'apps'), 'because').message).toBe(
      'deployments.apps "x" is forbidden: User "jane" cannot get resource "deployments/scale" in API group "apps" at the cluster scope: because',
    );
    expect(forbiddenError(askPath(jane, 'get', '/<b>'), '').message).toBe(
      'forbidden: User "jane" cannot get path "/&lt;b&gt;"',
    );
  });

  it('lets members of system:masters do anything', () => {
    expect(createAuthorizerUnion([rbac]).authorize(ask(master, 'delete', 'nodes')).allowed).toBe(true);
    expect(createAuthorizerUnion([rbac]).authorize(ask(jane, 'delete', 'nodes')).allowed).toBe(false);
  });

  it('lists the rules of a user, each binding once', () => {
    clusterRole('r', [rule('get', 'pods', [''], ['x']), { verbs: ['get'], nonResourceURLs: ['/x'] }]);
    clusterBinding('b', 'r', [user('jane'), group('dev')]);
    binding('n', 'b', 'Role', 'gone', [user('jane')]);
    expect(rbac.rulesFor(jane, 'n')).toEqual({
      resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
      incomplete: false,
      evaluationError: 'role.rbac.authorization.k8s.io "gone" not found',
    });
  });

  it('is harmless to names of object properties', () => {
    clusterBinding('__proto__', 'constructor', [user('__proto__'), group('constructor')]);
    expect(
      rbac.authorize(ask({ name: '__proto__', groups: ['constructor'] }, 'toString', 'valueOf')).allowed,
    ).toBe(false);
    clusterRole('constructor', [rule('toString', 'valueOf')]);
    expect(rbac.authorize(ask({ name: '__proto__', groups: [] }, 'toString', 'valueOf')).allowed).toBe(true);
  });

  it('finds one grant among thousands of bindings', () => {
    clusterRole(
      'big',
      Array.from({ length: 30 }, (_, i) =>
        rule('get list watch create update patch delete', `r${i}a r${i}b r${i}c`),
      ),
    );
    for (let i = 0; i < 5000; i++)
      binding(`ns${i % 50}`, `b${i}`, 'ClusterRole', 'big', [user(`u${i}`), group('everyone')]);
    for (let i = 0; i < 5000; i++)
      clusterBinding(`b${i}`, 'big', [
        user(`u${i}`),
        { kind: 'ServiceAccount', name: `s${i}`, namespace: 'x' },
      ]);
    const attributes = ask(
      { name: 'u4999', groups: ['system:authenticated', 'a', 'b'] },
      'get',
      'r29c',
      'ns49',
      'x',
    );
    expect(rbac.authorize(attributes).allowed).toBe(true);
    expect(rbac.authorize({ ...attributes, resource: 'r30a' }).allowed).toBe(false);
  });
});

describe('covering of rules', () => {
  it('finds what is not held, broken down and compacted', () => {
    const missing = uncoveredRules([rule('get', 'pods')], [rule('get list watch', 'pods secrets')]);
    expect(missing).toHaveLength(5);
    expect(compactRules(missing)).toEqual([rule('list watch', 'pods'), rule('get list watch', 'secrets')]);
  });

  it('knows names, subresources and paths', () => {
    expect(uncoveredRules([rule('get', 'pods', [''], ['a'])], [rule('get', 'pods')])).toHaveLength(1);
    expect(uncoveredRules([rule('get', 'pods')], [rule('get', 'pods', [''], ['a'])])).toHaveLength(0);
    expect(uncoveredRules([rule('get', '*/scale')], [rule('get', 'x/scale')])).toHaveLength(0);
    expect(
      uncoveredRules(
        [{ verbs: ['*'], nonResourceURLs: ['/a*'] }],
        [{ verbs: ['get'], nonResourceURLs: ['/abc'] }],
      ),
    ).toHaveLength(0);
    expect(
      uncoveredRules(
        [{ verbs: ['*'], nonResourceURLs: ['/a'] }],
        [{ verbs: ['get'], nonResourceURLs: ['/abc'] }],
      ),
    ).toHaveLength(1);
  });

  it('refuses to compare without bound', () => {
    const many = Array.from({ length: 1000 }, (_, i) => rule('get', `r${i}`));
    expect(() => uncoveredRules(many, many, 10_000)).toThrow(RangeError);
  });
});

describe('privilege escalation', () => {
  const check = (resource: string, object: object, by: UserInfo = jane, old?: object) =>
    checkEscalation(
      {
        resource,
        namespace: resource.startsWith('cluster') ? '' : 'n',
        requestName: '',
        object: object as never,
        old: old as never,
        user: by,
      },
      { authorizer: createAuthorizerUnion([rbac]), index, reader },
    );
  const newRole = { metadata: { name: 'x' }, rules: [rule('get list', 'pods'), rule('*', 'secrets')] };

  it('of roles is refused with what is lacking', () => {
    clusterRole('r', [rule('get', 'pods')]);
    clusterBinding('b', 'r', [user('jane')]);
    expect(() => check('clusterroles', newRole)).toThrow(
      'clusterroles.rbac.authorization.k8s.io "x" is forbidden: user "jane" (groups=["dev" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n{APIGroups:[""], Resources:["secrets"], Verbs:["*"]}',
    );
    expect(() => check('clusterroles', newRole, master)).not.toThrow();
    expect(() =>
      check('clusterroles', { metadata: { name: 'x' }, rules: [rule('get', 'pods')] }),
    ).not.toThrow();
  });

  it('by aggregation needs everything', () => {
    const aggregated = { metadata: { name: 'x' }, aggregationRule: { clusterRoleSelectors: [{}] } };
    expect(() => check('clusterroles', aggregated)).toThrow(
      'must have cluster-admin privileges to use the aggregationRule',
    );
  });

  it('is free for holders of escalate, and for the garbage collector', () => {
    expect(() =>
      check('roles', newRole, jane, { ...newRole, metadata: { name: 'x', finalizers: ['f'] } }),
    ).not.toThrow();
    clusterRole('r', [rule('escalate', 'roles', [RBAC_GROUP])]);
    clusterBinding('b', 'r', [user('jane')]);
    expect(() => check('roles', newRole)).not.toThrow();
    expect(() => check('clusterroles', newRole)).toThrow('not currently held');
  });

  it("by bindings needs the role's rules or bind on it", () => {
    clusterRole('strong', [rule('*', '*', ['*'])]);
    const strong = {
      metadata: { name: 'x' },
      roleRef: ref('ClusterRole', 'strong'),
      subjects: [user('jane')],
    };
    expect(() => check('rolebindings', strong)).toThrow(
      'rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "jane"',
    );
    expect(() => check('clusterrolebindings', { ...strong, roleRef: ref('ClusterRole', 'none') })).toThrow(
      'clusterroles.rbac.authorization.k8s.io "none" not found',
    );
    role('n', 'binder', [rule('bind', 'clusterroles', [RBAC_GROUP], ['strong'])]);
    binding('n', 'binder', 'Role', 'binder', [user('jane')]);
    expect(() => check('rolebindings', strong)).not.toThrow();
    expect(() => check('clusterrolebindings', strong)).toThrow('not currently held');
  });
});
