import { USER } from '../users.ts';
import type { BindingObject, RoleObject } from './policy.ts';
import { account, allow, EVENTS, READ, role, roleBinding, user } from './policy-builder.ts';

/** Roles within kube-system and kube-public (kubernetes bootstrappolicy/namespace_policy.go, release 1.36). */
const SYSTEM = 'kube-system';
const PUBLIC = 'kube-public';

const leaderLock = (component: string): string => `system::leader-locking-${component}`;

export const NAMESPACE_ROLES: readonly RoleObject[] = [
  role(SYSTEM, 'extension-apiserver-authentication-reader', [
    allow(READ, 'core', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  role(SYSTEM, 'system:controller:bootstrap-signer', [allow(READ, 'core', 'secrets')]),
  role(SYSTEM, 'system:controller:cloud-provider', [allow('create get list watch', 'core', 'configmaps')]),
  role(SYSTEM, 'system:controller:token-cleaner', [
    allow('get list watch delete', 'core', 'secrets'),
    EVENTS,
  ]),
  role(SYSTEM, leaderLock('kube-controller-manager'), [
    allow('watch', 'core', 'configmaps'),
    allow('get update', 'core', 'configmaps', 'kube-controller-manager'),
    allow('get watch list create update', 'coordination', 'leases'),
  ]),
  role(SYSTEM, leaderLock('kube-scheduler'), [
    allow('watch', 'core', 'configmaps'),
    allow('get update', 'core', 'configmaps', 'kube-scheduler'),
  ]),
  role(PUBLIC, 'system:controller:bootstrap-signer', [
    allow(READ, 'core', 'configmaps'),
    allow('update', 'core', 'configmaps', 'cluster-info'),
    EVENTS,
  ]),
];

export const NAMESPACE_ROLE_BINDINGS: readonly BindingObject[] = [
  roleBinding(
    SYSTEM,
    'system::extension-apiserver-authentication-reader',
    'extension-apiserver-authentication-reader',
    [user(USER.controllerManager), user(USER.scheduler)],
  ),
  roleBinding(SYSTEM, leaderLock('kube-controller-manager'), leaderLock('kube-controller-manager'), [
    user(USER.controllerManager),
    account(SYSTEM, 'kube-controller-manager'),
  ]),
  roleBinding(SYSTEM, leaderLock('kube-scheduler'), leaderLock('kube-scheduler'), [
    user(USER.scheduler),
    account(SYSTEM, 'kube-scheduler'),
  ]),
  ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) =>
    roleBinding(SYSTEM, `system:controller:${name}`, `system:controller:${name}`, [account(SYSTEM, name)]),
  ),
  roleBinding(PUBLIC, 'system:controller:bootstrap-signer', 'system:controller:bootstrap-signer', [
    account(SYSTEM, 'bootstrap-signer'),
  ]),
];
