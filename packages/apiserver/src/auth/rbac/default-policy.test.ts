import { describe, expect, it } from 'vitest';
import { TestReader } from '../test-reader.ts';
import { CLUSTER_ROLES } from './default-cluster-roles.ts';
import { CONTROLLER_ROLE_BINDINGS, CONTROLLER_ROLES } from './default-controller-roles.ts';
import { COLLECTION } from './policy.ts';
import { RbacAuthorizer } from './rbac-authorizer.ts';
import { RbacIndex } from './rbac-index.ts';
import { planDefaultPolicy } from './reconcile.ts';

function apply(reader: TestReader): number {
  const changes = planDefaultPolicy(reader);
  for (const { collection, object } of changes) reader.put(collection, object);
  return changes.length;
}

describe('the default policy', () => {
  it('is complete after one run and then left alone', () => {
    const reader = new TestReader();
    expect(apply(reader)).toBeGreaterThan(100);
    expect(apply(reader)).toBe(0);
    expect(new Set(CLUSTER_ROLES.map((role) => role.metadata.name)).size).toBe(CLUSTER_ROLES.length);
  });

  it('gives back what was taken, keeps what was added and respects autoupdate', () => {
    const reader = new TestReader();
    apply(reader);
    const discovery = reader.get(COLLECTION.clusterRoles, '', 'system:discovery');
    const extra = { verbs: ['get'], nonResourceURLs: ['/mine'] };
    reader.put(COLLECTION.clusterRoles, {
      ...discovery,
      metadata: { ...discovery?.metadata, labels: { a: 'b' } },
      rules: [extra],
    } as never);
    const basic = reader.get(COLLECTION.clusterRoleBindings, '', 'system:basic-user');
    reader.put(COLLECTION.clusterRoleBindings, {
      ...basic,
      subjects: [{ kind: 'User', name: 'x' }],
    } as never);
    const viewer = reader.get(COLLECTION.clusterRoleBindings, '', 'system:public-info-viewer');
    reader.put(COLLECTION.clusterRoleBindings, {
      ...viewer,
      subjects: [],
      metadata: {
        ...viewer?.metadata,
        annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' },
      },
    } as never);
    const monitoring = reader.get(COLLECTION.clusterRoleBindings, '', 'system:monitoring');
    reader.put(COLLECTION.clusterRoleBindings, {
      ...monitoring,
      roleRef: { ...monitoring?.roleRef, name: 'other' },
    } as never);
    const changes = planDefaultPolicy(reader);
    expect(changes.map(({ action, object }) => [action, object.metadata.name])).toEqual([
      ['update', 'system:discovery'],
      ['recreate', 'system:monitoring'],
      ['update', 'system:basic-user'],
    ]);
    const role = changes[0]?.object;
    expect(role?.rules[0]).toEqual(extra);
    expect(role?.rules).toHaveLength(12);
    expect(role?.metadata.labels).toEqual({ a: 'b', 'kubernetes.io/bootstrapping': 'rbac-defaults' });
    expect(changes[2]?.object.subjects).toHaveLength(2);
  });

  it('lets anyone read the version, users discover, and nobody else list secrets', () => {
    const reader = new TestReader();
    apply(reader);
    const rbac = new RbacAuthorizer(new RbacIndex(reader));
    const path = (groups: string[], url: string) =>
      rbac.authorize({
        user: { name: 'x', groups },
        verb: 'get',
        isResource: false,
        path: url,
        group: '',
        version: '',
        resource: '',
        subresource: '',
        namespace: '',
        name: '',
      }).allowed;
    expect(path(['system:unauthenticated'], '/version')).toBe(true);
    expect(path(['system:unauthenticated'], '/api')).toBe(false);
    expect(path(['system:authenticated'], '/apis/apps/v1')).toBe(true);
    expect(path(['system:authenticated'], '/metrics')).toBe(false);
    expect(path(['system:monitoring'], '/metrics')).toBe(true);
  });

  it('binds each controller role to the account of its controller', () => {
    expect(
      CONTROLLER_ROLE_BINDINGS.map((binding) => `system:controller:${binding.subjects?.[0]?.name}`),
    ).toEqual(CONTROLLER_ROLES.map((role) => role.metadata.name));
  });
});
