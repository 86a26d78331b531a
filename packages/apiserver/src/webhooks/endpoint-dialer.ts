import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { KubeObject, k8s } from '@sampan/api';
import { addressKind, type ObjectReader } from '@sampan/machinery';
import type { Destination, ServiceDialer } from './service-dialer.ts';

type Service = k8s.Service & KubeObject;
type EndpointSlice = k8s.DiscoveryV1EndpointSlice & KubeObject;

const SERVICE_NAME = 'kubernetes.io/service-name';

export interface DialerOptions {
  readonly reader: ObjectReader;
  /**
   * Where this process reaches an endpoint: a pod, or what `mayReach` says is this machine; it answers undefined for
   * all else. Absent: this machine runs no pods.
   */
  reach?(ip: string, mayReach: (ip: string) => boolean): string | undefined;
  /**
   * Addresses of this machine at which endpoints may be, where a Node has them, too: pods with hostNetwork. Only for
   * the host cluster: who writes EndpointSlices reaches all that listens there. Default: none.
   */
  machineAddresses?(): readonly string[];
  /** Hosts that URLs of webhooks may name. */
  readonly allowedHosts: readonly string[];
}

/**
 * The way from the server to Services and webhooks: cluster IPs lead nowhere here, so it goes to a ready endpoint
 * at the address by which this machine reaches it. Endpoints that are neither pods nor this node are not reached,
 * whatever an EndpointSlice says.
 */
export function createServiceDialer(options: DialerOptions): ServiceDialer {
  const { reader, allowedHosts } = options;
  return {
    async service(namespace, name, port) {
      const service = reader.get<Service>('services', namespace, name);
      if (!service) throw new Error(`service "${name}" not found`);
      const named = service.spec?.ports?.find((candidate) => candidate.port === port);
      if (!named) throw new Error(`no service port ${port} found for service "${name}"`);
      const found = destinations(options, service, named.name ?? '');
      const chosen = found[Math.floor(Math.random() * found.length)];
      if (!chosen) throw new Error(`no endpoints available for service "${name}"`);
      return chosen;
    },
    async host(host, port) {
      if (!allowedHosts.includes(host)) {
        throw new Error(
          `host "${host}" is not allowed: an administrator of this machine must add it to webhookHosts in settings.json`,
        );
      }
      return { address: await addressOf(host), port };
    },
  };
}

function destinations(options: DialerOptions, { metadata }: Service, portName: string): Destination[] {
  const { reader } = options;
  if (!options.reach) return [];
  const mine = nodeAddresses(reader, options.machineAddresses?.() ?? []);
  return reader
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', metadata.namespace)
    .filter((slice) => slice.metadata.labels?.[SERVICE_NAME] === metadata.name)
    .flatMap((slice) => {
      const port = slice.ports?.find((candidate) => (candidate.name ?? '') === portName)?.port;
      if (port === undefined) return [];
      return (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => (addresses ?? []).slice(0, 1))
        .map((address) => options.reach?.(address, (ip) => mine.has(ip)))
        .filter((address) => address !== undefined)
        .map((address) => ({ address, port }));
    });
}

/** Those of the machine's addresses that a Node of the cluster has. */
function nodeAddresses(reader: ObjectReader, machine: readonly string[]): ReadonlySet<string> {
  if (machine.length === 0) return new Set();
  const nodes = reader
    .list<k8s.Node & KubeObject>('nodes')
    .flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address));
  return new Set(nodes.filter((address) => machine.includes(address)));
}

/** Never this machine, link-local addresses, multicast, or the networks of clusters, however they are written. */
async function addressOf(host: string): Promise<string> {
  const found = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  const usable = found.find(({ address }) => addressKind(address) === undefined);
  if (!usable) throw new Error(`host "${host}" has no address that may be called`);
  return usable.address;
}
