import { formatIp, parseCidr, parseIp } from '../validation/ip.ts';

/** Addresses and ranges as numbers, for counting and comparing; texts are parsed as leniently as stored ones are. */
export interface IpNumber {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface CidrNumber extends IpNumber {
  /** `value` is the first address of the range; this many leading bits are fixed. */
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

const toNumber = (bytes: readonly number[]): bigint =>
  bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** undefined when `text` is not an address. */
export function ipNumber(text: string): IpNumber | undefined {
  const ip = parseIp(text);
  return ip && { family: ip.family, value: toNumber(ip.bytes) };
}

export function cidrNumber(text: string): CidrNumber | undefined {
  const cidr = parseCidr(text);
  return cidr && { family: cidr.network.family, value: toNumber(cidr.network.bytes), prefix: cidr.prefix };
}

export function inRange(ip: IpNumber, range: CidrNumber): boolean {
  const host = BigInt(BITS[range.family] - range.prefix);
  return ip.family === range.family && ip.value >> host === range.value >> host;
}

/** How many addresses the range has. */
export function rangeSize(range: CidrNumber): bigint {
  return 1n << BigInt(BITS[range.family] - range.prefix);
}

/** The canonical text (RFC 5952 for IPv6). */
export function formatIpNumber({ family, value }: IpNumber): string {
  const length = BITS[family] / 8;
  return formatIp({
    bytes: Array.from({ length }, (_, i) => Number((value >> BigInt(8 * (length - 1 - i))) & 255n)),
  });
}

export function ipFamilyOf(text: string): 'IPv4' | 'IPv6' | undefined {
  const ip = parseIp(text);
  return ip ? (ip.family === 4 ? 'IPv4' : 'IPv6') : undefined;
}
