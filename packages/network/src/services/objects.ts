import type { KubeObject, k8s } from '@sampan/api';

/** The objects that Services are made of, as they come from the API. */
export interface Service extends KubeObject {
  readonly spec?: k8s.ServiceSpec;
  readonly status?: k8s.ServiceStatus;
}

export interface EndpointSlice extends KubeObject {
  readonly addressType: string;
  readonly endpoints?: readonly k8s.DiscoveryV1Endpoint[] | null;
  readonly ports?: readonly k8s.DiscoveryV1EndpointPort[] | null;
}

export interface Pod extends KubeObject {
  readonly spec?: k8s.PodSpec;
  readonly status?: k8s.PodStatus;
}

/** Well-known labels (Kubernetes docs "Well-Known Labels, Annotations and Taints"). */
export const SERVICE_NAME = 'kubernetes.io/service-name';
/** A Service with it is another proxy's. */
export const PROXY_NAME = 'service.kubernetes.io/service-proxy-name';

export type Protocol = 'tcp' | 'udp' | 'sctp';

const PROTOCOLS = new Map<string, Protocol>([
  ['TCP', 'tcp'],
  ['UDP', 'udp'],
  ['SCTP', 'sctp'],
]);

/** undefined for what nftables has no ports for. */
export const protocolOf = (text: string | undefined): Protocol | undefined => PROTOCOLS.get(text ?? 'TCP');

export const nameOf = ({ metadata }: Pick<KubeObject, 'metadata'>): string =>
  `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
