import { GROUP, USER } from '../users.ts';
import type { BindingObject, PolicyRule, RoleObject } from './policy.ts';
import {
  account,
  aggregateTo,
  allow,
  allowPaths,
  clusterRole,
  clusterRoleBinding,
  EVENTS,
  group,
  READ,
  READ_UPDATE,
  user,
  WRITE,
} from './policy-builder.ts';

/**
 * The ClusterRoles and their bindings that every cluster has (kubernetes plugin/pkg/auth/authorizer/rbac/
 * bootstrappolicy/policy.go, release 1.36): facts as a table.
 */

/** What every node may do; the Node authorizer narrows it to what concerns the node. */
export const NODE_RULES: readonly PolicyRule[] = [
  allow('create', 'authentication', 'tokenreviews'),
  allow('create', 'authorization', 'subjectaccessreviews localsubjectaccessreviews'),
  allow(READ, 'core', 'services'),
  allow('create get list watch', 'core', 'nodes'),
  allow('update patch', 'core', 'nodes/status'),
  allow('update patch', 'core', 'nodes'),
  allow('create update patch', 'core events', 'events'),
  allow(READ, 'core', 'pods'),
  allow('create delete', 'core', 'pods'),
  allow('update patch', 'core', 'pods/status'),
  allow('create', 'core', 'pods/eviction'),
  allow(READ, 'core', 'secrets configmaps'),
  allow('get', 'core', 'persistentvolumeclaims persistentvolumes'),
  allow('get', 'core', 'endpoints'),
  allow('create get list watch', 'certificates', 'certificatesigningrequests'),
  allow('get create update patch delete', 'coordination', 'leases'),
  allow('get', 'storage', 'volumeattachments'),
  allow('create', 'core', 'serviceaccounts/token'),
  allow('get update patch', 'core', 'persistentvolumeclaims/status'),
  allow(READ, 'storage', 'csidrivers'),
  allow('get create update patch delete', 'storage', 'csinodes'),
  allow(READ, 'node', 'runtimeclasses'),
  allow('get', 'resource', 'resourceclaims'),
  allow('deletecollection', 'resource', 'resourceslices'),
];

const EXTENSIONS_WRITTEN =
  'daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale replicationcontrollers/scale';
const EXTENSIONS_READ =
  'daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies replicasets replicasets/scale replicasets/status replicationcontrollers/scale';

const AGGREGATED: readonly RoleObject[] = [
  clusterRole('admin', null, { aggregate: 'admin' }),
  clusterRole('edit', null, { aggregate: 'edit', labels: aggregateTo('admin') }),
  clusterRole('view', null, { aggregate: 'view', labels: aggregateTo('edit') }),
  clusterRole(
    'system:aggregate-to-admin',
    [
      allow('create', 'authorization', 'localsubjectaccessreviews'),
      allow(`${READ} ${WRITE}`, 'rbac', 'roles rolebindings'),
    ],
    { labels: aggregateTo('admin') },
  ),
  clusterRole(
    'system:aggregate-to-edit',
    [
      allow(READ, 'core', 'pods/attach pods/proxy pods/exec pods/portforward secrets services/proxy'),
      allow('impersonate', 'core', 'serviceaccounts'),
      allow(WRITE, 'core', 'pods pods/attach pods/proxy pods/exec pods/portforward'),
      allow('create', 'core', 'pods/eviction'),
      allow(
        WRITE,
        'core',
        'replicationcontrollers replicationcontrollers/scale serviceaccounts services services/proxy persistentvolumeclaims configmaps secrets events',
      ),
      allow('create', 'core', 'serviceaccounts/token'),
      allow(
        WRITE,
        'apps',
        'statefulsets statefulsets/scale daemonsets deployments deployments/scale deployments/rollback replicasets replicasets/scale',
      ),
      allow(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
      allow(WRITE, 'batch', 'jobs cronjobs'),
      allow(WRITE, 'extensions', EXTENSIONS_WRITTEN),
      allow(WRITE, 'policy', 'poddisruptionbudgets'),
      allow(WRITE, 'networking', 'networkpolicies ingresses'),
      allow(`${READ} ${WRITE}`, 'coordination', 'leases'),
      allow(WRITE, 'resource', 'resourceclaims resourceclaimtemplates'),
    ],
    { labels: aggregateTo('edit') },
  ),
  clusterRole(
    'system:aggregate-to-view',
    [
      allow(
        READ,
        'core',
        'pods replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status endpoints persistentvolumeclaims persistentvolumeclaims/status configmaps',
      ),
      allow(
        READ,
        'core',
        'limitranges resourcequotas bindings events pods/status resourcequotas/status namespaces/status replicationcontrollers/status pods/log',
      ),
      allow(READ, 'core', 'namespaces'),
      allow(READ, 'discovery', 'endpointslices'),
      allow(
        READ,
        'apps',
        'controllerrevisions statefulsets statefulsets/status statefulsets/scale daemonsets daemonsets/status deployments deployments/status deployments/scale replicasets replicasets/status replicasets/scale',
      ),
      allow(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
      allow(READ, 'batch', 'jobs cronjobs cronjobs/status jobs/status'),
      allow(READ, 'extensions', EXTENSIONS_READ),
      allow(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
      allow(READ, 'networking', 'networkpolicies ingresses ingresses/status'),
      allow(READ, 'resource', 'resourceclaims resourceclaims/status resourceclaimtemplates'),
    ],
    { labels: aggregateTo('view') },
  ),
];

const PEOPLE: readonly RoleObject[] = [
  clusterRole('cluster-admin', [allow('*', '*', '*'), allowPaths('*', '*')]),
  clusterRole('system:discovery', [
    allowPaths(
      'get',
      '/livez /readyz /healthz /version /version/ /openapi /openapi/* /api /api/* /apis /apis/*',
    ),
  ]),
  clusterRole('system:monitoring', [
    allowPaths('get', '/metrics /metrics/slis /livez /readyz /healthz /livez/* /readyz/* /healthz/*'),
  ]),
  clusterRole('system:basic-user', [
    allow('create', 'authorization', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    allow('create', 'authentication', 'selfsubjectreviews'),
  ]),
  clusterRole('system:public-info-viewer', [allowPaths('get', '/livez /readyz /healthz /version /version/')]),
  clusterRole('system:service-account-issuer-discovery', [
    allowPaths('get', '/.well-known/openid-configuration /openid/v1/jwks'),
  ]),
];

const signer = (name: string): RoleObject =>
  clusterRole(`system:certificates.k8s.io:${name}-approver`, [
    allow('approve', 'certificates', 'signers', `kubernetes.io/${name}`),
  ]);

const COMPONENTS: readonly RoleObject[] = [
  clusterRole('system:heapster', [
    allow(READ, 'core', 'events pods nodes namespaces'),
    allow(READ, 'extensions', 'deployments'),
  ]),
  clusterRole('system:node', NODE_RULES),
  clusterRole('system:node-problem-detector', [
    allow('get', 'core', 'nodes'),
    allow('patch', 'core', 'nodes/status'),
    EVENTS,
  ]),
  clusterRole('system:kubelet-api-admin', [
    allow(READ, 'core', 'nodes'),
    allow('proxy', 'core', 'nodes'),
    allow(
      '*',
      'core',
      'nodes/proxy nodes/metrics nodes/stats nodes/log nodes/healthz nodes/pods nodes/configz',
    ),
  ]),
  clusterRole('system:node-bootstrapper', [
    allow('create get list watch', 'certificates', 'certificatesigningrequests'),
  ]),
  clusterRole('system:auth-delegator', [
    allow('create', 'authentication', 'tokenreviews'),
    allow('create', 'authorization', 'subjectaccessreviews'),
  ]),
  clusterRole('system:kube-aggregator', [allow(READ, 'core', 'services endpoints')]),
  clusterRole('system:kube-controller-manager', [
    EVENTS,
    allow('create', 'coordination', 'leases'),
    allow('get update', 'coordination', 'leases', 'kube-controller-manager'),
    allow('create', 'core', 'secrets serviceaccounts'),
    allow('delete', 'core', 'secrets'),
    allow('get', 'core', 'namespaces secrets serviceaccounts configmaps'),
    allow('update', 'core', 'secrets serviceaccounts'),
    allow('create', 'authentication', 'tokenreviews'),
    allow('create', 'authorization', 'subjectaccessreviews'),
    allow('list watch', '*', '*'),
    allow('create', 'core', 'serviceaccounts/token'),
  ]),
  clusterRole('system:kube-dns', [allow('list watch', 'core', 'endpoints services')]),
  clusterRole('system:persistent-volume-provisioner', [
    allow('get list watch create delete', 'core', 'persistentvolumes'),
    allow('get list watch update', 'core', 'persistentvolumeclaims'),
    allow(READ, 'storage', 'storageclasses'),
    allow('watch', 'core', 'events'),
    EVENTS,
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:nodeclient', [
    allow('create', 'certificates', 'certificatesigningrequests/nodeclient'),
  ]),
  clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', [
    allow('create', 'certificates', 'certificatesigningrequests/selfnodeclient'),
  ]),
  clusterRole('system:volume-scheduler', [
    allow(READ_UPDATE, 'core', 'persistentvolumes'),
    allow(READ, 'storage', 'storageclasses'),
    allow(READ_UPDATE, 'core', 'persistentvolumeclaims'),
  ]),
  signer('legacy-unknown'),
  signer('kubelet-serving'),
  signer('kube-apiserver-client'),
  signer('kube-apiserver-client-kubelet'),
  clusterRole('system:node-proxier', [
    allow('list watch', 'core', 'services endpoints'),
    allow(READ, 'core', 'nodes'),
    EVENTS,
    allow('list watch', 'discovery', 'endpointslices'),
    allow('list watch', 'networking', 'servicecidrs'),
  ]),
  clusterRole('system:kube-scheduler', [
    EVENTS,
    allow('create', 'coordination', 'leases'),
    allow('get update', 'coordination', 'leases', 'kube-scheduler'),
    allow(READ, 'core', 'nodes'),
    allow('get list watch delete', 'core', 'pods'),
    allow('create', 'core', 'pods/binding bindings'),
    allow('patch update', 'core', 'pods/status'),
    allow(READ, 'core', 'services replicationcontrollers'),
    allow(READ, 'apps extensions', 'replicasets'),
    allow(READ, 'apps', 'statefulsets'),
    allow(READ, 'policy', 'poddisruptionbudgets'),
    allow(READ, 'core', 'persistentvolumeclaims persistentvolumes'),
    allow('create', 'authentication', 'tokenreviews'),
    allow('create', 'authorization', 'subjectaccessreviews'),
    allow(READ, 'storage', 'csinodes'),
    allow(READ, 'core', 'namespaces'),
    allow(READ, 'storage', 'csidrivers'),
    allow(READ, 'storage', 'csistoragecapacities'),
    allow(READ, 'storage', 'volumeattachments'),
    allow(READ, 'resource', 'deviceclasses'),
    allow('get list watch', 'resource', 'resourceclaims'),
    allow('update patch', 'resource', 'resourceclaims/status'),
    allow(READ, 'resource', 'resourceslices'),
  ]),
];

export const CLUSTER_ROLES: readonly RoleObject[] = [...PEOPLE, ...AGGREGATED, ...COMPONENTS];

export const CLUSTER_ROLE_BINDINGS: readonly BindingObject[] = [
  clusterRoleBinding('cluster-admin', [group(GROUP.masters)]),
  clusterRoleBinding('system:monitoring', [group(GROUP.monitoring)]),
  clusterRoleBinding('system:discovery', [group(GROUP.authenticated)]),
  clusterRoleBinding('system:basic-user', [group(GROUP.authenticated)]),
  clusterRoleBinding('system:public-info-viewer', [group(GROUP.authenticated), group(GROUP.unauthenticated)]),
  clusterRoleBinding('system:node-proxier', [user(USER.kubeProxy)]),
  clusterRoleBinding('system:kube-controller-manager', [user(USER.controllerManager)]),
  clusterRoleBinding('system:kube-dns', [account('kube-system', 'kube-dns')]),
  clusterRoleBinding('system:kube-scheduler', [user(USER.scheduler)]),
  clusterRoleBinding('system:volume-scheduler', [user(USER.scheduler)]),
  // without subjects: the Node authorizer does it, but the binding is there for those who look for it
  clusterRoleBinding('system:node', []),
  clusterRoleBinding('system:service-account-issuer-discovery', [group(GROUP.serviceAccounts)]),
];
