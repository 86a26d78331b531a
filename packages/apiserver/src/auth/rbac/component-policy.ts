import {
  allow,
  clusterRole,
  clusterRoleBinding,
  EVENTS,
  group,
  READ,
  READ_UPDATE,
  user,
} from './policy-builder.ts';
import type { DefaultPolicy } from './reconcile.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Gives a role that every cluster has to somebody. */
function grant(
  name: string,
  role: string,
  subject: ReturnType<typeof group>,
): ReturnType<typeof clusterRoleBinding> {
  const binding = clusterRoleBinding(name, [subject]);
  return { ...binding, roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role } };
}

const NETWORK = 'system:sampan:network';
const INGRESS = 'system:sampan:ingress';
const HUB = 'system:sampan:hub';
const PROVISIONER = 'system:sampan:provisioner';
const CSR = 'system:certificates.k8s.io:certificatesigningrequests';

/**
 * What Sampan's own parts in other processes may do in a cluster: no more than they need. Their certificates
 * are those of `readComponent` in `@sampan/home`.
 */
export const componentPolicy: DefaultPolicy = {
  roles: [
    clusterRole(NETWORK, [
      allow(READ, 'core', 'services pods namespaces'),
      allow('update patch', 'core', 'services/status'),
      allow(READ, 'discovery', 'endpointslices'),
      allow(READ, 'networking', 'networkpolicies'),
      EVENTS,
    ]),
    clusterRole(INGRESS, [
      allow(READ, 'core', 'services secrets namespaces'),
      allow(READ, 'discovery', 'endpointslices'),
      allow(READ, 'networking', 'ingresses ingressclasses'),
      allow('create', 'networking', 'ingressclasses'),
      allow('update patch', 'networking', 'ingresses/status'),
      EVENTS,
    ]),
    clusterRole(HUB, [
      allow('get list watch create update patch delete', 'hub', 'projects'),
      allow(READ_UPDATE, 'hub', 'robotaccounts webhooks'),
      allow('update patch', 'hub', 'projects/status robotaccounts/status webhooks/status'),
      allow(READ, 'clusters', 'clusters'),
      // logins of robots, which have a label, and keys of webhooks, each watched by its name
      allow('get list watch create update delete', 'core', 'secrets'),
      allow('create', 'authentication', 'tokenreviews'),
      EVENTS,
    ]),
    clusterRole(PROVISIONER, [
      allow('get list watch create update patch delete', 'core', 'persistentvolumes'),
      allow('update patch', 'core', 'persistentvolumes/status persistentvolumeclaims/status'),
      allow('get list watch update patch', 'core', 'persistentvolumeclaims'),
      allow(READ, 'core', 'pods nodes'),
      allow(READ, 'storage', 'storageclasses'),
      allow('create', 'storage', 'storageclasses'),
      EVENTS,
    ]),
  ],
  bindings: [
    clusterRoleBinding(NETWORK, [user(NETWORK)]),
    clusterRoleBinding(INGRESS, [user(INGRESS)]),
    clusterRoleBinding(HUB, [user(HUB)]),
    clusterRoleBinding(PROVISIONER, [user(PROVISIONER)]),
    // by which it asks kubelets that joined
    grant('system:sampan:kubelet-client', 'system:kubelet-api-admin', user('system:sampan:kubelet-client')),
    // a node asks for its certificate, and later for its next one (Kubernetes docs, "TLS bootstrapping")
    grant('system:sampan:node-bootstrapper', 'system:node-bootstrapper', group('system:bootstrappers')),
    grant('system:sampan:node-client', `${CSR}:nodeclient`, group('system:bootstrappers')),
    grant('system:sampan:node-client-renewal', `${CSR}:selfnodeclient`, group('system:nodes')),
  ],
};
