/** IP addresses and ranges as numbers. Leading zeros of IPv4 parts are taken as decimal, as upstream does. */
export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Cidr extends Ip {
  /** The address as written, host bits included. */
  readonly address: bigint;
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** undefined when `text` is not an address (zones are not allowed). IPv4-mapped IPv6 counts as IPv4, as Go does. */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(':')) {
    const value = parseV4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = parseV6(text);
  if (value === undefined) return undefined;
  return value >> 32n === 0xffffn ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,10}$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(part));
  }
  return value;
}

function parseV6(text: string): bigint | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const tail = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const result: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (part.includes('.') && index === parts.length - 1) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      result.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) result.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return result;
}

export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!ip || !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  const bits = BITS[ip.family];
  if (prefix > bits) return undefined;
  const host = BigInt(bits - prefix);
  return { family: ip.family, value: (ip.value >> host) << host, address: ip.value, prefix };
}

export function inRange(ip: Ip, range: Cidr): boolean {
  const host = BigInt(BITS[range.family] - range.prefix);
  return ip.family === range.family && ip.value >> host === range.value >> host;
}

/** How many addresses the range has. */
export function rangeSize(range: Cidr): bigint {
  return 1n << BigInt(BITS[range.family] - range.prefix);
}

/** The canonical text (RFC 5952 for IPv6). */
export function formatIp({ family, value }: Ip): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const parts = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return compress(parts);
}

/** Replaces the first longest run of two or more zero groups by `::`. */
function compress(parts: string[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < parts.length; start++) {
    let length = 0;
    while (parts[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  if (best.start < 0) return parts.join(':');
  return `${parts.slice(0, best.start).join(':')}::${parts.slice(best.start + best.length).join(':')}`;
}

export function familyOf(text: string): 'IPv4' | 'IPv6' | undefined {
  const ip = parseIp(text);
  return ip ? (ip.family === 4 ? 'IPv4' : 'IPv6') : undefined;
}
