import { createHash } from 'node:crypto';
import type { ClusterAddresses } from '../cluster-table.ts';
import { contains, formatIp, ipNumberOf, type Range, rangeOf } from '../ranges.ts';

/**
 * The addresses of a cluster's network. Inside, every cluster has the same comfortable ones; towards the machine
 * each has a range and a link of its own, from the shared address space of RFC 6598.
 */
export interface ClusterNetwork {
  /** Which of the machine's cluster networks it is: 0 to 12287, unique on the machine. */
  readonly index: number;
  /** Of the network namespace; the machine's end of the link has it too. At most 15 characters. */
  readonly name: string;
  readonly podRange: string;
  /** The bridge's address in the namespace: the node as pods see it. */
  readonly gateway: string;
  readonly serviceRange: string;
  /** The same size as `podRange`: pod N of one is address N of the other. */
  readonly hostRange: string;
  readonly link: { readonly host: string; readonly inner: string };
  /** Of pods and of the link, bytes. */
  readonly mtu: number;
}

export interface NetworkOptions {
  readonly name: string;
  readonly index: number;
  /** A /24. Default 10.244.0.0/24. */
  readonly podRange?: string;
  /** Default 10.96.0.0/12, as of kubeadm. */
  readonly serviceRange?: string;
  /** Default 1500. */
  readonly mtu?: number;
}

/** In every cluster unless it chose others. */
export const DEFAULT_RANGES = { pods: '10.244.0.0/24', services: '10.96.0.0/12' } as const;

/** 100.64.0.0 to 100.111.255.255 for pods; the rest of 100.64.0.0/10 for links. */
export const MAX_NETWORKS = 48 * 256;
export const UPLINK = 'uplink';
export const BRIDGE = 'cni0';

/** A name that no other cluster of this or another home on the machine has. Pure. */
export const networkName = (home: string, cluster: string): string =>
  `s${createHash('sha256').update(`${home}\0${cluster}`).digest('hex').slice(0, 12)}`;

/** Pure; throws an Error when the index or a range is none. */
export function clusterNetwork(options: NetworkOptions): ClusterNetwork {
  const {
    name,
    index,
    podRange = DEFAULT_RANGES.pods,
    serviceRange = DEFAULT_RANGES.services,
    mtu = 1500,
  } = options;
  if (!Number.isInteger(index) || index < 0 || index >= MAX_NETWORKS)
    throw new Error(`there is no cluster network ${index}`);
  if (!/^[a-z0-9][a-z0-9-]{0,14}$/.test(name))
    throw new Error(`${JSON.stringify(name)} cannot name a network`);
  const range = rangeOf(podRange);
  if (!range || range[1] - range[0] !== 255) throw new Error(`${podRange} is not a /24`);
  if (!rangeOf(serviceRange)) throw new Error(`${serviceRange} is not a range`);
  return {
    index,
    name,
    podRange,
    gateway: podRange.replace(/\.\d+\/24$/, '.1'),
    serviceRange,
    hostRange: hostRangeOf(index),
    link: { host: linkAddress(2 * index), inner: linkAddress(2 * index + 1) },
    mtu,
  };
}

const hostRangeOf = (index: number): string => `100.${64 + (index >> 8)}.${index & 255}.0/24`;
const linkAddress = (number: number): string =>
  `100.${112 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;

/** The lowest index, not below `from`, whose range none of the machine's routes and addresses (CIDRs) touches; undefined: none is left. */
export function freeIndex(taken: readonly string[], from = 0): number | undefined {
  const ranges = taken.map(rangeOf).filter((range): range is Range => range !== undefined && range[0] > 0);
  const free = (cidr: string) => {
    const range = rangeOf(cidr);
    return range !== undefined && ranges.every(([first, last]) => last < range[0] || range[1] < first);
  };
  for (let index = from; index < MAX_NETWORKS; index++)
    if (free(hostRangeOf(index)) && free(`${linkAddress(2 * index)}/31`)) return index;
  return undefined;
}

/** The address of the Service `default/kubernetes`: the first of the range. */
export const apiAddressOf = ({ serviceRange }: Pick<ClusterNetwork, 'serviceRange'>): string =>
  addressIn(serviceRange, 1);

/** What resolv.conf of pods names: the tenth of the range, as in every kubeadm cluster. */
export const dnsAddressOf = ({ serviceRange }: Pick<ClusterNetwork, 'serviceRange'>): string =>
  addressIn(serviceRange, 10);

/** Whether an IPv4 address is one of a range (CIDR). */
export const hasAddress = (cidr: string, ip: string): boolean => contains(rangesOf([cidr]), ipNumberOf(ip));

const addressIn = (cidr: string, number: number): string => formatIp((rangeOf(cidr)?.[0] ?? 0) + number);

/** The machine's name of an address in the pod range: where it reaches that pod. */
export function hostAddressOf(network: ClusterNetwork, podIp: string): string {
  return network.hostRange.replace(/\.\d+\/24$/, `.${podIp.split('.')[3] ?? ''}`);
}

/**
 * Where the machine reaches an endpoint of the cluster; undefined: it must not. Pods are always reached; others when
 * `mayReach` says so, but never loopback and link-local addresses, nor those of clusters.
 */
export function endpointAddressOf(
  network: ClusterNetwork,
  ip: string,
  mayReach: (ip: string) => boolean = () => false,
): string | undefined {
  const number = ipNumberOf(ip);
  if (contains(rangesOf([network.podRange]), number)) return hostAddressOf(network, ip);
  return !contains(NEVER_REACHED, number) && mayReach(ip) ? ip : undefined;
}

const rangesOf = (cidrs: readonly string[]): Range[] =>
  cidrs.map(rangeOf).filter((range): range is Range => range !== undefined);
const NEVER_REACHED = rangesOf([
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  // of all clusters
  '100.64.0.0/10',
]);

/** Where the machine hands on connections to NodePorts. */
export const nodeArrival = (network: ClusterNetwork): string => hostAddressOf(network, network.gateway);

/** What the rules inside need to know. `machine`: addresses of the machine that are the node's to this cluster. */
export function addressesOf(network: ClusterNetwork, machine: readonly string[] = []): ClusterAddresses {
  const { podRange, serviceRange, hostRange, gateway, link } = network;
  return {
    podRange,
    serviceRange,
    hostRange,
    uplink: UPLINK,
    nodeAddresses: [...new Set([gateway, nodeArrival(network), ...machine])],
    balancerAddresses: [link.inner],
    nodeSources: [gateway, link.inner, link.host],
  };
}
