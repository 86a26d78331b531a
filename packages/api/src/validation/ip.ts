import { type FieldError, invalid } from '../meta/field-error.ts';

/**
 * IP addresses and CIDRs as apimachinery pkg/util/validation/ip.go reads them: "sloppy" parsing takes leading
 * zeros in IPv4 octets and IPv4-mapped IPv6, strict rules then refuse them.
 */
export interface IpAddress {
  /** 4 or 16 bytes; an IPv4-mapped IPv6 address has 4. */
  readonly bytes: readonly number[];
  readonly family: 4 | 6;
  /** Written with leading zeros in an IPv4 octet. */
  readonly leadingZeros: boolean;
  /** Written as `::ffff:a.b.c.d`. */
  readonly mapped: boolean;
}

export interface Cidr {
  /** The address as written, with the bits beyond the prefix. */
  readonly ip: IpAddress;
  /** The address with those bits cleared. */
  readonly network: IpAddress;
  readonly prefix: number;
  readonly leadingZeros: boolean;
}

function parseV4(text: string): { bytes: number[]; leadingZeros: boolean } | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let leadingZeros = false;
  const bytes: number[] = [];
  for (const part of parts) {
    if (part.length > 16 || !/^[0-9]+$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    if (part.length > 1 && part.startsWith('0')) leadingZeros = true;
    bytes.push(value);
  }
  return { bytes, leadingZeros };
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  for (const group of text.split(':')) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    bytes.push(value >> 8, value & 0xff);
  }
  return bytes;
}

function parseV6(text: string): IpAddress | undefined {
  let leadingZeros = false;
  let tail: number[] = [];
  let head = text;
  const dot = text.indexOf('.');
  if (dot >= 0) {
    const colon = text.lastIndexOf(':');
    const v4 = parseV4(text.slice(colon + 1));
    if (colon < 0 || v4 === undefined) return undefined;
    ({ bytes: tail, leadingZeros } = v4);
    head = text.slice(0, colon);
    // `::1.2.3.4` ends its groups with the double colon
    if (head.endsWith(':')) head += ':';
  }
  const sides = head.split('::');
  if (sides.length > 2) return undefined;
  const left = parseGroups(sides[0] ?? '');
  const right = sides.length === 2 ? parseGroups(sides[1] ?? '') : [];
  if (left === undefined || right === undefined) return undefined;
  const known = left.length + right.length + tail.length;
  if (sides.length === 1 ? known !== 16 : known > 14) return undefined;
  const bytes = [...left, ...new Array<number>(16 - known).fill(0), ...right, ...tail];
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped
    ? { bytes: bytes.slice(12), family: 4, leadingZeros, mapped }
    : { bytes, family: 6, leadingZeros, mapped };
}

/** netutils.ParseIPSloppy. */
export function parseIp(text: string): IpAddress | undefined {
  if (text.length > 64) return undefined;
  if (text.includes(':')) return parseV6(text);
  const v4 = parseV4(text);
  return v4 && { bytes: v4.bytes, family: 4, leadingZeros: v4.leadingZeros, mapped: false };
}

/** RFC 5952: lower case, the longest run of zero groups (two or more) as `::`. */
export function formatIp(ip: Pick<IpAddress, 'bytes'>): string {
  if (ip.bytes.length === 4) return ip.bytes.join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((ip.bytes[i] ?? 0) << 8) | (ip.bytes[i + 1] ?? 0));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end;
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function mask(ip: IpAddress, prefix: number): IpAddress {
  const bytes = ip.bytes.map((byte, i) => {
    const bits = Math.min(8, Math.max(0, prefix - i * 8));
    return byte & ((0xff << (8 - bits)) & 0xff);
  });
  return { ...ip, bytes };
}

/** netutils.ParseCIDRSloppy. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (ip === undefined || length.length > 8 || !/^[0-9]+$/.test(length)) return undefined;
  const written = Number(length);
  const bits = ip.family === 4 && !ip.mapped ? 32 : 128;
  if (written > bits) return undefined;
  const prefix = ip.mapped ? Math.max(0, written - 96) : written;
  const leadingZeros = ip.leadingZeros || (length.length > 1 && length.startsWith('0'));
  return { ip, network: mask(ip, prefix), prefix, leadingZeros };
}

export const formatCidr = (cidr: Cidr): string => `${formatIp(cidr.network)}/${cidr.prefix}`;
export const isIPv4 = (text: string): boolean => parseIp(text)?.family === 4;
export const isIPv6 = (text: string): boolean => parseIp(text)?.family === 6;
export const isIPv4Cidr = (text: string): boolean => parseCidr(text)?.ip.family === 4;
export const isIPv6Cidr = (text: string): boolean => parseCidr(text)?.ip.family === 6;

function strictIpErrors(field: string, value: string): FieldError[] {
  const ip = parseIp(value);
  if (ip === undefined) {
    return [invalid(field, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')];
  }
  if (ip.leadingZeros) return [invalid(field, value, 'must not have leading 0s')];
  if (ip.mapped) return [invalid(field, value, 'must not be an IPv4-mapped IPv6 address')];
  return [];
}

/** Fields older than strict parsing: values of the old object (`allowed`) stay valid. */
export function isValidIPForLegacyField(
  field: string,
  value: string,
  allowed: readonly string[] = [],
): FieldError[] {
  return allowed.includes(value) ? [] : strictIpErrors(field, value);
}

/** New fields: strict and canonical. */
export function isValidIP(field: string, value: string): FieldError[] {
  const errors = strictIpErrors(field, value);
  if (errors.length > 0) return errors;
  const canonical = formatIp(parseIp(value) as IpAddress);
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form ("${canonical}")`)];
}

function strictCidrErrors(field: string, value: string): FieldError[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    return [invalid(field, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')];
  }
  if (cidr.leadingZeros) return [invalid(field, value, 'must not have leading 0s in IP or prefix length')];
  if (cidr.ip.mapped) return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')];
  if (formatIp(cidr.ip) !== formatIp(cidr.network)) {
    return [invalid(field, value, 'must not have bits set beyond the prefix length')];
  }
  return [];
}

export function isValidCIDRForLegacyField(
  field: string,
  value: string,
  allowed: readonly string[] = [],
): FieldError[] {
  return allowed.includes(value) ? [] : strictCidrErrors(field, value);
}

export function isValidCIDR(field: string, value: string): FieldError[] {
  const errors = strictCidrErrors(field, value);
  if (errors.length > 0) return errors;
  const canonical = formatCidr(parseCidr(value) as Cidr);
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form ("${canonical}")`)];
}

/** `192.168.1.5/24`: an address and the length of its subnet. */
export function isValidInterfaceAddress(field: string, value: string): FieldError[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) {
    return [
      invalid(field, value, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'),
    ];
  }
  const canonical = `${formatIp(cidr.ip)}/${cidr.prefix}`;
  return value === canonical ? [] : [invalid(field, value, `must be in canonical form ("${canonical}")`)];
}

/** Warnings for valid but unusual addresses of legacy fields. */
export function warningsForIP(field: string, value: string): string[] {
  const ip = parseIp(value);
  if (ip === undefined) return [];
  const canonical = formatIp(ip);
  if (ip.leadingZeros || ip.mapped) {
    return [`${field}: non-standard IP address "${value}" is invalid: use "${canonical}"`];
  }
  if (ip.family === 6 && canonical !== value) {
    return [`${field}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${canonical}")`];
  }
  return [];
}

export function warningsForCIDR(field: string, value: string): string[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [];
  const warnings: string[] = [];
  const canonical = formatCidr(cidr);
  if (formatIp(cidr.ip) !== formatIp(cidr.network)) {
    const single = `${formatIp(cidr.ip)}/${cidr.ip.bytes.length * 8}`;
    warnings.push(
      `${field}: CIDR value "${value}" is ambiguous in this context (should be "${canonical}" or "${single}"?)`,
    );
  }
  if (cidr.leadingZeros || cidr.ip.mapped) {
    warnings.push(`${field}: non-standard CIDR value "${value}" is invalid: use "${canonical}"`);
  }
  if (warnings.length === 0 && cidr.ip.family === 6 && canonical !== value) {
    warnings.push(
      `${field}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${canonical}")`,
    );
  }
  return warnings;
}
