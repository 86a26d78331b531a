import { parseCidr, parseIp } from '../validation/ip.ts';
import { parseLooseDuration } from './go-duration.ts';
import { compilePattern } from './patterns.ts';

const matches = (pattern: string) => {
  const compiled = compilePattern(pattern);
  return (text: string): boolean => compiled.test(text);
};

const HOSTNAME = matches(
  '^([a-zA-Z0-9\\p{S}\\p{L}]((-?[a-zA-Z0-9\\p{S}\\p{L}]{0,62})?)|([a-zA-Z0-9\\p{S}\\p{L}](([a-zA-Z0-9-\\p{S}\\p{L}]{0,61}[a-zA-Z0-9\\p{S}\\p{L}])?)(\\.)){1,}([a-zA-Z\\p{L}]){2,63})$',
);
const byteLength = (text: string): number => Buffer.byteLength(text);

function isHostname(text: string): boolean {
  return (
    byteLength(text) <= 255 && HOSTNAME(text) && text.split('.').every((label) => byteLength(label) <= 63)
  );
}

/** A full-date of RFC 3339 that exists. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

const TIME = matches('^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$');

/** strfmt's date-time: a date, a `T`, a time with a zone. */
export function isDateTime(text: string): boolean {
  if (text.length < 4) return false;
  const parts = text.toLowerCase().split('t');
  const [date = '', time = ''] = parts;
  if (parts.length < 2 || !isDate(date) || !TIME(time)) return false;
  return time.slice(0, 2) <= '23' && time.slice(3, 5) <= '59' && time.slice(6, 8) <= '59';
}

/** Go's url.ParseRequestURI, as strictly as the format needs it. */
export function isRequestUri(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a URI has none
  if (text === '' || /[\x00-\x20\x7f]/.test(text)) return false;
  const invalidEscape = /%(?![0-9a-fA-F]{2})/.test(text.split('?')[0] ?? '');
  if (invalidEscape) return false;
  if (text === '*') return true;
  if (text.startsWith('/')) return true;
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(text);
  if (!scheme) return false;
  const rest = scheme[2] ?? '';
  if (!rest.startsWith('/')) return rest !== '' ? !rest.startsWith('?') || rest.length > 0 : false;
  if (!rest.startsWith('//')) return true;
  const authority = /^\/\/([^/?]*)/.exec(rest)?.[1] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host.startsWith('[')) return /^\[[0-9a-fA-F:.]+(%25[^\]]+)?\](:\d*)?$/.test(host);
  return /^[^<>"\\^`{|}[\]]*$/.test(host) && (!host.includes(':') || /^[^:]*:\d*$/.test(host));
}

function isEmail(text: string): boolean {
  if (text.length > 1_024) return false;
  const angle = /^(?:"(?:[^"\\]|\\.)*"|[^<>@,;:\\"[\]]*)\s*<([^<>]+)>\s*$/.exec(text);
  const address = (angle?.[1] ?? text).trim();
  const at = address.lastIndexOf('@');
  if (at < 1) return false;
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)];
  const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uffff-]+";
  return (
    new RegExp(`^(?:${atom}(?:\\.${atom})*|"[^"\\\\]*")$`).test(local) &&
    new RegExp(`^(?:${atom}(?:\\.${atom})*|\\[[^\\[\\]\\\\]*\\])$`).test(domain)
  );
}

function isIsbn(text: string, length: 10 | 13): boolean {
  const digits = text.replace(/[\s-]/g, '');
  if (length === 10) {
    if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
    let sum = digits[9] === 'X' ? 100 : 10 * Number(digits[9]);
    for (let i = 0; i < 9; i++) sum += (i + 1) * Number(digits[i]);
    return sum % 11 === 0;
  }
  if (!/^[0-9]{13}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += (i % 2 === 0 ? 1 : 3) * Number(digits[i]);
  return Number(digits[12]) === (10 - (sum % 10)) % 10;
}

const CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (!CARD.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let digit = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) digit = digit * 2 >= 10 ? ((digit * 2) % 10) + 1 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

const BYTE = '(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';

function isMac(text: string): boolean {
  return (
    /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){4}(?:[0-9a-fA-F]{2})$/.test(text) ||
    /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){6}(?:[0-9a-fA-F]{2})$/.test(text) ||
    /^(?:[0-9a-fA-F]{2}([:-]))(?:[0-9a-fA-F]{2}\1){18}(?:[0-9a-fA-F]{2})$/.test(text) ||
    /^[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){2}$/.test(text) ||
    /^[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){3}$/.test(text) ||
    /^[0-9a-fA-F]{4}(?:\.[0-9a-fA-F]{4}){9}$/.test(text)
  );
}

const SHORT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const uuid = (version: string, variant = '[0-9a-f]'): ((text: string) => boolean) => {
  const pattern = new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    'i',
  );
  return (text) => pattern.test(text);
};
const simple = (pattern: RegExp) => (text: string) => pattern.test(text);
const isDottedName = (text: string): boolean => text.split('.').every((part) => SHORT_NAME.test(part));

/**
 * The string formats that CRD schemas check, by name without dashes; every other format is ignored.
 * Source: apiextensions-apiserver pkg/apiserver/validation/formats.go and kube-openapi pkg/validation/strfmt.
 */
export const STRING_FORMATS: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['bsonobjectid', simple(/^[0-9a-fA-F]{24}$/)],
  ['uri', isRequestUri],
  ['email', isEmail],
  ['hostname', isHostname],
  ['ipv4', (text: string) => text.includes('.') && parseIp(text) !== undefined],
  ['ipv6', (text: string) => text.includes(':') && parseIp(text)?.leadingZeros === false],
  ['cidr', (text: string) => parseCidr(text) !== undefined],
  ['mac', isMac],
  ['uuid', uuid('[0-9a-f]{4}')],
  ['uuid3', uuid('3[0-9a-f]{3}')],
  ['uuid4', uuid('4[0-9a-f]{3}', '[89ab]')],
  ['uuid5', uuid('5[0-9a-f]{3}', '[89ab]')],
  ['isbn', (text: string) => isIsbn(text, 10) || isIsbn(text, 13)],
  ['isbn10', (text: string) => isIsbn(text, 10)],
  ['isbn13', (text: string) => isIsbn(text, 13)],
  ['creditcard', isCreditCard],
  ['ssn', (text: string) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text)],
  ['hexcolor', simple(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', matches(`^rgb\\(\\s*${BYTE}\\s*,\\s*${BYTE}\\s*,\\s*${BYTE}\\s*\\)$`)],
  ['byte', simple(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/)],
  ['password', () => true],
  ['date', isDate],
  ['duration', (text: string) => parseLooseDuration(text) !== undefined],
  ['datetime', isDateTime],
  ['k8sshortname', (text: string) => text.length <= 63 && SHORT_NAME.test(text)],
  ['k8slongname', (text: string) => text.length <= 253 && isDottedName(text)],
]);

/** The format that counts for a type, or '' when it is ignored. */
export function supportedFormat(type: string, format: string): string {
  switch (type) {
    case '':
    case 'string':
      return STRING_FORMATS.has(format.replaceAll('-', '')) ? format : '';
    case 'integer':
      return format === 'int32' || format === 'int64' ? format : '';
    case 'number':
      return format === 'float' || format === 'double' ? format : '';
    default:
      return '';
  }
}
