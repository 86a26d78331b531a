import { BlockList, isIP } from 'node:net';

/** Never another machine: this one itself, what is valid on one link only, nobody, and many at once (RFC 6890). */
const NEVER = [
  ['0.0.0.0', 8, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
] as const;

/** Whether an address is another machine's, of ranges (CIDRs) that the owner of this one named. */
export class AddressRanges {
  readonly #allowed: BlockList;
  readonly #never = new BlockList();

  /** Throws when a range is none; the kind Cluster has none such. */
  constructor(ranges: readonly string[]) {
    this.#allowed = new BlockList();
    for (const range of ranges) {
      const [address = '', bits = ''] = range.split('/');
      this.#allowed.addSubnet(address, Number(bits), familyOf(address));
    }
    for (const [address, bits, family] of NEVER) this.#never.addSubnet(address, bits, family);
  }

  has(address: string): boolean {
    if (isIP(address) === 0) return false;
    const family = familyOf(address);
    return this.#allowed.check(address, family) && !this.#never.check(address, family);
  }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
