import type { k8s } from '@sampan/api';
import { mergeRanges, type Range } from '../ranges.ts';
import { type Protocol, protocolOf } from '../services/objects.ts';
import { type PolicyPod, portKey } from './objects.ts';

/** A range of ports of a protocol. */
interface PortRange {
  readonly protocol: Protocol;
  readonly range: Range;
}

/** A port of a policy on a pod; undefined when the pod has no port of this name. */
export function portOn(pod: PolicyPod, port: k8s.NetworkPolicyPort): PortRange | undefined {
  if (typeof port.port !== 'string') return numericPort(port);
  const protocol = protocolOf(port.protocol);
  const number = protocol && pod.ports.get(portKey(port.port, protocol));
  return number === undefined ? undefined : { protocol: protocol as Protocol, range: [number, number] };
}

/** undefined when the port has a name. */
export function numericPort({ port, endPort, protocol: text }: k8s.NetworkPolicyPort): PortRange | undefined {
  const protocol = protocolOf(text);
  if (protocol === undefined || typeof port === 'string') return undefined;
  if (port === undefined) return { protocol, range: [0, 65_535] };
  return { protocol, range: [port, Math.max(port, endPort ?? port)] };
}

/** Elements of a set of ports; ranges must not overlap in one. */
export function portElements(ports: readonly PortRange[]): string[] {
  const byProtocol = new Map<Protocol, Range[]>();
  for (const { protocol, range } of ports) byProtocol.getOrInsertComputed(protocol, () => []).push(range);
  return [...byProtocol].flatMap(([protocol, ranges]) =>
    mergeRanges(ranges).map(([from, to]) => `${protocol} . ${from === to ? from : `${from}-${to}`}`),
  );
}
