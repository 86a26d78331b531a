import { webhookConfigurationStorage } from '../admissionregistration/webhook-configuration.ts';
import type { ResourceDefinition, SubresourceDefinition, Verb } from './resource.ts';
import { type StorageConversion, sameFields } from './storage.ts';
import { endpointSliceBetaStorage } from './storage-endpointslice.ts';
import { eventStorage } from './storage-event.ts';
import { hpaV1Storage } from './storage-hpa.ts';
import { pdbBetaStorage } from './storage-pdb.ts';

/** What discovery says of a built-in resource; `kinds.ts` joins it with schema and rules. */
export interface Row {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  /** Default true. */
  readonly namespaced?: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly verbs?: readonly Verb[];
  /** Has the subresource `status`. */
  readonly status?: boolean;
  readonly scale?: NonNullable<ResourceDefinition['scale']>;
  readonly subresources?: Readonly<Record<string, SubresourceDefinition>>;
  readonly storage?: StorageConversion;
  readonly legacy?: boolean;
}

const ALL = ['all'];
const WRITE: Verb[] = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
const CREATE: Verb[] = ['create'];
const CONNECT = ['create', 'get'] as const;
const PROXY = ['create', 'delete', 'get', 'patch', 'update'] as const;
const CHANGE = ['get', 'patch', 'update'] as const;
const SCALE = { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', selector: 'spec.selector' };

const core = { group: '', version: 'v1' };
const cluster = { namespaced: false };
const apps = { group: 'apps', version: 'v1' };
const review = { verbs: CREATE, namespaced: false };
const authorization = { group: 'authorization.k8s.io', version: 'v1' };
const autoscaling = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  resource: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ALL,
  status: true,
};
const networking = { group: 'networking.k8s.io', version: 'v1' };
const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const storage = { group: 'storage.k8s.io', version: 'v1' };
const events = { group: 'events.k8s.io', kind: 'Event', resource: 'events', shortNames: ['ev'] };

const admissionregistration = {
  group: 'admissionregistration.k8s.io',
  ...cluster,
  categories: ['api-extensions'],
};
const mutatingWebhooks = {
  ...admissionregistration,
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
};
const validatingWebhooks = {
  ...admissionregistration,
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
};

const POD_SUBRESOURCES: Readonly<Record<string, SubresourceDefinition>> = {
  attach: { kind: 'PodAttachOptions', verbs: CONNECT },
  binding: { kind: 'Binding', verbs: ['create'] },
  ephemeralcontainers: { kind: 'Pod', verbs: CHANGE },
  eviction: { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  exec: { kind: 'PodExecOptions', verbs: CONNECT },
  log: { kind: 'Pod', verbs: ['get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: CONNECT },
  proxy: { kind: 'PodProxyOptions', verbs: PROXY },
  resize: { kind: 'Pod', verbs: CHANGE },
};

/** Short names, categories and verbs as Kubernetes 1.36 discovers them; in the order of group and name. */
export const rows: readonly Row[] = [
  { ...core, kind: 'Binding', resource: 'bindings', verbs: CREATE },
  {
    ...core,
    ...cluster,
    kind: 'ComponentStatus',
    resource: 'componentstatuses',
    shortNames: ['cs'],
    verbs: ['get', 'list'],
  },
  { ...core, kind: 'ConfigMap', resource: 'configmaps', shortNames: ['cm'] },
  { ...core, kind: 'Endpoints', resource: 'endpoints', shortNames: ['ep'] },
  { ...core, kind: 'Event', resource: 'events', shortNames: ['ev'] },
  { ...core, kind: 'LimitRange', resource: 'limitranges', shortNames: ['limits'] },
  {
    ...core,
    ...cluster,
    kind: 'Namespace',
    resource: 'namespaces',
    shortNames: ['ns'],
    verbs: WRITE,
    status: true,
    subresources: { finalize: { kind: 'Namespace', verbs: ['update'] } },
  },
  {
    ...core,
    ...cluster,
    kind: 'Node',
    resource: 'nodes',
    shortNames: ['no'],
    status: true,
    subresources: { proxy: { kind: 'NodeProxyOptions', verbs: PROXY } },
  },
  {
    ...core,
    kind: 'PersistentVolumeClaim',
    resource: 'persistentvolumeclaims',
    shortNames: ['pvc'],
    status: true,
  },
  {
    ...core,
    ...cluster,
    kind: 'PersistentVolume',
    resource: 'persistentvolumes',
    shortNames: ['pv'],
    status: true,
  },
  {
    ...core,
    kind: 'Pod',
    resource: 'pods',
    shortNames: ['po'],
    categories: ALL,
    status: true,
    subresources: POD_SUBRESOURCES,
  },
  { ...core, kind: 'PodTemplate', resource: 'podtemplates' },
  {
    ...core,
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    shortNames: ['rc'],
    categories: ALL,
    status: true,
    scale: SCALE,
  },
  { ...core, kind: 'ResourceQuota', resource: 'resourcequotas', shortNames: ['quota'], status: true },
  { ...core, kind: 'Secret', resource: 'secrets' },
  {
    ...core,
    kind: 'ServiceAccount',
    resource: 'serviceaccounts',
    shortNames: ['sa'],
    subresources: {
      token: { kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
    },
  },
  {
    ...core,
    kind: 'Service',
    resource: 'services',
    shortNames: ['svc'],
    categories: ALL,
    status: true,
    subresources: { proxy: { kind: 'ServiceProxyOptions', verbs: PROXY } },
  },
  {
    group: 'apiregistration.k8s.io',
    version: 'v1',
    ...cluster,
    kind: 'APIService',
    resource: 'apiservices',
    categories: ['api-extensions'],
    status: true,
  },
  { ...apps, kind: 'ControllerRevision', resource: 'controllerrevisions' },
  { ...apps, kind: 'DaemonSet', resource: 'daemonsets', shortNames: ['ds'], categories: ALL, status: true },
  {
    ...apps,
    kind: 'Deployment',
    resource: 'deployments',
    shortNames: ['deploy'],
    categories: ALL,
    status: true,
    scale: SCALE,
  },
  {
    ...apps,
    kind: 'ReplicaSet',
    resource: 'replicasets',
    shortNames: ['rs'],
    categories: ALL,
    status: true,
    scale: SCALE,
  },
  {
    ...apps,
    kind: 'StatefulSet',
    resource: 'statefulsets',
    shortNames: ['sts'],
    categories: ALL,
    status: true,
    scale: SCALE,
  },
  { ...events, version: 'v1', storage: eventStorage('v1') },
  { ...events, version: 'v1beta1', storage: eventStorage('v1beta1'), legacy: true },
  {
    group: 'authentication.k8s.io',
    version: 'v1',
    ...review,
    kind: 'SelfSubjectReview',
    resource: 'selfsubjectreviews',
  },
  { group: 'authentication.k8s.io', version: 'v1', ...review, kind: 'TokenReview', resource: 'tokenreviews' },
  {
    ...authorization,
    kind: 'LocalSubjectAccessReview',
    resource: 'localsubjectaccessreviews',
    verbs: CREATE,
  },
  { ...authorization, ...review, kind: 'SelfSubjectAccessReview', resource: 'selfsubjectaccessreviews' },
  { ...authorization, ...review, kind: 'SelfSubjectRulesReview', resource: 'selfsubjectrulesreviews' },
  { ...authorization, ...review, kind: 'SubjectAccessReview', resource: 'subjectaccessreviews' },
  { ...autoscaling, version: 'v2' },
  { ...autoscaling, version: 'v1', storage: hpaV1Storage },
  {
    group: 'batch',
    version: 'v1',
    kind: 'CronJob',
    resource: 'cronjobs',
    shortNames: ['cj'],
    categories: ALL,
    status: true,
  },
  { group: 'batch', version: 'v1', kind: 'Job', resource: 'jobs', categories: ALL, status: true },
  {
    group: 'batch',
    version: 'v1beta1',
    kind: 'CronJob',
    resource: 'cronjobs',
    shortNames: ['cj'],
    categories: ALL,
    status: true,
    storage: sameFields(
      'batch',
      'cronjobs',
      (version) => `io.k8s.api.batch.${version}.CronJob`,
      'v1beta1',
      'v1',
    ),
    legacy: true,
  },
  {
    group: 'certificates.k8s.io',
    version: 'v1',
    ...cluster,
    kind: 'CertificateSigningRequest',
    resource: 'certificatesigningrequests',
    shortNames: ['csr'],
    status: true,
    subresources: { approval: { kind: 'CertificateSigningRequest', verbs: CHANGE } },
  },
  { ...networking, ...cluster, kind: 'IngressClass', resource: 'ingressclasses' },
  { ...networking, kind: 'Ingress', resource: 'ingresses', shortNames: ['ing'], status: true },
  { ...networking, ...cluster, kind: 'IPAddress', resource: 'ipaddresses', shortNames: ['ip'] },
  { ...networking, kind: 'NetworkPolicy', resource: 'networkpolicies', shortNames: ['netpol'] },
  { ...networking, ...cluster, kind: 'ServiceCIDR', resource: 'servicecidrs', status: true },
  {
    group: 'policy',
    version: 'v1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    status: true,
  },
  {
    group: 'policy',
    version: 'v1beta1',
    kind: 'PodDisruptionBudget',
    resource: 'poddisruptionbudgets',
    shortNames: ['pdb'],
    status: true,
    storage: pdbBetaStorage,
    legacy: true,
  },
  { ...rbac, ...cluster, kind: 'ClusterRoleBinding', resource: 'clusterrolebindings' },
  { ...rbac, ...cluster, kind: 'ClusterRole', resource: 'clusterroles' },
  { ...rbac, kind: 'RoleBinding', resource: 'rolebindings' },
  { ...rbac, kind: 'Role', resource: 'roles' },
  { ...storage, ...cluster, kind: 'CSIDriver', resource: 'csidrivers' },
  { ...storage, ...cluster, kind: 'CSINode', resource: 'csinodes' },
  { ...storage, kind: 'CSIStorageCapacity', resource: 'csistoragecapacities' },
  { ...storage, ...cluster, kind: 'StorageClass', resource: 'storageclasses', shortNames: ['sc'] },
  { ...storage, ...cluster, kind: 'VolumeAttachment', resource: 'volumeattachments', status: true },
  {
    ...storage,
    ...cluster,
    kind: 'VolumeAttributesClass',
    resource: 'volumeattributesclasses',
    shortNames: ['vac'],
  },
  { ...mutatingWebhooks, version: 'v1' },
  {
    ...admissionregistration,
    version: 'v1',
    kind: 'MutatingAdmissionPolicy',
    resource: 'mutatingadmissionpolicies',
  },
  {
    ...admissionregistration,
    version: 'v1',
    kind: 'MutatingAdmissionPolicyBinding',
    resource: 'mutatingadmissionpolicybindings',
  },
  {
    ...admissionregistration,
    version: 'v1',
    kind: 'ValidatingAdmissionPolicy',
    resource: 'validatingadmissionpolicies',
    status: true,
  },
  {
    ...admissionregistration,
    version: 'v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    resource: 'validatingadmissionpolicybindings',
  },
  { ...validatingWebhooks, version: 'v1' },
  {
    ...mutatingWebhooks,
    version: 'v1beta1',
    storage: webhookConfigurationStorage(mutatingWebhooks.kind, mutatingWebhooks.resource),
    legacy: true,
  },
  {
    ...validatingWebhooks,
    version: 'v1beta1',
    storage: webhookConfigurationStorage(validatingWebhooks.kind, validatingWebhooks.resource),
    legacy: true,
  },
  {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    ...cluster,
    kind: 'CustomResourceDefinition',
    resource: 'customresourcedefinitions',
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    status: true,
  },
  {
    group: 'scheduling.k8s.io',
    version: 'v1',
    ...cluster,
    kind: 'PriorityClass',
    resource: 'priorityclasses',
    shortNames: ['pc'],
  },
  { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', resource: 'leases' },
  { group: 'node.k8s.io', version: 'v1', ...cluster, kind: 'RuntimeClass', resource: 'runtimeclasses' },
  { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', resource: 'endpointslices' },
  {
    group: 'discovery.k8s.io',
    version: 'v1beta1',
    kind: 'EndpointSlice',
    resource: 'endpointslices',
    storage: endpointSliceBetaStorage,
    legacy: true,
  },
];
