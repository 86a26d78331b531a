import type { KubeObject } from '../meta/object.ts';
import { convertTo, type StorageConversion } from './storage.ts';

const ZONE = 'topology.kubernetes.io/zone';
const HOSTNAME = 'kubernetes.io/hostname';

type Endpoint = Record<string, unknown> & {
  topology?: Record<string, string>;
  deprecatedTopology?: Record<string, string>;
  zone?: string;
  nodeName?: string;
};

/** pkg/apis/discovery/v1beta1/conversion.go: the topology map became the fields zone and nodeName. */
function endpointToV1({ topology, ...endpoint }: Endpoint): Endpoint {
  if (!topology) return endpoint;
  const { [ZONE]: zone, ...rest } = topology;
  if (endpoint.nodeName !== undefined && rest[HOSTNAME] === endpoint.nodeName) delete rest[HOSTNAME];
  return { ...endpoint, deprecatedTopology: rest, ...(zone === undefined ? {} : { zone }) };
}

function endpointToBeta({ deprecatedTopology, zone, ...endpoint }: Endpoint): Endpoint {
  const topology = { ...deprecatedTopology };
  if (zone !== undefined) topology[ZONE] = zone;
  if (endpoint.nodeName !== undefined) topology[HOSTNAME] = endpoint.nodeName;
  return { ...endpoint, topology };
}

const withEndpoints = (object: KubeObject, each: (endpoint: Endpoint) => Endpoint): KubeObject => ({
  ...object,
  endpoints: ((object.endpoints ?? []) as Endpoint[]).map(each),
});

export const endpointSliceBetaStorage: StorageConversion = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
  fromStorage: (object) =>
    convertTo(
      'io.k8s.api.discovery.v1beta1.EndpointSlice',
      'discovery.k8s.io',
      'v1beta1',
      withEndpoints(object, endpointToBeta),
    ),
  toStorage: (object) =>
    convertTo(
      'io.k8s.api.discovery.v1.EndpointSlice',
      'discovery.k8s.io',
      'v1',
      withEndpoints(object, endpointToV1),
    ),
};
