import { isIPv4 } from 'node:net';
import { mergeRanges, rangeOf, rangeText } from '../ranges.ts';
import {
  type EndpointSlice,
  nameOf,
  PROXY_NAME,
  type Protocol,
  protocolOf,
  type Service,
} from './objects.ts';
import { type EndpointChoice, EndpointIndex } from './service-endpoints.ts';

/** One port of a Service, with all that its rules follow from. */
export interface ServicePort {
  /** `NAMESPACE/NAME`. */
  readonly service: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly clusterIps: readonly string[];
  /** Addresses from outside: those of the load balancer, and `externalIPs`. */
  readonly externalIps: readonly string[];
  /** Undefined when it has none. */
  readonly nodePort: number | undefined;
  readonly isLoadBalancer: boolean;
  /** Only these may come through the load balancer; undefined: all. */
  readonly sourceRanges: readonly string[] | undefined;
  /** Seconds; undefined: no affinity. */
  readonly affinitySeconds: number | undefined;
  readonly internalLocal: boolean;
  readonly externalLocal: boolean;
  readonly endpoints: EndpointChoice;
}

/** Upstream's default of `sessionAffinityConfig.clientIP.timeoutSeconds`. */
const AFFINITY_SECONDS = 10_800;

/**
 * The ports of all Services that have an address of their own, older Services first: when two want the same, the
 * older one gets it. Pure.
 */
export function servicePortsOf(
  services: Iterable<Service>,
  slices: Iterable<EndpointSlice>,
  node: string,
): ServicePort[] {
  const index = new EndpointIndex(slices, node);
  return [...services]
    .filter(isProxied)
    .sort(byAge)
    .flatMap((service) => portsOf(service, index));
}

const isProxied = ({ spec, metadata }: Service): boolean =>
  spec !== undefined &&
  spec.type !== 'ExternalName' &&
  spec.clusterIP !== undefined &&
  spec.clusterIP !== '' &&
  spec.clusterIP !== 'None' &&
  metadata.labels?.[PROXY_NAME] === undefined;

function byAge(a: Service, b: Service): number {
  const key = (service: Service) => `${service.metadata.creationTimestamp ?? ''} ${nameOf(service)}`;
  return key(a) < key(b) ? -1 : 1;
}

function portsOf(service: Service, index: EndpointIndex): ServicePort[] {
  const { spec = {}, status } = service;
  const name = nameOf(service);
  const balanced = spec.type === 'LoadBalancer' ? balancedIps(status) : [];
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS;
  const ranges = (spec.loadBalancerSourceRanges ?? []).map(rangeOf).filter((range) => range !== undefined);
  const common = {
    service: name,
    clusterIps: ips(spec.clusterIPs ?? [spec.clusterIP ?? '']),
    externalIps: [...new Set([...balanced, ...ips(spec.externalIPs ?? [])])],
    isLoadBalancer: balanced.length > 0,
    sourceRanges:
      (spec.loadBalancerSourceRanges ?? []).length > 0 ? mergeRanges(ranges).map(rangeText) : undefined,
    affinitySeconds: spec.sessionAffinity === 'ClientIP' ? timeout : undefined,
    internalLocal: spec.internalTrafficPolicy === 'Local',
    externalLocal: spec.externalTrafficPolicy === 'Local',
  };
  return (spec.ports ?? []).flatMap(({ name: portName = '', port, nodePort, protocol: text }) => {
    const protocol = protocolOf(text);
    if (protocol === undefined) return [];
    const endpoints = index.of(name, portName, protocol);
    return [{ ...common, protocol, port, nodePort: nodePort || undefined, endpoints }];
  });
}

const ips = (texts: readonly string[]): string[] => texts.filter((text) => isIPv4(text));

/** `ipMode: Proxy` says that connections must go through the balancer itself (KEP-1860). */
const balancedIps = (status: Service['status']): string[] =>
  ips(
    (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
      ip !== undefined && ipMode !== 'Proxy' ? [ip] : [],
    ),
  );
