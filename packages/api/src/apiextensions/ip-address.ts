/** IP addresses and prefixes as Go's net/netip reads and prints them. No zones. */
export interface IpAddress {
  readonly family: 4 | 6;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
}

export interface IpPrefix {
  readonly address: IpAddress;
  readonly bits: number;
}

/** Reads an IPv4 address; `lenient` allows leading zeros, as Go before 1.17 did. */
export function parseIpv4(text: string, lenient = false): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i] ?? '';
    if (!/^[0-9]{1,3}$/.test(part) && !(lenient && /^0*[0-9]{1,3}$/.test(part) && part.length < 16)) return undefined;
    if (!lenient && part.length > 1 && part.startsWith('0')) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    bytes[i] = value;
  }
  return { family: 4, bytes };
}

export function parseIpv6(text: string, lenient = false): IpAddress | undefined {
  if (text.length < 2 || text.length > 45) return undefined;
  let rest = text;
  const tail: number[] = [];
  const lastColon = text.lastIndexOf(':');
  if (lastColon < 0) return undefined;
  if (text.includes('.')) {
    const v4 = parseIpv4(text.slice(lastColon + 1), lenient);
    if (!v4) return undefined;
    tail.push(((v4.bytes[0] ?? 0) << 8) | (v4.bytes[1] ?? 0), ((v4.bytes[2] ?? 0) << 8) | (v4.bytes[3] ?? 0));
    rest = text.slice(0, lastColon + 1);
    if (rest.endsWith('::')) rest = `${rest}`;
    else rest = rest.slice(0, -1);
  }
  const groups = readGroups(rest, 8 - tail.length);
  if (!groups) return undefined;
  const all = [...groups, ...tail];
  const bytes = new Uint8Array(16);
  all.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 255;
  });
  return { family: 6, bytes };
}

function readGroups(text: string, count: number): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const read = (half: string): number[] | undefined => {
    if (half === '') return [];
    const groups: number[] = [];
    for (const part of half.split(':')) {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
    return groups;
  };
  const head = read(halves[0] ?? '');
  if (!head) return undefined;
  if (halves.length === 1) return head.length === count ? head : undefined;
  const back = read(halves[1] ?? '');
  if (!back || head.length + back.length >= count) return undefined;
  return [...head, ...new Array<number>(count - head.length - back.length).fill(0), ...back];
}

export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

export function isIpv4Mapped(ip: IpAddress): boolean {
  return ip.family === 6 && ip.bytes.subarray(0, 10).every((b) => b === 0) && ip.bytes[10] === 255 && ip.bytes[11] === 255;
}

export function parsePrefix(text: string): IpPrefix | undefined {
  const slash = text.lastIndexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!address || !/^(0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const bits = Number(length);
  return bits <= address.bytes.length * 8 ? { address, bits } : undefined;
}

/** The address in canonical form (RFC 5952). */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) return ip.bytes.join('.');
  if (isIpv4Mapped(ip)) return `::ffff:${ip.bytes.subarray(12).join('.')}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((ip.bytes[i] ?? 0) << 8) | (ip.bytes[i + 1] ?? 0));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === 0) j++;
    if (j - i > length) {
      start = i;
      length = j - i;
    }
    if (j > i) i = j;
  }
  const hex = (list: number[]): string => list.map((g) => g.toString(16)).join(':');
  if (start < 0) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

export function maskIp(prefix: IpPrefix): IpPrefix {
  const bytes = prefix.address.bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, prefix.bits - 8 * i));
    return byte & (0xff << (8 - kept));
  });
  return { address: { family: prefix.address.family, bytes }, bits: prefix.bits };
}

/** Is the address in the prefix? Never across families. */
export function prefixContains(prefix: IpPrefix, ip: IpAddress): boolean {
  if (prefix.address.family !== ip.family) return false;
  const a = maskIp(prefix).address.bytes;
  const b = maskIp({ address: ip, bits: prefix.bits }).address.bytes;
  return a.every((byte, i) => byte === b[i]);
}
