import { isIPv4 } from 'node:net';
import type { TableBuilder } from '../nft/table.ts';
import { nameOf, type Pod, type Protocol, protocolOf } from './objects.ts';

/**
 * Adds the chain `host-ports`: ports of containers on the node's addresses (`hostPort`). Pods of the host network
 * have them anyway. When two pods want the same, which the scheduler prevents, the first by name gets it. Pure.
 */
export function addHostPorts(table: TableBuilder, pods: Iterable<Pod>): void {
  const { any, exact } = collect(pods);
  const data = 'ipv4_addr . inet_service';
  table.map('host-ports', `type ipv4_addr . inet_proto . inet_service : ${data}`, exact);
  table.map('any-host-ports', `type inet_proto . inet_service : ${data}`, any);
  table.chain('host-ports', [
    ...PROTOCOLS.map(
      (name) => `meta l4proto ${name} dnat ip to ip daddr . meta l4proto . th dport map @host-ports`,
    ),
    ...PROTOCOLS.map(
      (name) =>
        `ip daddr @node-addresses meta l4proto ${name} dnat ip to meta l4proto . th dport map @any-host-ports`,
    ),
  ]);
}

/** A port of the node that a container has. */
export interface ContainerHostPort {
  /** The address of the node that it is at; undefined: all. */
  readonly address: string | undefined;
  readonly protocol: Protocol;
  readonly port: number;
  readonly container: { readonly ip: string; readonly port: number };
}

/** By name of the pods; of two that are the same port, the first counts. Pure. */
export function hostPortsOf(pods: Iterable<Pod>): ContainerHostPort[] {
  return [...pods].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)).flatMap(portsOfPod);
}

function collect(pods: Iterable<Pod>): { any: Map<string, string>; exact: Map<string, string> } {
  const any = new Map<string, string>();
  const exact = new Map<string, string>();
  for (const { address, protocol, port, container } of hostPortsOf(pods)) {
    const value = `${container.ip} . ${container.port}`;
    if (address === undefined) any.getOrInsert(`${protocol} . ${port}`, value);
    else exact.getOrInsert(`${address} . ${protocol} . ${port}`, value);
  }
  return { any, exact };
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'];

function portsOfPod({ spec, status }: Pod): ContainerHostPort[] {
  const ip = status?.podIP;
  if (!spec || spec.hostNetwork || ip === undefined || !isIPv4(ip)) return [];
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return containers
    .flatMap((container) => container.ports ?? [])
    .flatMap(({ hostPort, hostIP, containerPort, protocol: text }) => {
      const protocol = protocolOf(text);
      const address = hostIP && hostIP !== '0.0.0.0' ? hostIP : undefined;
      if (!hostPort || protocol === undefined || (address !== undefined && !isIPv4(address))) return [];
      return [{ address, protocol, port: hostPort, container: { ip, port: containerPort } }];
    });
}
