import { describe, expect, it } from 'vitest';
import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain, isWildcardDNS1123Subdomain } from './dns.ts';
import {
  isCIdentifier,
  isConfigMapKey,
  isEnvVarName,
  isHTTPHeaderName,
  isValidPercent,
  isValidPortName,
  isValidPortNum,
} from './formats.ts';
import { isQualifiedName, isValidLabelValue } from './label-syntax.ts';
import { isPathSegmentName, nameIsDNSLabel, nameIsDNSSubdomain, nameIsPathSegment } from './names.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe('DNS names', () => {
  it.each(['a', 'ab', 'abc', 'a1', 'a-1', 'a--1--2--b', '0', '01', '012', '1a', '1-a', 'a'.repeat(63)])(
    'takes %s as a label',
    (name) => {
      expect(isDNS1123Label(name)).toEqual([]);
      expect(isDNS1123Subdomain(name)).toEqual([]);
    },
  );

  it.each(['', 'A', 'ABC', 'aBc', '-', 'a-', '-a', '1-', '_', 'a_', 'a b', ' a', 'a.', 'a\n'])(
    'refuses %j as a label',
    (name) => expect(isDNS1123Label(name)).toEqual([LABEL]),
  );

  it('tells the length limit before the form', () => {
    expect(isDNS1123Label('A'.repeat(64))).toEqual(['must be no more than 63 characters', LABEL]);
    expect(isDNS1123Subdomain('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
  });

  it.each(['a.b.c.d', 'a.1', '0.0.0.0', 'a-b.c-d'])('takes %s as a subdomain', (name) => {
    expect(isDNS1123Subdomain(name)).toEqual([]);
  });

  it.each(['a..b', '.a', 'a.', 'a.-b', 'a_b.c', 'A.b'])('refuses %s as a subdomain', (name) => {
    expect(isDNS1123Subdomain(name)).toEqual([SUBDOMAIN]);
  });

  it('wants a letter first in an RFC 1035 label', () => {
    expect(isDNS1035Label('a1')).toEqual([]);
    expect(isDNS1035Label('1a')).toEqual([
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]);
  });

  it('takes one wildcard label at the front', () => {
    expect(isWildcardDNS1123Subdomain('*.example.com')).toEqual([]);
    expect(isWildcardDNS1123Subdomain('a.*.com')).toHaveLength(1);
    expect(isWildcardDNS1123Subdomain('*')).toHaveLength(1);
  });
});

describe('names of objects', () => {
  it('lets a prefix end with a dash', () => {
    expect(nameIsDNSSubdomain('web-', true)).toEqual([]);
    expect(nameIsDNSSubdomain('web-', false)).toEqual([SUBDOMAIN]);
    expect(nameIsDNSLabel('a.b', true)).toEqual(['must not contain dots']);
  });

  it.each([
    ['.', "may not be '.'"],
    ['..', "may not be '..'"],
    ['a/b', "may not contain '/'"],
    ['a%b', "may not contain '%'"],
  ])('refuses %s as a segment of a path', (name, message) => {
    expect(isPathSegmentName(name)).toEqual([message]);
  });

  it('takes any other text as a segment of a path, also a dot as a prefix', () => {
    expect(isPathSegmentName('system:node:a b')).toEqual([]);
    expect(nameIsPathSegment('.', true)).toEqual([]);
  });
});

describe('qualified names and label values', () => {
  it.each([
    'simple',
    'now-with-dashes',
    '1-starts-with-num',
    '1234',
    'simple/simple',
    'now.with.dots/and_under',
    'A/B'.toLowerCase(),
    'UppercaseOk1',
    '1.2.3.4/5678',
  ])('takes %s as a key', (key) => expect(isQualifiedName(key)).toEqual([]));

  it.each([
    ['/a', ['prefix part must be non-empty']],
    [
      'a/',
      [
        'name part must be non-empty',
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    ['A_/b', [`prefix part ${SUBDOMAIN}`]],
    ['a'.repeat(64), ['name part must be no more than 63 bytes']],
  ])('refuses %s as a key', (key, messages) => {
    expect(isQualifiedName(key)).toEqual(messages);
  });

  it('takes an empty label value', () => {
    expect(isValidLabelValue('')).toEqual([]);
    expect(isValidLabelValue('a_B-1.c')).toEqual([]);
  });

  it('refuses spaces and long label values', () => {
    expect(isValidLabelValue('a b')).toEqual([
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]);
    expect(isValidLabelValue('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });
});

describe('other forms', () => {
  it('takes C identifiers', () => {
    expect(isCIdentifier('_a1')).toEqual([]);
    expect(isCIdentifier('1a')).toHaveLength(1);
  });

  it('takes any printable name but = for an environment variable', () => {
    for (const name of ['A', '1', 'a.b-c', 'a b', '..', '!']) expect(isEnvVarName(name)).toEqual([]);
    for (const name of ['a=b', 'a\tb', 'é']) {
      expect(isEnvVarName(name)).toEqual([
        "a valid environment variable name must consist only of printable ASCII characters other than '='",
      ]);
    }
  });

  it('refuses keys of config data that are no file names', () => {
    expect(isConfigMapKey('a.b-C_d')).toEqual([]);
    expect(isConfigMapKey('..')).toEqual(["must not be '..'"]);
    expect(isConfigMapKey('..a')).toEqual(["must not start with '..'"]);
    expect(isConfigMapKey('a'.repeat(254))).toEqual(['must be no more than 253 characters']);
  });

  it('keeps ports between 1 and 65535', () => {
    expect(isValidPortNum(1)).toEqual([]);
    expect(isValidPortNum(65535)).toEqual([]);
    expect(isValidPortNum(0)).toEqual(['must be between 1 and 65535, inclusive']);
    expect(isValidPortNum(65536)).toEqual(['must be between 1 and 65535, inclusive']);
  });

  it('wants at least one letter in the name of a port', () => {
    expect(isValidPortName('http-8080')).toEqual([]);
    expect(isValidPortName('8080')).toEqual(['must contain at least one letter (a-z)']);
    expect(isValidPortName('a--b')).toEqual(['must not contain consecutive hyphens']);
    expect(isValidPortName('a-')).toEqual(['must not begin or end with a hyphen']);
    expect(isValidPortName('a'.repeat(16))).toEqual(['must be no more than 15 characters']);
  });

  it('checks percentages and header names', () => {
    expect(isValidPercent('10%')).toEqual([]);
    expect(isValidPercent('10')).toHaveLength(1);
    expect(isHTTPHeaderName('X-Forwarded-For')).toEqual([]);
    expect(isHTTPHeaderName('Host:')).toHaveLength(1);
  });
});
