import type { KubeObject, k8s } from '@sampan/api';

/** The kinds that endpoint controllers work on, as they come from the API. */
export interface Service extends KubeObject {
  spec: k8s.ServiceSpec;
}

export interface Endpoints extends KubeObject {
  subsets?: k8s.EndpointSubset[];
}

export interface EndpointSlice extends KubeObject {
  addressType: string;
  endpoints?: k8s.DiscoveryV1Endpoint[] | null;
  ports?: k8s.DiscoveryV1EndpointPort[] | null;
}

export type Endpoint = k8s.DiscoveryV1Endpoint;
export type SlicePort = k8s.DiscoveryV1EndpointPort;

/** Labels and annotations of endpoints (Kubernetes docs "Well-Known Labels, Annotations and Taints"). */
export const SERVICE_NAME = 'kubernetes.io/service-name';
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
export const SKIP_MIRROR = 'endpointslice.kubernetes.io/skip-mirror';
export const HEADLESS = 'service.kubernetes.io/headless';
export const ENDPOINTS_MANAGED_BY = 'endpoints.kubernetes.io/managed-by';
export const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity';
export const LAST_CHANGE = 'endpoints.kubernetes.io/last-change-trigger-time';
export const LEADER = 'control-plane.alpha.kubernetes.io/leader';

export const isHeadless = ({ spec }: Service): boolean => !spec.clusterIP || spec.clusterIP === 'None';

/** Does the Service select pods? One that is only another name leads to none, whatever it says it selects. */
export const selectsPods = ({ spec }: Service): boolean =>
  spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;
