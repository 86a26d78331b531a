import {
  AUTO_UPDATE,
  type BindingObject,
  type PolicyRule,
  RBAC_GROUP,
  type RbacSubject,
  type RoleObject,
} from './policy.ts';

/** Verb sets of the default policy. */
export const READ = 'get list watch';
export const WRITE = 'create update patch delete deletecollection';
export const READ_UPDATE = 'get list watch update patch';

/** Groups by short names; `core` is ''. */
const GROUPS: Readonly<Record<string, string>> = {
  core: '',
  '*': '*',
  admission: 'admissionregistration.k8s.io',
  apps: 'apps',
  authentication: 'authentication.k8s.io',
  authorization: 'authorization.k8s.io',
  autoscaling: 'autoscaling',
  batch: 'batch',
  certificates: 'certificates.k8s.io',
  clusters: 'clusters.sampan.dev',
  coordination: 'coordination.k8s.io',
  custom: 'custom.metrics.k8s.io',
  discovery: 'discovery.k8s.io',
  events: 'events.k8s.io',
  extensions: 'extensions',
  external: 'external.metrics.k8s.io',
  hub: 'hub.sampan.dev',
  metrics: 'metrics.k8s.io',
  migration: 'storagemigration.k8s.io',
  networking: 'networking.k8s.io',
  node: 'node.k8s.io',
  policy: 'policy',
  rbac: RBAC_GROUP,
  resource: 'resource.k8s.io',
  storage: 'storage.k8s.io',
};

const words = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .sort();

/** A rule on resources: lists are words in one string, groups by the short names above; all are sorted. */
export function allow(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  return {
    apiGroups: words(groups)
      .map((name) => {
        const group = GROUPS[name];
        if (group === undefined) throw new Error(`no such group: ${name}`);
        return group;
      })
      .sort(),
    ...(names === '' ? {} : { resourceNames: words(names) }),
    resources: words(resources),
    verbs: words(verbs),
  };
}

export const allowPaths = (verbs: string, paths: string): PolicyRule => ({
  nonResourceURLs: words(paths),
  verbs: words(verbs),
});

/** Every controller reports what it does. */
export const EVENTS: PolicyRule = allow('create update patch', 'core events', 'events');

export const user = (name: string): RbacSubject => ({ apiGroup: RBAC_GROUP, kind: 'User', name });
export const group = (name: string): RbacSubject => ({ apiGroup: RBAC_GROUP, kind: 'Group', name });
export const account = (namespace: string, name: string): RbacSubject => ({
  kind: 'ServiceAccount',
  name,
  namespace,
});

const API_VERSION = `${RBAC_GROUP}/v1`;

function metadata(
  name: string,
  namespace: string | undefined,
  labels: Readonly<Record<string, string>> = {},
) {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { [AUTO_UPDATE]: 'true' },
  };
}

export interface RoleOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** A ClusterRole that gathers all with `rbac.authorization.k8s.io/aggregate-to-NAME: "true"`. */
  readonly aggregate?: string;
}

export function clusterRole(
  name: string,
  rules: readonly PolicyRule[] | null,
  options: RoleOptions = {},
): RoleObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: metadata(name, undefined, options.labels),
    ...(options.aggregate === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregateTo(options.aggregate) }] } }),
    rules,
  };
}

export const aggregateTo = (name: string): Record<string, string> => ({
  [`${RBAC_GROUP}/aggregate-to-${name}`]: 'true',
});

export function clusterRoleBinding(name: string, subjects: readonly RbacSubject[]): BindingObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name, undefined),
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
    ...(subjects.length === 0 ? {} : { subjects }),
  };
}

export function role(namespace: string, name: string, rules: readonly PolicyRule[]): RoleObject {
  return { apiVersion: API_VERSION, kind: 'Role', metadata: metadata(name, namespace), rules };
}

export function roleBinding(
  namespace: string,
  name: string,
  roleName: string,
  subjects: readonly RbacSubject[],
): BindingObject {
  return {
    apiVersion: API_VERSION,
    kind: 'RoleBinding',
    metadata: metadata(name, namespace),
    roleRef: { apiGroup: RBAC_GROUP, kind: 'Role', name: roleName },
    subjects,
  };
}
