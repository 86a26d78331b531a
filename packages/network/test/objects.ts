import type { k8s } from '@sampan/api';
import type { EndpointSlice, Pod, Service } from '../src/services/objects.ts';

/** Objects as the API gives them, for tests. */
export const service = (name: string, spec: k8s.ServiceSpec, status: k8s.ServiceStatus = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns', name },
  spec,
  status,
});

export const slice = (
  of: string,
  ports: k8s.DiscoveryV1EndpointPort[],
  endpoints: k8s.DiscoveryV1Endpoint[],
  namespace = 'ns',
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace, name: `${of}-x`, labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  ports,
  endpoints,
});

export const pod = (name: string, spec: Partial<k8s.PodSpec>, status: k8s.PodStatus, labels = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'ns', name, labels },
  spec: { containers: [], ...spec } as k8s.PodSpec,
  status,
});
