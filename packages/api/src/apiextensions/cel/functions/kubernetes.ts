import {
  CidrValue,
  type FormatValue,
  IpValue,
  NAMED_FORMATS,
  QuantityValue,
  SemverValue,
  UrlValue,
} from '../kubernetes-values.ts';
import * as text from '../strings.ts';
import { CelError, isOpaque, LiteralMap, type MapValue, Optional, spend } from '../values.ts';
import { listOfText, type Row } from './row.ts';

const semverArgs = (normalize: boolean) => (v: string) => SemverValue.parse(v, normalize);
const isSemver = (v: string, normalize: boolean): boolean => {
  const whole = normalize ? SemverValue.normalize(v) : v;
  return whole !== undefined && SemverValue.tryParse(whole) !== undefined;
};
const quantityOf = (v: bigint): QuantityValue => QuantityValue.parse(String(v));
const added = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(a.quantity.add(b.quantity));
const taken = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(a.quantity.sub(b.quantity));

export const KUBERNETES: readonly Row[] = [
  ['quantity', 'string_to_quantity', '(string) quantity', (v: string) => QuantityValue.parse(v)],
  ['isQuantity', 'is_quantity_string', '(string) bool', isQuantity],
  // upstream's documentation has it as a member, its declaration has not
  ['sign', 'quantity_sign', '(quantity) int', (q: QuantityValue) => BigInt(q.quantity.sign())],
  [
    'isGreaterThan',
    'quantity_is_greater_than',
    'quantity.(quantity) bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) > 0,
  ],
  [
    'isLessThan',
    'quantity_is_less_than',
    'quantity.(quantity) bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) < 0,
  ],
  [
    'compareTo',
    'quantity_compare_to',
    'quantity.(quantity) int',
    (a: QuantityValue, b: QuantityValue) => BigInt(a.quantity.compare(b.quantity)),
  ],
  [
    'asApproximateFloat',
    'quantity_get_float',
    'quantity.() double',
    (q: QuantityValue) => Number(q.quantity.unscaled) * 10 ** q.quantity.scale,
  ],
  ['asInteger', 'quantity_get_int', 'quantity.() int', asInteger],
  ['isInteger', 'quantity_is_integer', 'quantity.() bool', (q: QuantityValue) => q.integer !== undefined],
  ['add', 'quantity_add', 'quantity.(quantity) quantity', added],
  [
    'add',
    'quantity_add_int',
    'quantity.(int) quantity',
    (a: QuantityValue, b: bigint) => added(a, quantityOf(b)),
  ],
  ['sub', 'quantity_sub', 'quantity.(quantity) quantity', taken],
  [
    'sub',
    'quantity_sub_int',
    'quantity.(int) quantity',
    (a: QuantityValue, b: bigint) => taken(a, quantityOf(b)),
  ],
  ['ip', 'string_to_ip', '(string) ip', (v: string) => IpValue.parse(v)],
  ['isIP', 'is_ip', '(string) bool', (v: string) => IpValue.tryParse(v) !== undefined],
  ['ip.isCanonical', 'ip_is_canonical', '(string) bool', (v: string) => IpValue.parse(v).text === v],
  ['family', 'ip_family', 'ip.() int', (v: IpValue) => BigInt(v.ip.family)],
  ['isUnspecified', 'ip_is_unspecified', 'ip.() bool', (v: IpValue) => v.is('unspecified')],
  ['isLoopback', 'ip_is_loopback', 'ip.() bool', (v: IpValue) => v.is('loopback')],
  [
    'isLinkLocalMulticast',
    'ip_is_link_local_multicast',
    'ip.() bool',
    (v: IpValue) => v.is('linkLocalMulticast'),
  ],
  ['isLinkLocalUnicast', 'ip_is_link_local_unicast', 'ip.() bool', (v: IpValue) => v.is('linkLocalUnicast')],
  ['isGlobalUnicast', 'ip_is_global_unicast', 'ip.() bool', (v: IpValue) => v.is('globalUnicast')],
  ['cidr', 'string_to_cidr', '(string) cidr', (v: string) => CidrValue.parse(v)],
  ['isCIDR', 'is_cidr', '(string) bool', (v: string) => CidrValue.tryParse(v) !== undefined],
  [
    'containsIP',
    'cidr_contains_ip_string',
    'cidr.(string) bool',
    (c: CidrValue, v: string) => c.contains(IpValue.parse(v).ip),
  ],
  ['containsIP', 'cidr_contains_ip_ip', 'cidr.(ip) bool', (c: CidrValue, v: IpValue) => c.contains(v.ip)],
  [
    'containsCIDR',
    'cidr_contains_cidr_string',
    'cidr.(string) bool',
    (c: CidrValue, v: string) => c.containsCidr(CidrValue.parse(v)),
  ],
  [
    'containsCIDR',
    'cidr_contains_cidr',
    'cidr.(cidr) bool',
    (c: CidrValue, v: CidrValue) => c.containsCidr(v),
  ],
  ['ip', 'cidr_ip', 'cidr.() ip', (c: CidrValue) => new IpValue(c.cidr.ip)],
  ['prefixLength', 'cidr_prefix_length', 'cidr.() int', (c: CidrValue) => BigInt(c.cidr.prefix)],
  ['masked', 'cidr_masked', 'cidr.() cidr', (c: CidrValue) => c.masked],
  ['url', 'string_to_url', '(string) url', (v: string) => new UrlValue(v)],
  ['isURL', 'is_url_string', '(string) bool', isUrl],
  ['getScheme', 'url_get_scheme', 'url.() string', (u: UrlValue) => u.scheme],
  ['getHost', 'url_get_host', 'url.() string', (u: UrlValue) => u.host],
  ['getHostname', 'url_get_hostname', 'url.() string', (u: UrlValue) => u.hostname],
  ['getPort', 'url_get_port', 'url.() string', (u: UrlValue) => u.port],
  ['getEscapedPath', 'url_get_escaped_path', 'url.() string', (u: UrlValue) => u.escapedPath],
  ['getQuery', 'url_get_query', 'url.() map<string,list<string>>', urlQuery],
  ['semver', 'string_to_semver', '(string) semver', semverArgs(false)],
  [
    'semver',
    'string_bool_to_semver',
    '(string,bool) semver',
    (v: string, n: boolean) => SemverValue.parse(v, n),
  ],
  ['isSemver', 'is_semver_string', '(string) bool', (v: string) => isSemver(v, false)],
  ['isSemver', 'is_semver_string_bool', '(string,bool) bool', isSemver],
  [
    'isGreaterThan',
    'semver_is_greater_than',
    'semver.(semver) bool',
    (a: SemverValue, b: SemverValue) => a.compare(b) > 0,
  ],
  [
    'isLessThan',
    'semver_is_less_than',
    'semver.(semver) bool',
    (a: SemverValue, b: SemverValue) => a.compare(b) < 0,
  ],
  [
    'compareTo',
    'semver_compare_to',
    'semver.(semver) int',
    (a: SemverValue, b: SemverValue) => BigInt(a.compare(b)),
  ],
  ['major', 'semver_major', 'semver.() int', (v: SemverValue) => v.numbers[0]],
  ['minor', 'semver_minor', 'semver.() int', (v: SemverValue) => v.numbers[1]],
  ['patch', 'semver_patch', 'semver.() int', (v: SemverValue) => v.numbers[2]],
  [
    'jsonpatch.escapeKey',
    'jsonpatch_escapekey',
    '(string) string',
    (key: string) => text.bounded(key.replaceAll('~', '~0').replaceAll('/', '~1')),
  ],
  ['format.named', 'format-named', '(string) optional<format>', namedFormat],
  ['validate', 'format-validate', 'format.(string) optional<list<string>>', validateFormat],
];

function isQuantity(value: string): boolean {
  try {
    QuantityValue.parse(value);
    return true;
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}
function asInteger(value: QuantityValue): bigint {
  if (value.integer === undefined) throw new CelError('cannot convert value to integer');
  return value.integer;
}
function isUrl(value: string): boolean {
  try {
    return isOpaque(new UrlValue(value));
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}
function urlQuery(url: UrlValue): MapValue {
  const map = new LiteralMap();
  for (const [key, values] of url.parameters) map.set(key, listOfText(values));
  return map;
}
function namedFormat(name: string): Optional {
  const format = NAMED_FORMATS.get(name);
  return format ? new Optional(format) : Optional.NONE;
}
function validateFormat(format: FormatValue, value: string): Optional {
  spend(1 + (value.length >> 3));
  const messages = format.validate(value);
  return messages.length === 0 ? Optional.NONE : new Optional(listOfText(messages));
}

export const formatRows = (): Row[] =>
  [...NAMED_FORMATS].map(([name, format]) => [`format.${name}`, `format.${name}`, '() format', () => format]);
