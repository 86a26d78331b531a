import { apiVersionOf, type KubeObject, type OwnerReference, parseApiVersion } from '@sampan/api';
import type { ResourceRef } from './client.ts';

const core = (resource: string, kind: string, namespaced = true): ResourceRef => ({
  group: '',
  version: 'v1',
  resource,
  kind,
  namespaced,
});
const v1 = (group: string, resource: string, kind: string, namespaced = true): ResourceRef => ({
  group,
  version: 'v1',
  resource,
  kind,
  namespaced,
});

/** Resources that several controllers address; any other is found by discovery. */
export const REFS = {
  configMaps: core('configmaps', 'ConfigMap'),
  endpoints: core('endpoints', 'Endpoints'),
  events: core('events', 'Event'),
  namespaces: core('namespaces', 'Namespace', false),
  nodes: core('nodes', 'Node', false),
  pods: core('pods', 'Pod'),
  secrets: core('secrets', 'Secret'),
  serviceAccounts: core('serviceaccounts', 'ServiceAccount'),
  services: core('services', 'Service'),
  certificateSigningRequests: v1(
    'certificates.k8s.io',
    'certificatesigningrequests',
    'CertificateSigningRequest',
    false,
  ),
  clusterRoles: v1('rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', false),
  customResourceDefinitions: v1(
    'apiextensions.k8s.io',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  endpointSlices: v1('discovery.k8s.io', 'endpointslices', 'EndpointSlice'),
  leases: v1('coordination.k8s.io', 'leases', 'Lease'),
  newEvents: v1('events.k8s.io', 'events', 'Event'),
  subjectAccessReviews: v1('authorization.k8s.io', 'subjectaccessreviews', 'SubjectAccessReview', false),
} as const satisfies Record<string, ResourceRef>;

/** `NAMESPACE/NAME`, or `NAME` when there is no namespace: the usual work-queue key (client-go MetaNamespaceKeyFunc). */
export function keyOf(object: Pick<KubeObject, 'metadata'>): string {
  const { namespace, name = '' } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Names a kind in one version: `GROUP/VERSION/KIND`. */
export const kindKey = (ref: ResourceRef): string => `${apiVersionOf(ref)}/${ref.kind}`;

/** An owner reference that makes `owner` the one controller of what carries it. */
export function controllerReference(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** Does an owner reference mean this kind, in whatever version? */
export function refersToKind(reference: OwnerReference, ref: ResourceRef): boolean {
  return reference.kind === ref.kind && parseApiVersion(reference.apiVersion).group === ref.group;
}
