import { describe, expect, it } from 'vitest';
import { fieldErrorMessage } from '../meta/field-error.ts';
import {
  formatIp,
  isValidCIDR,
  isValidIP,
  isValidIPForLegacyField,
  parseCidr,
  parseIp,
  warningsForCIDR,
  warningsForIP,
} from './ip.ts';

const messages = (value: string): string[] => isValidIP('ip', value).map(fieldErrorMessage);

describe('IP addresses', () => {
  it.each(['1.2.3.4', '0.0.0.0', '::', '::1', 'fd00::5', '2001:db8::ffff', 'a:b:c:d:e:f:1:2'])(
    'takes %s',
    (ip) => {
      expect(messages(ip)).toEqual([]);
    },
  );

  it.each([
    '',
    'a',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    ':::',
    '1::2::3',
    'fd00::5%eth0',
    '1.2.3.4/8',
    '[::1]',
    ' 1.2.3.4',
  ])('refuses %j', (ip) => {
    expect(messages(ip)).toEqual([
      `ip: Invalid value: "${ip}": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
    ]);
  });

  it('refuses leading zeros and mapped addresses in new fields', () => {
    expect(messages('1.2.3.04')).toEqual(['ip: Invalid value: "1.2.3.04": must not have leading 0s']);
    expect(messages('::ffff:1.2.3.4')).toEqual([
      'ip: Invalid value: "::ffff:1.2.3.4": must not be an IPv4-mapped IPv6 address',
    ]);
  });

  it('leaves what old objects have', () => {
    expect(isValidIPForLegacyField('ip', '1.2.3.04', ['1.2.3.04'])).toEqual([]);
  });

  it('writes the shortest form', () => {
    const canonical = (text: string): string => {
      const ip = parseIp(text);
      return ip === undefined ? '' : formatIp(ip);
    };
    expect(canonical('2001:0db8:0:0:0:0:0:1')).toBe('2001:db8::1');
    expect(canonical('1:0:0:2:0:0:0:3')).toBe('1:0:0:2::3');
    expect(canonical('1.2.3.4')).toBe('1.2.3.4');
  });

  it('warns of other forms than that', () => {
    expect(warningsForIP('ip', 'FD00::5')).toHaveLength(1);
    expect(warningsForIP('ip', 'fd00::5')).toEqual([]);
  });
});

describe('networks', () => {
  it('reads them', () => {
    expect(parseCidr('10.1.2.3/8')?.prefix).toBe(8);
    expect(parseCidr('10.0.0.0/33')).toBeUndefined();
    expect(parseCidr('10.0.0.0')).toBeUndefined();
    expect(isValidCIDR('c', '10.0.0.0/8')).toEqual([]);
  });

  it('refuses host bits in new fields', () => {
    expect(isValidCIDR('c', '10.1.2.3/8').map(fieldErrorMessage)).toEqual([
      'c: Invalid value: "10.1.2.3/8": must not have bits set beyond the prefix length',
    ]);
    expect(warningsForCIDR('c', '10.1.2.3/8')).toHaveLength(1);
  });
});
