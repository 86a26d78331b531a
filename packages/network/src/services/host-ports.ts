import { isIPv4 } from 'node:net';
import type { TableBuilder } from '../nft/table.ts';
import { nameOf, type Pod, protocolOf } from './objects.ts';

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

/** The ports that are wanted on every address of the node, as `PROTOCOL . PORT`. Pure. */
export const hostPortKeys = (pods: Iterable<Pod>): Iterable<string> => collect(pods).any.keys();

function collect(pods: Iterable<Pod>): { any: Map<string, string>; exact: Map<string, string> } {
  const any = new Map<string, string>();
  const exact = new Map<string, string>();
  for (const pod of [...pods].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) addPod(pod, any, exact);
  return { any, exact };
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'];

function addPod({ spec, status }: Pod, any: Map<string, string>, exact: Map<string, string>): void {
  const ip = status?.podIP;
  if (!spec || spec.hostNetwork || ip === undefined || !isIPv4(ip)) return;
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return;
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  for (const { hostPort, hostIP, containerPort, protocol: text } of containers.flatMap(
    (c) => c.ports ?? [],
  )) {
    const protocol = protocolOf(text);
    if (!hostPort || protocol === undefined) continue;
    const value = `${ip} . ${containerPort}`;
    if (hostIP && hostIP !== '0.0.0.0') {
      if (isIPv4(hostIP)) exact.getOrInsert(`${hostIP} . ${protocol} . ${hostPort}`, value);
    } else any.getOrInsert(`${protocol} . ${hostPort}`, value);
  }
}
