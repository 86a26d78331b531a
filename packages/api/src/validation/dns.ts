import { byteLength, maxBytesError, maxLengthError, regexError } from './messages.ts';

/**
 * Names by DNS rules (RFC 1123, RFC 1035). Each validator returns messages without a field; none means valid.
 * The patterns have one way to match any text, so they run in linear time.
 */
export type NameValidator = (value: string) => string[];

export const DNS1123_LABEL_MAX = 63;
export const DNS1123_SUBDOMAIN_MAX = 253;

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const LABEL_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const SUBDOMAIN_UNDERSCORE = `${LABEL_UNDERSCORE}(\\.${LABEL_UNDERSCORE})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD = `\\*\\.${SUBDOMAIN}`;

const whole = (pattern: string, flags = ''): RegExp => new RegExp(`^(?:${pattern})$`, flags);
const labelRegExp = whole(LABEL);
const subdomainRegExp = whole(SUBDOMAIN);
const subdomainCaselessRegExp = whole(SUBDOMAIN, 'i');
const subdomainUnderscoreRegExp = whole(SUBDOMAIN_UNDERSCORE);
const label1035RegExp = whole(LABEL_1035);
const wildcardRegExp = whole(WILDCARD);

const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

const labelPatternError = regexError(LABEL_MESSAGE, LABEL, 'my-name', '123-abc');
const subdomainPatternError = regexError(SUBDOMAIN_MESSAGE, SUBDOMAIN, 'example.com');

export function isDNS1123Label(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > DNS1123_LABEL_MAX) errors.push(maxLengthError(DNS1123_LABEL_MAX));
  if (!labelRegExp.test(value)) {
    errors.push(subdomainRegExp.test(value) ? 'must not contain dots' : labelPatternError);
  }
  return errors;
}

function checked(
  max: number,
  lengthError: (max: number) => string,
  pattern: RegExp,
  patternError: string,
): NameValidator {
  return (value) => {
    const errors: string[] = [];
    if (byteLength(value) > max) errors.push(lengthError(max));
    if (!pattern.test(value)) errors.push(patternError);
    return errors;
  };
}

export const isDNS1123Subdomain = checked(
  DNS1123_SUBDOMAIN_MAX,
  maxLengthError,
  subdomainRegExp,
  subdomainPatternError,
);

/** The same with "bytes" in the length message: the prefix of a label key. */
export const isDNS1123SubdomainBytes = checked(
  DNS1123_SUBDOMAIN_MAX,
  maxBytesError,
  subdomainRegExp,
  subdomainPatternError,
);

/** Driver names of old kinds, which may have upper-case letters. */
export const isDNS1123SubdomainCaseless = checked(
  DNS1123_SUBDOMAIN_MAX,
  maxBytesError,
  subdomainCaselessRegExp,
  regexError(
    "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    SUBDOMAIN,
    'Example.com',
  ),
);

export const isDNS1123SubdomainWithUnderscore = checked(
  DNS1123_SUBDOMAIN_MAX,
  maxLengthError,
  subdomainUnderscoreRegExp,
  regexError(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    SUBDOMAIN_UNDERSCORE,
    'example.com',
  ),
);

export const isDNS1035Label = checked(
  DNS1123_LABEL_MAX,
  maxLengthError,
  label1035RegExp,
  regexError(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    LABEL_1035,
    'my-name',
    'abc-123',
  ),
);

export const isWildcardDNS1123Subdomain = checked(
  DNS1123_SUBDOMAIN_MAX,
  maxLengthError,
  wildcardRegExp,
  regexError(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    WILDCARD,
    '*.example.com',
  ),
);
