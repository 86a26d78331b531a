import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * Whose address it is, where a program must think twice before it calls it for somebody else: of this machine by
 * itself, of a link (where clouds tell machines their secrets), of the clusters' pods, of several machines or none, or
 * an IPv4 address put into IPv6, wherever that may lead.
 */
export type AddressKind = 'loopback' | 'link-local' | 'clusters' | 'multicast' | 'translated';

/** RFC 6890; `::` up to RFC 4291's IPv4-compatible addresses; RFC 6052, 8215 and 3056 for what is translated. */
const NETWORKS: Readonly<Record<AddressKind, readonly (readonly [network: string, prefix: number])[]>> = {
  loopback: [
    ['0.0.0.0', 8],
    ['127.0.0.0', 8],
    ['::', 96],
  ],
  'link-local': [
    ['169.254.0.0', 16],
    ['fe80::', 10],
    // Amazon's, where machines are told their secrets by IPv6
    ['fd00:ec2::254', 128],
  ],
  clusters: [['100.64.0.0', 10]],
  multicast: [
    ['224.0.0.0', 3],
    ['ff00::', 8],
  ],
  translated: [
    ['64:ff9b::', 96],
    ['64:ff9b:1::', 48],
    ['2002::', 16],
  ],
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

const KINDS = Object.entries(NETWORKS).map(([kind, networks]) => {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, familyOf(network));
  return { kind: kind as AddressKind, list };
});

/** Of an IP address, IPv4 in IPv6 (`::ffff:127.0.0.1`) too. Undefined: nothing is special about it. */
export function addressKind(address: string): AddressKind | undefined {
  return KINDS.find(({ list }) => list.check(address, familyOf(address)))?.kind;
}

/** Those that the interfaces of this machine have now. */
export function machineAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
}

/** Whether an interface of this machine has this IP address now, IPv4 in IPv6 too. */
export function isMachineAddress(address: string): boolean {
  const own = new BlockList();
  for (const each of machineAddresses()) own.addAddress(each, familyOf(each));
  return own.check(address, familyOf(address));
}
