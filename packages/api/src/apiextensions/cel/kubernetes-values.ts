import { Quantity } from '@sampan/base';
import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain } from '../../validation/dns.ts';
import { type Cidr, formatIp, type IpAddress, parseCidr, parseIp } from '../../validation/ip.ts';
import { isQualifiedName, isValidLabelValue } from '../../validation/label-syntax.ts';
import { nameIsDNS1035Label, nameIsDNSLabel, nameIsDNSSubdomain } from '../../validation/names.ts';
import { isRequestUri, STRING_FORMATS } from '../formats.ts';
import { CelError, compareText, type Opaque, spend } from './values.ts';

/** resource.Quantity in rules. */
export class QuantityValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'kubernetes.Quantity';
  readonly quantity: Quantity;
  constructor(quantity: Quantity) {
    this.quantity = quantity;
  }
  static parse(text: string): QuantityValue {
    try {
      return new QuantityValue(Quantity.parse(text));
    } catch (error) {
      throw new CelError(error instanceof Error ? error.message : String(error));
    }
  }
  equals(other: Opaque): boolean {
    return other instanceof QuantityValue && this.quantity.compare(other.quantity) === 0;
  }
  get text(): string {
    return this.quantity.toString();
  }
  /** The amount as int64; undefined when it is fractional or too large. */
  get integer(): bigint | undefined {
    if (!this.quantity.isMultipleOf(0)) return undefined;
    const value = this.quantity.scaled(0);
    return value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined;
  }
}

export class IpValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'net.IP';
  readonly ip: Pick<IpAddress, 'bytes' | 'family'>;
  constructor(ip: Pick<IpAddress, 'bytes' | 'family'>) {
    this.ip = ip;
  }
  static tryParse(text: string): IpValue | undefined {
    const ip = parseIp(text);
    return ip && !ip.leadingZeros && !ip.mapped ? new IpValue(ip) : undefined;
  }
  static parse(text: string): IpValue {
    const ip = IpValue.tryParse(text);
    if (ip) return ip;
    if (parseIp(text)?.mapped)
      throw new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
    const quoted = JSON.stringify(text);
    throw new CelError(
      `IP Address ${quoted} parse error during conversion from string: ParseAddr(${quoted}): unable to parse IP`,
    );
  }
  equals(other: Opaque): boolean {
    return other instanceof IpValue && other.text === this.text;
  }
  get size(): number {
    return this.ip.bytes.length;
  }
  get text(): string {
    return formatIp(this.ip);
  }
  /** Is the address of this class (Go's net/netip predicates)? */
  is(
    what: 'unspecified' | 'loopback' | 'linkLocalMulticast' | 'linkLocalUnicast' | 'globalUnicast',
  ): boolean {
    const b = this.ip.bytes;
    const [first = 0, second = 0] = b;
    const v4 = this.ip.family === 4;
    const zeros = (to: number): boolean => b.slice(0, to).every((byte) => byte === 0);
    switch (what) {
      case 'unspecified':
        return zeros(b.length);
      case 'loopback':
        return v4 ? first === 127 : zeros(15) && b[15] === 1;
      case 'linkLocalMulticast':
        return v4 ? first === 224 && second === 0 && b[2] === 0 : first === 0xff && (second & 0x0f) === 2;
      case 'linkLocalUnicast':
        return v4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80;
      default: {
        const multicast = v4 ? (first & 0xf0) === 0xe0 : first === 0xff;
        const broadcast = v4 && b.every((byte) => byte === 255);
        return (
          !this.is('unspecified') &&
          !this.is('loopback') &&
          !multicast &&
          !broadcast &&
          !this.is('linkLocalUnicast')
        );
      }
    }
  }
}

export class CidrValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'net.CIDR';
  readonly cidr: Cidr;
  constructor(cidr: Cidr) {
    this.cidr = cidr;
  }
  static tryParse(text: string): CidrValue | undefined {
    const cidr = parseCidr(text);
    return cidr && !cidr.leadingZeros && !cidr.ip.mapped ? new CidrValue(cidr) : undefined;
  }
  static parse(text: string): CidrValue {
    const cidr = CidrValue.tryParse(text);
    if (cidr) return cidr;
    const start = 'network address parse error during conversion from string: ';
    if (parseCidr(text)?.ip.mapped) {
      throw new CelError(`${start}IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`);
    }
    const quoted = JSON.stringify(text);
    const reason = text.includes('/') ? 'unable to parse IP' : "no '/'";
    throw new CelError(`${start}${start}netip.ParsePrefix(${quoted}): ${reason}`);
  }
  equals(other: Opaque): boolean {
    return other instanceof CidrValue && other.text === this.text;
  }
  get size(): number {
    return Math.ceil(this.cidr.prefix / 8);
  }
  get text(): string {
    return `${formatIp(this.cidr.ip)}/${this.cidr.prefix}`;
  }
  get masked(): CidrValue {
    return new CidrValue({ ...this.cidr, ip: this.cidr.network });
  }
  contains(ip: Pick<IpAddress, 'bytes' | 'family'>): boolean {
    const { network, prefix } = this.cidr;
    if (network.bytes.length !== ip.bytes.length) return false;
    return network.bytes.every((byte, i) => {
      const bits = Math.min(8, Math.max(0, prefix - i * 8));
      const mask = (0xff << (8 - bits)) & 0xff;
      return (byte & mask) === ((ip.bytes[i] ?? 0) & mask);
    });
  }
  containsCidr(other: CidrValue): boolean {
    return this.cidr.prefix <= other.cidr.prefix && this.contains(other.cidr.network);
  }
}

export class UrlValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'kubernetes.URL';
  readonly text: string;
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;

  constructor(text: string) {
    spend(1 + (text.length >> 3));
    if (!isRequestUri(text)) {
      throw new CelError(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    }
    const match = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s.exec(
      text,
    );
    const authority = match?.[2] ?? '';
    this.text = text;
    this.scheme = (match?.[1] ?? '').toLowerCase();
    this.host = authority.slice(authority.lastIndexOf('@') + 1);
    this.path = match?.[3] ?? '';
    this.query = match?.[4] ?? '';
  }
  equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text;
  }
  get hostname(): string {
    const match = /^\[([^\]]*)\]|^([^:]*)/.exec(this.host);
    return match?.[1] ?? match?.[2] ?? '';
  }
  get port(): string {
    return /:(\d*)$/.exec(this.host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '';
  }
  get escapedPath(): string {
    return encodeURI(this.path).replace(/%25([0-9a-fA-F]{2})/g, '%$1');
  }
  /** All values of each query parameter. */
  get parameters(): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const [key, value] of new URLSearchParams(this.query)) {
      const values = found.get(key);
      if (values) values.push(value);
      else found.set(key, [value]);
    }
    return found;
  }
}

const NUMERIC = /^(0|[1-9]\d*)$/;
const SEMVER = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;

/** Semantic Versioning 2.0.0. */
export class SemverValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'kubernetes.Semver';
  readonly text: string;
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly pre: readonly string[];

  constructor(text: string, numbers: readonly [bigint, bigint, bigint], pre: readonly string[]) {
    this.text = text;
    this.numbers = numbers;
    this.pre = pre;
  }
  static tryParse(text: string): SemverValue | undefined {
    if (text.length > 1_024) return undefined;
    const match = SEMVER.exec(text);
    if (!match) return undefined;
    const parts = [match[1] ?? '', match[2] ?? '', match[3] ?? ''];
    if (!parts.every((part) => NUMERIC.test(part) && BigInt(part) < 2n ** 64n)) return undefined;
    const pre = match[4]?.split('.') ?? [];
    const build = match[5]?.split('.') ?? [];
    if ([...pre, ...build].includes('')) return undefined;
    if (pre.some((part) => /^0\d+$/.test(part))) return undefined;
    return new SemverValue(text, parts.map(BigInt) as unknown as [bigint, bigint, bigint], pre);
  }
  static normalize(text: string): string | undefined {
    const parts = text.replace(/^v/, '').split('.');
    const three = parts.length > 3 ? [parts[0] ?? '', parts[1] ?? '', parts.slice(2).join('.')] : parts;
    const trimmed = three.map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
    if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1) ?? '')) return undefined;
    while (trimmed.length < 3) trimmed.push('0');
    return trimmed.join('.');
  }
  static parse(text: string, normalize: boolean): SemverValue {
    const whole = normalize ? SemverValue.normalize(text) : text;
    const version = whole === undefined ? undefined : SemverValue.tryParse(whole);
    if (version) return version;
    if (text === '') throw new CelError('Version string empty');
    if (whole === undefined) throw new CelError('short version cannot contain PreRelease/Build meta data');
    if (whole.split('.').length < 3) throw new CelError('No Major.Minor.Patch elements found');
    throw new CelError(`Invalid character(s) found in version ${JSON.stringify(text)}`);
  }
  equals(other: Opaque): boolean {
    return other instanceof SemverValue && this.compare(other) === 0;
  }
  compare(other: SemverValue): -1 | 0 | 1 {
    for (let i = 0; i < 3; i++) {
      const [a, b] = [this.numbers[i] ?? 0n, other.numbers[i] ?? 0n];
      if (a !== b) return a < b ? -1 : 1;
    }
    if (this.pre.length === 0 || other.pre.length === 0) {
      return this.pre.length === other.pre.length ? 0 : this.pre.length === 0 ? 1 : -1;
    }
    for (let i = 0; i < Math.min(this.pre.length, other.pre.length); i++) {
      const order = comparePart(this.pre[i] ?? '', other.pre[i] ?? '');
      if (order !== 0) return order;
    }
    return Math.sign(this.pre.length - other.pre.length) as -1 | 0 | 1;
  }
}

function comparePart(a: string, b: string): -1 | 0 | 1 {
  const [x, y] = [NUMERIC.test(a), NUMERIC.test(b)];
  if (x && y) return BigInt(a) === BigInt(b) ? 0 : BigInt(a) < BigInt(b) ? -1 : 1;
  if (x !== y) return x ? -1 : 1;
  return Math.sign(compareText(a, b)) as -1 | 0 | 1;
}

/** A named format (`format.dns1123Label()`); `regexSize` is what its cost is estimated with. */
export class FormatValue implements Opaque {
  readonly kind = 'opaque';
  readonly type = 'kubernetes.NamedFormat';
  readonly text: string;
  readonly regexSize: number;
  readonly validate: (text: string) => string[];
  constructor(name: string, regexSize: number, validate: (text: string) => string[]) {
    this.text = name;
    this.regexSize = regexSize;
    this.validate = validate;
  }
  equals(other: Opaque): boolean {
    return other === this;
  }
}

const strict = (format: string, message: string) => (text: string) =>
  STRING_FORMATS.get(format)?.(text) ? [] : [message];

/** Source: apiserver pkg/cel/library/format.go. */
export const NAMED_FORMATS: ReadonlyMap<string, FormatValue> = new Map(
  (
    [
      ['dns1123Label', 30, isDNS1123Label],
      ['dns1123Subdomain', 60, isDNS1123Subdomain],
      ['dns1035Label', 30, isDNS1035Label],
      ['qualifiedName', 60, isQualifiedName],
      ['dns1123LabelPrefix', 30, (text: string) => nameIsDNSLabel(text, true)],
      ['dns1123SubdomainPrefix', 60, (text: string) => nameIsDNSSubdomain(text, true)],
      ['dns1035LabelPrefix', 30, (text: string) => nameIsDNS1035Label(text, true)],
      ['labelValue', 40, isValidLabelValue],
      [
        'uri',
        1103,
        (text: string) =>
          isRequestUri(text) ? [] : [`parse ${JSON.stringify(text)}: invalid URI for request`],
      ],
      ['uuid', 82, strict('uuid', 'does not match the UUID format')],
      ['byte', 84, strict('byte', 'invalid base64')],
      ['date', 84, strict('date', 'invalid date')],
      ['datetime', 84, strict('datetime', 'invalid datetime')],
    ] as [string, number, (text: string) => string[]][]
  ).map(([name, size, validate]) => [name, new FormatValue(name, size, validate)]),
);
