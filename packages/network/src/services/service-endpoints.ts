import { isIPv4 } from 'node:net';
import type { k8s } from '@sampan/api';
import { type EndpointSlice, type Protocol, protocolOf, SERVICE_NAME } from './objects.ts';

/** Where a connection to a Service may end. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

export interface EndpointChoice {
  /** For the traffic policy `Cluster`. */
  readonly all: readonly Endpoint[];
  /** For the traffic policy `Local`: those on this node. */
  readonly local: readonly Endpoint[];
}

interface Candidate extends Endpoint {
  readonly ready: boolean;
  /** Still answers, but is going away. */
  readonly serving: boolean;
  readonly local: boolean;
}

const NONE: EndpointChoice = { all: [], local: [] };

/** Finds the endpoints of Service ports in slices. Built once for a state. */
export class EndpointIndex {
  readonly #candidates = new Map<string, Candidate[]>();

  /** `node`: endpoints on it are local. */
  constructor(slices: Iterable<EndpointSlice>, node: string) {
    for (const slice of slices) this.#addSlice(slice, node);
  }

  /** `service` is `NAMESPACE/NAME`; `port` the port's name or ''. */
  of(service: string, port: string, protocol: Protocol): EndpointChoice {
    const found = this.#candidates.get(keyOf(service, port, protocol));
    if (!found) return NONE;
    return { all: chosen(found), local: chosen(found.filter(({ local }) => local)) };
  }

  #addSlice(slice: EndpointSlice, node: string): void {
    const service = slice.metadata.labels?.[SERVICE_NAME];
    if (service === undefined || slice.addressType !== 'IPv4') return;
    for (const { name = '', port, protocol: text } of slice.ports ?? []) {
      const protocol = protocolOf(text);
      if (port === undefined || protocol === undefined) continue;
      const key = keyOf(`${slice.metadata.namespace ?? ''}/${service}`, name, protocol);
      const candidates = this.#candidates.getOrInsertComputed(key, () => []);
      for (const endpoint of slice.endpoints ?? []) {
        const candidate = candidateOf(endpoint, port, node);
        if (candidate) candidates.push(candidate);
      }
    }
  }
}

const keyOf = (service: string, port: string, protocol: Protocol): string => `${service}:${protocol}:${port}`;

/** The first address is the one that counts (EndpointSlice reference: "addresses"). */
function candidateOf(endpoint: k8s.DiscoveryV1Endpoint, port: number, node: string): Candidate | undefined {
  const ip = endpoint.addresses?.[0];
  if (ip === undefined || !isIPv4(ip)) return undefined;
  const { ready = true, serving = ready, terminating = false } = endpoint.conditions ?? {};
  return { ip, port, ready, serving: serving && terminating, local: endpoint.nodeName === node };
}

/** Ready ones, or when there are none, those that still answer while they end (KEP-1669). Sorted, each once. */
function chosen(candidates: readonly Candidate[]): Endpoint[] {
  const ready = candidates.filter((candidate) => candidate.ready);
  const some = ready.length > 0 ? ready : candidates.filter(({ serving }) => serving);
  const each = new Map(some.map(({ ip, port }) => [`${ip}:${port}`, { ip, port }]));
  return [...each].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
