/** Authentication, authorization, RBAC with its escalation checks, impersonation and the reviews. */
import {
  get,
  kindScenario,
  namespace,
  patch,
  post,
  put,
  remove,
  serviceAccount,
  variants,
} from '../build.ts';
import type { Scenario } from '../step.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const NS = '/api/v1/namespaces/trial-access';
const ROLES = `${RBAC}/namespaces/trial-access/roles`;
const BINDINGS = `${RBAC}/namespaces/trial-access/rolebindings`;
const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'reader' },
  rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }],
};

export const ROLE_KIND = kindScenario({
  name: 'roles',
  before: [namespace('trial-roles')],
  collection: `${RBAC}/namespaces/trial-roles/roles`,
  object: role,
  cases: {
    'no rules': { rules: undefined },
    'rule without verbs': { rules: [{ apiGroups: [''], resources: ['pods'] }] },
    'rule without groups': { rules: [{ resources: ['pods'], verbs: ['get'] }] },
    'rule without resources': { rules: [{ apiGroups: [''], verbs: ['get'] }] },
    'rule on paths': { rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }] },
    'rule on paths and resources': {
      rules: [{ nonResourceURLs: ['/healthz'], apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    'resource names': {
      rules: [{ apiGroups: [''], resources: ['pods'], resourceNames: ['a'], verbs: ['get'] }],
    },
  },
  updates: { 'change rules': { rules: [] } },
});

export const CLUSTER_ROLE_KIND = kindScenario({
  name: 'clusterroles',
  collection: `${RBAC}/clusterroles`,
  object: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'trial:cr' },
    rules: [{ nonResourceURLs: ['/trial/*'], verbs: ['get'] }],
  },
  cases: {
    'bad aggregation': { aggregationRule: {} },
    'bad aggregation selector': {
      aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Odd' }] }] },
    },
    aggregation: { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'trial' } }] } },
  },
});

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'jane-reads' },
  subjects: [{ kind: 'User', name: 'jane' }],
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
};

export const ROLE_BINDING_KIND = kindScenario({
  name: 'rolebindings',
  before: [namespace('trial-roles')],
  collection: `${RBAC}/namespaces/trial-roles/rolebindings`,
  object: binding,
  cases: {
    'no role': { roleRef: undefined },
    'role of another group': { 'roleRef/apiGroup': 'example.com' },
    'role of another kind': { 'roleRef/kind': 'Odd' },
    'role without a name': { 'roleRef/name': '' },
    'no group of the role': { 'roleRef/apiGroup': undefined },
    'subjects of all kinds': {
      subjects: [
        { kind: 'User', name: 'a' },
        { kind: 'Group', name: 'b' },
        { kind: 'ServiceAccount', name: 'c', namespace: 'd' },
      ],
    },
    'account without a namespace': { subjects: [{ kind: 'ServiceAccount', name: 'c' }] },
    'account with a group': {
      subjects: [{ kind: 'ServiceAccount', name: 'c', namespace: 'd', apiGroup: 'x' }],
    },
    'bad account': { subjects: [{ kind: 'ServiceAccount', name: 'A_', namespace: 'B_' }] },
    'unknown subject': { subjects: [{ kind: 'Odd', name: 'c' }] },
    'subject without a name': { subjects: [{ kind: 'User' }] },
    'no subjects': { subjects: undefined },
  },
  updates: {
    'change the role': { 'roleRef/name': 'other' },
    'change subjects': { subjects: [{ kind: 'User', name: 'bob' }] },
  },
});

const jane = { as: { user: 'jane', groups: ['trial-people'] } } as const;
const AUTHZ = '/apis/authorization.k8s.io/v1';
const review = (kind: string, spec: object) => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
const attributes = (verb: string, resource: string, more: object = {}) => ({
  resourceAttributes: { namespace: 'trial-access', verb, resource, ...more },
});

export const ACCESS: Scenario = {
  name: 'access',
  steps: [
    namespace('trial-access'),
    serviceAccount('trial-access', 'robot'),
    post('role', ROLES, role, { prepare: true }),
    get('a stranger may not read', `${NS}/configmaps`, jane),
    get('a stranger may not read one', `${NS}/configmaps/x`, jane),
    get('a stranger may not read nodes', '/api/v1/nodes', jane),
    get('a stranger may not read in a group', '/apis/apps/v1/namespaces/trial-access/deployments', jane),
    get('a stranger may not watch', `${NS}/pods?watch=true`, { ...jane, events: 1 }),
    post('a stranger may not create', `${NS}/configmaps`, { metadata: { name: 'x' } }, jane),
    patch('a stranger may not patch', 'merge', `${NS}/configmaps/x`, {}, jane),
    remove('a stranger may not delete', `${NS}/configmaps/x`, undefined, jane),
    remove('a stranger may not delete all', `${NS}/configmaps`, undefined, jane),
    get('a stranger may not read a subresource', `${NS}/pods/x/status`, jane),
    get('a stranger may not read paths', '/metrics', jane),
    get('a stranger may see versions', '/version', { ...jane, ignore: ['/body/**'] }),
    get('a stranger may see groups', '/apis', { ...jane, ignore: ['/body/**'] }),
    post('bind', BINDINGS, binding, { prepare: true }),
    get('now jane reads', `${NS}/configmaps?labelSelector=none`, { ...jane, until: 200 }),
    get('but not secrets', `${NS}/secrets`, jane),
    get('nor elsewhere', '/api/v1/namespaces/default/configmaps', jane),
    get('nor everywhere', '/api/v1/configmaps', jane),
    post('nor create', `${NS}/configmaps`, { metadata: { name: 'x' } }, jane),
    get('anonymous may not read', `${NS}/configmaps`, { login: 'anonymous' }),
    get('anonymous may see the version', '/version', { login: 'anonymous', ignore: ['/body/**'] }),
    get('anonymous may see health', '/healthz', { login: 'anonymous' }),
    get('anonymous may not see groups', '/apis', { login: 'anonymous' }),
    get('anonymous may not see metrics', '/metrics', { login: 'anonymous' }),
    get('a nonsense token', `${NS}/configmaps`, { login: { token: 'nonsense' } }),
    get('a forged token', `${NS}/configmaps`, {
      login: { token: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA' },
    }),
    post(
      'token',
      `${NS}/serviceaccounts/robot/token`,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      { capture: { token: 'status.token' }, ignore: ['/body/spec/audiences/**', '/body/spec/audiences'] },
    ),
    get('a good token without rights', `${NS}/configmaps`, { login: { token: '%{token}' } }),
    post(
      'token review',
      '/apis/authentication.k8s.io/v1/tokenreviews',
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: '%{token}' } },
      {
        ignore: [
          '/body/status/audiences/**',
          '/body/spec/token',
          '/body/status/user/extra/**',
          '/body/status/user/extra',
        ],
      },
    ),
    post('token review of nonsense', '/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token: 'nonsense' },
    }),
    post('token review of nothing', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: {} }),
    post(
      'token review for another audience',
      '/apis/authentication.k8s.io/v1/tokenreviews',
      { spec: { token: '%{token}', audiences: ['other'] } },
      { ignore: ['/body/spec/token', '/body/status/error'] },
    ),
    post(
      'jane asks for herself',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', attributes('get', 'configmaps')),
      jane,
    ),
    post(
      'jane asks in vain',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', attributes('delete', 'configmaps')),
      jane,
    ),
    post(
      'jane asks for paths',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', { nonResourceAttributes: { path: '/openapi/v2', verb: 'get' } }),
      jane,
    ),
    post(
      'jane asks nothing',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', {}),
      jane,
    ),
    post(
      'jane asks both',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', {
        ...attributes('get', 'configmaps'),
        nonResourceAttributes: { path: '/x', verb: 'get' },
      }),
      jane,
    ),
    post(
      'admin asks for herself',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', attributes('*', '*', { group: '*' })),
    ),
    post(
      'admin asks about jane',
      `${AUTHZ}/subjectaccessreviews`,
      review('SubjectAccessReview', { user: 'jane', ...attributes('get', 'configmaps') }),
    ),
    post(
      'admin asks about a group',
      `${AUTHZ}/subjectaccessreviews`,
      review('SubjectAccessReview', { groups: ['system:masters'], ...attributes('get', 'nodes') }),
    ),
    post(
      'admin asks about nobody',
      `${AUTHZ}/subjectaccessreviews`,
      review('SubjectAccessReview', attributes('get', 'configmaps')),
    ),
    post(
      'jane may not ask about others',
      `${AUTHZ}/subjectaccessreviews`,
      review('SubjectAccessReview', { user: 'bob', ...attributes('get', 'configmaps') }),
      jane,
    ),
    post('local review', `${AUTHZ}/namespaces/trial-access/localsubjectaccessreviews`, {
      ...review('LocalSubjectAccessReview', { user: 'jane', ...attributes('list', 'configmaps') }),
      metadata: { namespace: 'trial-access' },
    }),
    post('local review of another namespace', `${AUTHZ}/namespaces/trial-access/localsubjectaccessreviews`, {
      ...review('LocalSubjectAccessReview', {
        user: 'jane',
        resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' },
      }),
      metadata: { namespace: 'trial-access' },
    }),
    post(
      'rules of jane',
      `${AUTHZ}/selfsubjectrulesreviews`,
      review('SelfSubjectRulesReview', { namespace: 'trial-access' }),
      { ...jane, ignore: ['/body/status/nonResourceRules/**'] },
    ),
    post(
      'rules without a namespace',
      `${AUTHZ}/selfsubjectrulesreviews`,
      review('SelfSubjectRulesReview', {}),
      jane,
    ),
    post(
      'jane may not make herself strong',
      BINDINGS,
      {
        ...binding,
        metadata: { name: 'more' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
      },
      jane,
    ),
    post(
      'a role that makes roles',
      ROLES,
      {
        ...role,
        metadata: { name: 'maker' },
        rules: [
          {
            apiGroups: ['rbac.authorization.k8s.io'],
            resources: ['roles', 'rolebindings'],
            verbs: ['create', 'update', 'get'],
          },
        ],
      },
      { prepare: true },
    ),
    post(
      'bind the maker',
      BINDINGS,
      { ...binding, metadata: { name: 'jane-makes' }, roleRef: { ...binding.roleRef, name: 'maker' } },
      { prepare: true },
    ),
    post(
      'jane makes a role within her rights',
      `${ROLES}?dryRun=All`,
      { ...role, metadata: { name: 'own' } },
      { ...jane, until: 201 },
    ),
    post(
      'jane may not make a stronger role',
      ROLES,
      {
        ...role,
        metadata: { name: 'strong' },
        rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }],
      },
      jane,
    ),
    put(
      'jane may not strengthen a role',
      `${ROLES}/reader`,
      { ...role, rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'delete'] }] },
      jane,
    ),
    post(
      'jane may not bind a stronger role',
      BINDINGS,
      {
        ...binding,
        metadata: { name: 'strong' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      },
      { ...jane, ignore: ['/body/message'] },
    ),
    post(
      'jane may bind her own role',
      `${BINDINGS}?dryRun=All`,
      { ...binding, metadata: { name: 'share' }, subjects: [{ kind: 'User', name: 'bob' }] },
      jane,
    ),
    get('jane may not act for others', `${NS}/configmaps`, {
      headers: { 'impersonate-user': 'jane', 'impersonate-group': 'system:masters' },
      login: { token: '%{token}' },
    }),
    get('a group without a user', `${NS}/configmaps`, { headers: { 'impersonate-group': 'system:masters' } }),
    get('an account is acted for', `${NS}/configmaps`, {
      as: { user: 'system:serviceaccount:trial-access:robot' },
    }),
    post(
      'who is recorded in extra',
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', attributes('get', 'pods')),
      { headers: { 'impersonate-user': 'jane', 'impersonate-extra-scopes': 'view' } },
    ),
    ...variants(
      `${AUTHZ}/selfsubjectaccessreviews`,
      review('SelfSubjectAccessReview', attributes('get', 'configmaps')),
      { 'dry-run review': {} },
    ),
    get('default role view', `${RBAC}/clusterroles/system:basic-user`, {
      ignore: ['/body/metadata/managedFields/**', '/body/rules/**'],
    }),
    get('default role discovery', `${RBAC}/clusterroles/system:discovery`, {
      ignore: ['/body/metadata/managedFields/**'],
    }),
    get('default binding of masters', `${RBAC}/clusterrolebindings/cluster-admin`, {
      ignore: ['/body/metadata/managedFields/**'],
    }),
    get('default role cluster-admin', `${RBAC}/clusterroles/cluster-admin`, {
      ignore: ['/body/metadata/managedFields/**'],
    }),
    get('default role node-proxier', `${RBAC}/clusterroles/system:node-proxier`, {
      ignore: ['/body/metadata/managedFields/**'],
    }),
    get('default role edit is aggregated', `${RBAC}/clusterroles/edit`, {
      ignore: ['/body/metadata/managedFields/**', '/body/rules/**', '/body/rules'],
    }),
  ],
};
