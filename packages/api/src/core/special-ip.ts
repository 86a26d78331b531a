import { type FieldError, invalid } from '../meta/field-error.ts';
import { cidrNumber, inRange, ipNumber } from '../networking/ip-number.ts';

interface SpecialRange {
  readonly ranges: readonly string[];
  readonly message: (ip: string) => string;
}

/** Addresses that no endpoint or external IP may have (ValidateNonSpecialIP). */
const SPECIAL: readonly SpecialRange[] = [
  { ranges: ['0.0.0.0/32', '::/128'], message: (ip) => `may not be unspecified (${ip})` },
  {
    ranges: ['127.0.0.0/8', '::1/128'],
    message: () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  },
  {
    ranges: ['169.254.0.0/16', 'fe80::/10'],
    message: () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  },
  {
    // Go looks at the second byte's low half only, so all of ffx2::/16 counts.
    ranges: ['224.0.0.0/24', ...'0123456789abcdef'.split('').map((flags) => `ff${flags}2::/16`)],
    message: () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  },
];

const parsed = SPECIAL.map(({ ranges, message }) => ({
  message,
  ranges: ranges.map((range) => cidrNumber(range)).filter((range) => range !== undefined),
}));

export function nonSpecialIpErrors(text: string, field: string): FieldError[] {
  const ip = ipNumber(text);
  if (!ip) return [invalid(field, text, 'must be a valid IP address')];
  return parsed
    .filter(({ ranges }) => ranges.some((range) => inRange(ip, range)))
    .map(({ message }) => invalid(field, text, message(text)));
}
