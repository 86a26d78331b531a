import { type FieldError, invalid, required } from '../meta/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain } from './dns.ts';
import { isQualifiedName } from './label-syntax.ts';
import { byteLength, emptyError, inclusiveRangeError, maxLengthError, regexError } from './messages.ts';

/** Small formats of apimachinery pkg/util/validation. They return messages; none means valid. */

const MAX_ID = 2 ** 31 - 1;

const pattern = (text: string): RegExp => new RegExp(`^(?:${text})$`);
const C_IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const cIdentifier = pattern(C_IDENTIFIER);
const PERCENT = '[0-9]+%';
const percent = pattern(PERCENT);
const HTTP_HEADER = '[-A-Za-z0-9]+';
const httpHeader = pattern(HTTP_HEADER);
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const configKey = pattern(CONFIG_KEY);
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const httpPath = pattern(HTTP_PATH);

export const isCIdentifier = (value: string): string[] =>
  cIdentifier.test(value)
    ? []
    : [
        regexError(
          "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
          C_IDENTIFIER,
          'my_name',
          'MY_NAME',
          'MyName',
        ),
      ];

export const isInRange = (value: number, low: number, high: number): string[] =>
  value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
export const isValidPortNum = (port: number): string[] => isInRange(port, 1, 65535);
export const isValidGroupID = (gid: number): string[] => isInRange(gid, 0, MAX_ID);
export const isValidUserID = (uid: number): string[] => isInRange(uid, 0, MAX_ID);

/** IANA_SVC_NAME: at most 15 of a-z, 0-9 and inner single hyphens, with a letter (RFC 6335). */
export function isValidPortName(port: string): string[] {
  const errors: string[] = [];
  if (byteLength(port) > 15) errors.push(maxLengthError(15));
  if (!/^[-a-z0-9]+$/.test(port))
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) errors.push('must contain at least one letter (a-z)');
  if (port.includes('--')) errors.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export const isValidPercent = (value: string): string[] =>
  percent.test(value)
    ? []
    : [
        regexError(
          "a valid percent string must be a numeric string followed by an ending '%'",
          PERCENT,
          '1%',
          '93%',
        ),
      ];

export const isHTTPHeaderName = (value: string): string[] =>
  httpHeader.test(value)
    ? []
    : [
        regexError(
          "a valid HTTP header must consist of alphanumeric characters or '-'",
          HTTP_HEADER,
          'X-Header-Name',
        ),
      ];

/** Any printable ASCII but `=` (KEP-4369, relaxed since 1.34). */
export function isEnvVarName(value: string): string[] {
  if (value === '') return [`environment variable name ${emptyError()}`];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

function parentPathErrors(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** A key of a ConfigMap or Secret. */
export function isConfigMapKey(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > 253) errors.push(maxLengthError(253));
  if (!configKey.test(value)) {
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  return [...errors, ...parentPathErrors(value)];
}

export function isFullyQualifiedName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const errors = isDNS1123Subdomain(name);
  if (errors.length > 0) return [invalid(field, name, errors.join(','))];
  if (name.split('.').length < 3) {
    return [invalid(field, name, 'should be a domain with at least three segments separated by dots')];
  }
  return [];
}

export function isFullyQualifiedDomainName(field: string, value: string): FieldError[] {
  if (value === '') return [required(field)];
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const errors = isDNS1123Subdomain(name);
  if (errors.length > 0) return [invalid(field, name, errors.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) {
    return [invalid(field, name, 'should be a domain with at least two segments separated by dots')];
  }
  for (const label of labels) {
    const labelErrors = isDNS1123Label(label);
    if (labelErrors.length > 0) return [invalid(field, label, labelErrors.join(','))];
  }
  return [];
}

/** `acme.io/foo`: signer names, finalizers of some kinds. */
export function isDomainPrefixedPath(field: string, value: string): FieldError[] {
  if (value === '') return [required(field)];
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(field, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const host = value.slice(0, slash);
  const path = value.slice(slash + 1);
  const errors = isDNS1123Subdomain(host).map((message) => invalid(field, host, message));
  if (!httpPath.test(path)) errors.push(invalid(field, path, regexError('Invalid path', HTTP_PATH)));
  return errors;
}

export function isDomainPrefixedKey(field: string, key: string): FieldError[] {
  if (key === '') return [required(field)];
  const errors = isQualifiedName(key).map((message) => invalid(field, key, message));
  if (errors.length > 0) return errors;
  return key.includes('/')
    ? []
    : [invalid(field, key, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
