import { createHash } from 'node:crypto';
import type { TableBuilder } from '../nft/table.ts';
import { contains, ipNumberOf, rangeOf } from '../ranges.ts';
import type { Endpoint } from './service-endpoints.ts';
import type { ServicePort } from './service-ports.ts';

/** The addresses of a cluster's network namespace that matter to Services. */
export interface ServiceAddresses {
  /** Connections to these addresses reach NodePorts. */
  readonly nodeAddresses: readonly string[];
  /** Where connections to the load balancer's address arrive when the machine has handed them on. */
  readonly balancerAddresses: readonly string[];
  /** Of pods: they and the node itself reach all endpoints whatever `externalTrafficPolicy` says. */
  readonly podRange: string;
  /** Addresses of Services: a port there that no Service has is rejected. */
  readonly serviceRange: string;
}

const KEY_TYPE = 'type ipv4_addr . inet_proto . inet_service : verdict';

/**
 * Adds the chains and verdict maps of Services: one lookup by destination finds the chain of a Service port, however
 * many there are (as kube-proxy in nftables mode, KEP-3866). Pure.
 *
 * The chain `services` belongs into nat hooks, `reject-services` into filter hooks of new connections.
 */
export function addServices(
  table: TableBuilder,
  ports: readonly ServicePort[],
  addresses: ServiceAddresses,
): void {
  const maps = new Verdicts();
  const hairpin = new Set<string>();
  const podRanges = [rangeOf(addresses.podRange)].filter((range) => range !== undefined);
  for (const port of ports) {
    const names = addPort(table, port);
    maps.add(port, names, addresses);
    for (const { ip } of [...port.endpoints.all, ...port.endpoints.local]) hairpin.add(`${ip} . ${ip}`);
  }
  table.map('service-ports', KEY_TYPE, maps.services);
  table.map('node-ports', 'type inet_proto . inet_service : verdict', maps.nodePorts);
  table.map('dead-service-ports', KEY_TYPE, maps.dead);
  table.map('dead-node-ports', 'type inet_proto . inet_service : verdict', maps.deadNodePorts);
  table.set('cluster-ips', 'type ipv4_addr', new Set(ports.flatMap(({ clusterIps }) => clusterIps)));
  table.set('node-addresses', 'type ipv4_addr', addresses.nodeAddresses);
  table.set('cluster-sources', 'type ipv4_addr; flags interval', [
    addresses.podRange,
    ...addresses.nodeAddresses.filter((ip) => !contains(podRanges, ipNumberOf(ip))),
  ]);
  table.set('hairpin', 'type ipv4_addr . ipv4_addr', hairpin);
  table.chain('services', [
    'ip daddr . meta l4proto . th dport vmap @service-ports',
    'ip daddr @node-addresses meta l4proto . th dport vmap @node-ports',
  ]);
  addRejections(table, addresses);
}

function addRejections(table: TableBuilder, { serviceRange }: ServiceAddresses): void {
  table.chain('reject-connection', ['meta l4proto tcp reject with tcp reset', 'reject']);
  table.chain('drop-connection', ['drop']);
  table.chain('reject-services', [
    'ip daddr . meta l4proto . th dport vmap @dead-service-ports',
    'ip daddr @node-addresses meta l4proto . th dport vmap @dead-node-ports',
    // what goes to an endpoint has that as its destination by now
    'ip daddr @cluster-ips goto reject-connection',
    `ip daddr ${serviceRange} drop`,
  ]);
}

/** Where the connections to a Service port go; undefined: nowhere. */
interface PortChains {
  readonly internal: string | undefined;
  readonly external: string | undefined;
  readonly balanced: string | undefined;
}

function addPort(table: TableBuilder, port: ServicePort): PortChains {
  const { service, protocol, endpoints, internalLocal, externalLocal } = port;
  const id = chainId(`${service}/${protocol}/${port.port}`);
  const all = addBalancing(table, `svc/${id}`, port, endpoints.all);
  const local =
    internalLocal || externalLocal ? addBalancing(table, `local/${id}`, port, endpoints.local) : undefined;
  let external = all;
  if (externalLocal && all !== undefined) {
    external = `ext/${id}`;
    table.chain(external, [
      `ip saddr @cluster-sources goto ${all}`,
      local === undefined ? 'drop' : `goto ${local}`,
    ]);
  }
  let balanced = external;
  if (port.sourceRanges && external !== undefined) {
    balanced = `fw/${id}`;
    const { sourceRanges } = port;
    const allowed =
      sourceRanges.length > 0 ? [`ip saddr { ${sourceRanges.join(', ')} } goto ${external}`] : [];
    table.chain(balanced, [...allowed, 'drop']);
  }
  return { internal: internalLocal ? local : all, external, balanced };
}

/** A chain that sends a connection to one of the endpoints; undefined when there are none. */
function addBalancing(
  table: TableBuilder,
  chain: string,
  port: ServicePort,
  endpoints: readonly Endpoint[],
): string | undefined {
  if (endpoints.length === 0) return undefined;
  const { protocol, affinitySeconds } = port;
  if (affinitySeconds === undefined) {
    table.chain(chain, [`meta l4proto ${protocol} dnat ip to ${target(endpoints)}`]);
    return chain;
  }
  const known: string[] = [];
  const picks: string[] = [];
  for (const [i, { ip, port: number }] of endpoints.entries()) {
    const id = chainId(`${port.service}/${protocol}/${port.port}/${ip}/${number}`);
    const set = `aff/${affinitySeconds}/${id}`;
    if (!table.hasSet(set))
      table.dynamicSet(set, `type ipv4_addr; flags dynamic,timeout; timeout ${affinitySeconds}s`);
    if (!table.hasChain(`ep/${id}`))
      table.chain(`ep/${id}`, [
        `update @${set} { ip saddr }`,
        `meta l4proto ${protocol} dnat ip to ${ip}:${number}`,
      ]);
    known.push(`ip saddr @${set} goto ep/${id}`);
    picks.push(`${i} : goto ep/${id}`);
  }
  table.chain(chain, [...known, `numgen random mod ${endpoints.length} vmap { ${picks.join(', ')} }`]);
  return chain;
}

function target(endpoints: readonly Endpoint[]): string {
  const [only] = endpoints;
  if (endpoints.length === 1 && only) return `${only.ip}:${only.port}`;
  const choices = endpoints.map(({ ip, port }, i) => `${i} : ${ip} . ${port}`);
  return `numgen random mod ${endpoints.length} map { ${choices.join(', ')} }`;
}

/** Verdicts by destination; the first to want a destination gets it. */
class Verdicts {
  readonly services = new Map<string, string>();
  readonly nodePorts = new Map<string, string>();
  readonly dead = new Map<string, string>();
  readonly deadNodePorts = new Map<string, string>();

  add(port: ServicePort, chains: PortChains, addresses: ServiceAddresses): void {
    const { protocol, nodePort } = port;
    // `Local` without a local endpoint loses packets, so that others are tried; no endpoint at all is an error
    const none = port.endpoints.all.length === 0 ? 'goto reject-connection' : 'goto drop-connection';
    const put = (ip: string, chain: string | undefined) => {
      const key = `${ip} . ${protocol} . ${port.port}`;
      this.#put(key, chain, none, this.services, this.dead);
    };
    for (const ip of port.clusterIps) put(ip, chains.internal);
    const arrivals = port.isLoadBalancer ? addresses.balancerAddresses : [];
    for (const ip of [...port.externalIps, ...arrivals]) put(ip, chains.balanced);
    if (nodePort !== undefined)
      this.#put(`${protocol} . ${nodePort}`, chains.external, none, this.nodePorts, this.deadNodePorts);
  }

  #put(
    key: string,
    chain: string | undefined,
    none: string,
    living: Map<string, string>,
    dead: Map<string, string>,
  ): void {
    if (living.has(key) || dead.has(key)) return;
    if (chain === undefined) dead.set(key, none);
    else living.set(key, `goto ${chain}`);
  }
}

/**
 * A name that nftables accepts whatever was in the object: readable, and unique by a part of a digest (nftables
 * takes 255 characters).
 */
function chainId(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return `${digest}-${text.replaceAll(/[^A-Za-z0-9/.-]/g, '-').slice(0, 180)}`;
}
