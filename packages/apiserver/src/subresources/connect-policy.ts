import { BlockList, isIP } from 'node:net';

/** What the host knows of a cluster's network. Never what the cluster's objects claim: tenants write those. */
export interface ConnectOptions {
  /** CIDRs of this cluster's pods. */
  readonly podRanges: readonly string[];
  /** CIDRs of its Services. */
  readonly serviceRanges: readonly string[];
  /** The addresses that the host gave to the cluster's nodes. */
  readonly nodes: readonly string[];
  /** Addresses of the machine itself, on all its interfaces. */
  readonly host: readonly string[];
}

/** Refused whatever else allows them (RFC 6890): this host, link-local with cloud metadata, multicast, reserved. */
const NEVER = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  'fe80::/10',
  'ff00::/8',
  // ways to write an IPv4 address that routers may unpack
  '::/96',
  '64:ff9b::/96',
  '2002::/16',
];

/**
 * Where a proxy, port-forward or stream may connect: only to this cluster's own nodes, pods and Services, never to
 * loopback, the host or link-local addresses. The answer is for an address, not a name: resolve first and connect
 * to the address that was asked about.
 */
export class ConnectPolicy {
  readonly #allowed = new BlockList();
  readonly #never = new BlockList();

  /** Throws on a text that is no address or CIDR. */
  constructor(options: ConnectOptions) {
    for (const range of [...options.podRanges, ...options.serviceRanges, ...options.nodes]) {
      add(this.#allowed, range);
    }
    for (const range of [...NEVER, ...options.host]) add(this.#never, range);
  }

  /** False for everything that is no plain IPv4 or IPv6 address. */
  mayConnect(address: string): boolean {
    const plain = unmapped(address);
    const version = isIP(plain);
    if (version === 0 || plain.includes('%')) return false;
    const family = version === 4 ? 'ipv4' : 'ipv6';
    return this.#allowed.check(plain, family) && !this.#never.check(plain, family);
  }
}

/** The IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2), however it is written. */
function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!mapped) return canonical;
  const value = Number.parseInt(mapped[1] ?? '', 16) * 0x1_0000 + Number.parseInt(mapped[2] ?? '', 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

function add(list: BlockList, range: string): void {
  const [network = '', prefix] = range.split('/');
  const version = isIP(network);
  if (version === 0) throw new Error(`${range} is no address or CIDR`);
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (prefix === undefined) list.addAddress(network, family);
  else list.addSubnet(network, Number(prefix), family);
}
