import { type NftTable, TableBuilder } from '../nft/table.ts';
import type { ContainerHostPort } from '../services/host-ports.ts';
import type { Protocol } from '../services/objects.ts';
import type { ServicePort } from '../services/service-ports.ts';
import { type ClusterNetwork, hostAddressOf, nodeArrival } from './addresses.ts';
import type { HostPods } from './host-pods.ts';

/** A port of the machine that leads into a cluster. */
export interface HostPort {
  /** The address of the machine that it is at; undefined: all. */
  readonly address?: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly to: { readonly ip: string; readonly port: number };
}

export interface HostTableOptions {
  /** Ports of the machine's addresses, loopback included. The first to want one gets it. */
  readonly ports: readonly HostPort[];
  /**
   * TCP and UDP ports of the machine's end of the link that pods may connect to (API, DNS); undefined: all of the
   * machine.
   */
  readonly allowed?: { readonly tcp: readonly number[]; readonly udp: readonly number[] };
  /** The cluster's API, which pods reach at the machine's end of the link; undefined: they do not. */
  readonly api?: HostApi;
  /** The way of its pods of the host network into the cluster; undefined: they have none. */
  readonly hostPods?: HostPods;
}

/** Where the API of a cluster listens on the machine: an IPv4 address, loopback included, or 0.0.0.0. */
export interface HostApi {
  readonly address: string;
  readonly port: number;
  /** The port of the link that leads there. Default the same. */
  readonly arrival?: number;
}

/** The name of a cluster's table among the machine's. */
export const hostTableName = ({ name }: Pick<ClusterNetwork, 'name'>): string => `sampan-${name}`;

const ANY_ADDRESS = '0.0.0.0';

const arrivalOf = ({ port, arrival = port }: HostApi): number => arrival;

/** Every cluster's range and link: none of them is another's to reach. */
const ALL_CLUSTERS = '100.64.0.0/10';

/**
 * The machine's own rules for one cluster: ports that lead in, a shared address for what goes out, and a wall
 * towards other clusters and the machine. Pure.
 */
export function hostTable(
  network: ClusterNetwork,
  { ports, allowed, api, hostPods }: HostTableOptions,
): NftTable {
  const { name, hostRange, link } = network;
  const table = new TableBuilder();
  addPorts(table, ports);
  if (hostPods) {
    const { cgroup, mark } = hostPods;
    const depth = cgroup.split('/').filter((part) => part !== 'unified').length;
    table.chain(
      'host-pods',
      [
        `ip daddr { ${network.podRange}, ${network.serviceRange} } socket cgroupv2 level ${depth} "${cgroup}" meta mark set ${mark}`,
      ],
      'type route hook output priority mangle; policy accept;',
    );
  }
  const nat = (hook: string, priority: string) =>
    `type nat hook ${hook} priority ${priority}; policy accept;`;
  const toApi =
    api && (api.address !== ANY_ADDRESS || arrivalOf(api) !== api.port)
      ? [
          `iifname "${name}" ip daddr ${link.host} tcp dport ${arrivalOf(api)} dnat to ${api.address === ANY_ADDRESS ? link.host : api.address}:${api.port}`,
        ]
      : [];
  table.chain('prerouting', [`iifname != "${name}" jump hand-on`, ...toApi], nat('prerouting', 'dstnat'));
  table.chain('output', ['jump hand-on'], nat('output', '-100'));
  table.chain(
    'postrouting',
    [
      // what came to an address of the machine from itself comes from the link
      `oifname "${name}" fib saddr type local masquerade`,
      `ip saddr { ${hostRange}, ${link.inner} } oifname != "${name}" ip daddr != ${ALL_CLUSTERS} masquerade`,
    ],
    nat('postrouting', 'srcnat'),
  );
  const filter = (hook: string) => `type filter hook ${hook} priority filter; policy accept;`;
  const pass = 'ct state established,related accept';
  table.chain(
    'forward',
    [
      pass,
      `iifname "${name}" ip saddr != { ${hostRange}, ${link.inner} } drop`,
      `iifname "${name}" ip daddr ${ALL_CLUSTERS} drop`,
      // others come in by the ports that lead in, not by a route to the machine
      `oifname "${name}" ct status dnat accept`,
      `oifname "${name}" drop`,
    ],
    filter('forward'),
  );
  table.chain(
    'input',
    [
      `iifname "${name}" jump from-cluster`,
      `ip daddr ${link.host} iifname != { "${name}", "lo" } ct state new drop`,
    ],
    filter('input'),
  );
  table.chain('from-cluster', [
    pass,
    ...(api
      ? [`meta l4proto tcp ct original ip daddr ${link.host} ct original proto-dst ${arrivalOf(api)} accept`]
      : []),
    // the link lets loopback addresses in (route_localnet), for that way only
    'ip daddr 127.0.0.0/8 drop',
    ...(allowed ? wall(link.host, allowed) : []),
  ]);
  return table.build(hostTableName(network));
}

function addPorts(table: TableBuilder, ports: readonly HostPort[]): void {
  const any = new Map<string, string>();
  const exact = new Map<string, string>();
  for (const { address, protocol, port, to } of ports) {
    const value = `${to.ip} . ${to.port}`;
    if (address === undefined) any.getOrInsert(`${protocol} . ${port}`, value);
    else exact.getOrInsert(`${address} . ${protocol} . ${port}`, value);
  }
  const target = 'ipv4_addr . inet_service';
  table.map('exact-ports', `type ipv4_addr . inet_proto . inet_service : ${target}`, exact);
  table.map('ports', `type inet_proto . inet_service : ${target}`, any);
  const here = `fib daddr type local ip daddr != ${ALL_CLUSTERS}`;
  const keys = ['ip daddr . meta l4proto . th dport map @exact-ports', 'meta l4proto . th dport map @ports'];
  table.chain(
    'hand-on',
    keys.flatMap((key) =>
      ['tcp', 'udp', 'sctp'].map((protocol) => `${here} meta l4proto ${protocol} dnat ip to ${key}`),
    ),
  );
}

function wall(
  host: string,
  allowed: { readonly tcp: readonly number[]; readonly udp: readonly number[] },
): string[] {
  const open = Object.entries(allowed).flatMap(([protocol, ports]) =>
    ports.length > 0
      ? [`ip daddr ${host} ${protocol} dport { ${[...new Set(ports)].join(', ')} } accept`]
      : [],
  );
  return [
    ...open,
    `ip daddr ${host} icmp type echo-request accept`,
    'meta l4proto tcp reject with tcp reset',
    'reject',
  ];
}

/** The machine's ports that Services and host ports of a cluster want: NodePorts, and load balancers' ports. Pure. */
export function wantedHostPorts(
  network: ClusterNetwork,
  ports: readonly ServicePort[],
  hostPorts: readonly ContainerHostPort[] = [],
): HostPort[] {
  const node = nodeArrival(network);
  const wanted: HostPort[] = [];
  for (const { protocol, port, nodePort, isLoadBalancer } of ports) {
    if (nodePort !== undefined) wanted.push({ protocol, port: nodePort, to: { ip: node, port: nodePort } });
    if (isLoadBalancer) wanted.push({ protocol, port, to: { ip: network.link.inner, port } });
  }
  for (const { address, protocol, port, container } of hostPorts) {
    if (address === undefined) wanted.push({ protocol, port, to: { ip: node, port } });
    // inside the cluster, nothing tells any more which address of the machine was meant
    else {
      const to = { ip: hostAddressOf(network, container.ip), port: container.port };
      wanted.push({ address, protocol, port, to });
    }
  }
  return wanted;
}
