import { isDNS1123Label, isDNS1123Subdomain } from '@sampan/api';
import type { UserInfo } from './contract.ts';

/** Names that the API server itself knows (apiserver pkg/authentication/user). */
export const GROUP = {
  masters: 'system:masters',
  nodes: 'system:nodes',
  monitoring: 'system:monitoring',
  authenticated: 'system:authenticated',
  unauthenticated: 'system:unauthenticated',
  serviceAccounts: 'system:serviceaccounts',
  bootstrappers: 'system:bootstrappers',
} as const;

export const USER = {
  anonymous: 'system:anonymous',
  apiServer: 'system:apiserver',
  kubeProxy: 'system:kube-proxy',
  controllerManager: 'system:kube-controller-manager',
  scheduler: 'system:kube-scheduler',
} as const;

/** Keys of a user's `extra` (apiserver pkg/authentication/serviceaccount/util.go). */
export const EXTRA = {
  credentialId: 'authentication.kubernetes.io/credential-id',
  podName: 'authentication.kubernetes.io/pod-name',
  podUid: 'authentication.kubernetes.io/pod-uid',
  nodeName: 'authentication.kubernetes.io/node-name',
  nodeUid: 'authentication.kubernetes.io/node-uid',
} as const;

const SERVICE_ACCOUNT = 'system:serviceaccount:';
const NODE = 'system:node:';

export const serviceAccountUser = (namespace: string, name: string): string =>
  `${SERVICE_ACCOUNT}${namespace}:${name}`;

export const serviceAccountGroups = (namespace: string): string[] => [
  GROUP.serviceAccounts,
  `${GROUP.serviceAccounts}:${namespace}`,
];

/** The ServiceAccount behind a user name; undefined when it is not a well-formed one. */
export function splitServiceAccountUser(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(SERVICE_ACCOUNT)) return undefined;
  const parts = user.slice(SERVICE_ACCOUNT.length).split(':');
  const [namespace = '', name = ''] = parts;
  if (parts.length !== 2 || isDNS1123Label(namespace).length > 0 || isDNS1123Subdomain(name).length > 0)
    return undefined;
  return { namespace, name };
}

/** The node behind a user name `system:node:NAME`. */
export function nodeOfUser(user: string): string | undefined {
  if (!user.startsWith(NODE)) return undefined;
  const name = user.slice(NODE.length);
  return isDNS1123Subdomain(name).length === 0 ? name : undefined;
}

export const isMaster = (user: UserInfo): boolean => user.groups.includes(GROUP.masters);
