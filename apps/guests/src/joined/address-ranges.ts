import { BlockList, isIP } from 'node:net';

/** Whether an address is another machine's, of ranges (CIDRs) that the owner of this one named. */
export class AddressRanges {
  /** undefined: none were named, as of most of thousands of clusters. */
  readonly #allowed: BlockList | undefined;

  /** Throws when a range is none; the kind Cluster has none such. */
  constructor(ranges: readonly string[]) {
    if (ranges.length > 0) this.#allowed = listOf(ranges);
  }

  has(address: string): boolean {
    if (!this.#allowed || isIP(address) === 0) return false;
    const family = familyOf(address);
    return this.#allowed.check(address, family) && !NEVER.check(address, family);
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Never another machine: this one itself, what is valid on one link only, nobody, and many at once (RFC 6890). */
const NEVER = listOf([
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  ...['::/127', 'fe80::/10', 'ff00::/8'],
]);
