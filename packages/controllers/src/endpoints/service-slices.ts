import { isIPv6 } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { controllerReference } from '@sampan/machinery';
import type { Node, Pod } from '../workloads/objects.ts';
import { isReady, isTerminating } from '../workloads/pod-state.ts';
import {
  type Endpoint,
  type EndpointSlice,
  HEADLESS,
  isHeadless,
  MANAGED_BY,
  SERVICE_NAME,
  type Service,
  type SlicePort,
} from './objects.ts';
import {
  type EndpointGroup,
  groupKey,
  planSlices,
  type SlicePlan,
  type SliceTemplate,
} from './plan-slices.ts';
import { addressesOfFamily, findPort, hostnameOf, mayBeEndpoint, podReference } from './pod-endpoint.ts';

export const SLICE_MANAGER = 'endpointslice-controller.k8s.io';
/** --max-endpoints-per-slice */
const MOST_ENDPOINTS = 100;
const ZONE = 'topology.kubernetes.io/zone';
const TOPOLOGY_MODE = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];

export interface ServicePlan extends SlicePlan {
  /** Pods that were left out because their nodes are not known. */
  readonly homeless: readonly Pod[];
}

/** How the slices of a Service have to change (k8s.io/endpointslice Reconcile). Pure. */
export function planServiceSlices(
  service: Service,
  pods: Iterable<Pod>,
  existing: readonly EndpointSlice[],
  nodeOf: (name: string) => Node | undefined,
): ServicePlan {
  const types = addressTypesOf(service);
  const homeless = new Set<Pod>();
  const groups = new Map<string, EndpointGroup & { endpoints: Endpoint[] }>();
  for (const pod of pods) {
    if (!mayBeEndpoint(pod, true)) continue;
    const ports = portsOf(service, pod);
    const node = nodeOf(pod.spec.nodeName ?? '');
    if (!node && !service.spec.publishNotReadyAddresses) {
      homeless.add(pod);
      continue;
    }
    for (const addressType of types) {
      const addresses = addressesOfFamily(pod, addressType);
      if (addresses.length === 0) continue;
      const group = { addressType, ports, endpoints: [] as Endpoint[] };
      groups.getOrInsert(groupKey(group), group).endpoints.push(endpointOf(service, pod, addresses, node));
    }
  }
  return {
    ...planSlices([...groups.values()], existing, templateOf(service, types)),
    homeless: [...homeless],
  };
}

function endpointOf(service: Service, pod: Pod, addresses: string[], node: Node | undefined): Endpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata.labels?.[ZONE];
  const hostname = hostnameOf(pod, service);
  const { nodeName } = pod.spec;
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: podReference(pod),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    ...(hostname ? { hostname } : {}),
    ...(hints ? { hints } : {}),
  };
}

/** `spec.trafficDistribution` (KEP-2433, KEP-3015) as hints; the annotation that goes before it gives none. */
function hintsOf(service: Service, zone: string | undefined, nodeName: string | undefined) {
  const { trafficDistribution } = service.spec;
  const annotations = service.metadata.annotations ?? {};
  const mode = TOPOLOGY_MODE.map((key) => annotations[key]).find((value) => value !== undefined);
  if (trafficDistribution === undefined || mode?.toLowerCase() === 'auto') return undefined;
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes =
    nodeName && trafficDistribution === 'PreferSameNode' ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length > 0 ? hints : undefined;
}

function portsOf(service: Service, pod: Pod): SlicePort[] {
  return (service.spec.ports ?? []).flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function addressTypesOf({ spec }: Service): string[] {
  if (spec.ipFamilies && spec.ipFamilies.length > 0) return spec.ipFamilies;
  if (spec.clusterIP && spec.clusterIP !== 'None') return [isIPv6(spec.clusterIP) ? 'IPv6' : 'IPv4'];
  return ['IPv4', 'IPv6'];
}

function templateOf(service: Service, types: readonly string[]): SliceTemplate {
  const { uid, namespace = '', name = '', labels: own = {} } = service.metadata;
  const reserved = new Set([SERVICE_NAME, MANAGED_BY, HEADLESS]);
  const labels: Record<string, string> = {
    ...Object.fromEntries(Object.entries(own).filter(([key]) => !reserved.has(key))),
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: name,
    [MANAGED_BY]: SLICE_MANAGER,
  };
  return {
    max: MOST_ENDPOINTS,
    placeholders: types,
    make: ({ addressType, ports }) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        namespace,
        generateName: slicePrefix(name),
        labels,
        ownerReferences: [controllerReference(service)],
      },
      addressType,
      ports: [...ports],
      endpoints: [],
    }),
    amend: (slice) =>
      deepEqual(slice.metadata.labels, labels)
        ? slice
        : { ...slice, metadata: { ...slice.metadata, labels } },
    owns: (slice) =>
      types.includes(slice.addressType) &&
      (slice.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid && owner.kind === 'Service'),
  };
}

/** With a dash where that leaves a valid name. */
export const slicePrefix = (name: string): string => (name.length < 253 ? `${name}-` : name);
