import { describe, expect, test } from 'vitest';
import { configMapRules } from './configmap.ts';
import { secretRules } from './secret.ts';
import { created, createMessages, updateMessages } from './testing.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

describe('ConfigMap', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['accepts texts and bytes', { data: { a: '1' }, binaryData: { b: 'AA==' } }, []],
    [
      'refuses a key with a space',
      { data: { 'a b': '1' } },
      [`data[a b]: Invalid value: "a b": ${KEY_RULE}`],
    ],
    [
      'refuses a key in both maps',
      { data: { a: '1' }, binaryData: { a: 'AA==' } },
      ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
    ],
    [
      'refuses more than a mebibyte',
      { data: { a: 'x'.repeat(2 ** 20 + 1) } },
      [': Too long: may not be more than 1048576 bytes'],
    ],
    ['counts bytes, not characters', { data: { a: 'é'.repeat(2 ** 19) } }, []],
  ])('%s', (_, fields, expected) => {
    expect(createMessages(configMapRules, fields)).toEqual(expected);
  });

  test('keeps data and mark once immutable', () => {
    const from = { data: { a: '1' }, immutable: true };
    const immutable = 'field is immutable when `immutable` is set';
    expect(updateMessages(configMapRules, from, from)).toEqual([]);
    expect(updateMessages(configMapRules, from, { data: { a: '2' } })).toEqual([
      `immutable: Forbidden: ${immutable}`,
      `data: Forbidden: ${immutable}`,
    ]);
  });
});

describe('Secret', () => {
  test('merges stringData into data and forgets it', () => {
    const secret = created(secretRules, {
      data: { a: base64('old'), b: base64('b') },
      stringData: { a: 'new' },
    });
    expect(secret).toMatchObject({ type: 'Opaque', data: { a: base64('new'), b: base64('b') } });
    expect(secret).not.toHaveProperty('stringData');
  });

  test('takes __proto__ as a key like any other', () => {
    const secret = created(secretRules, { stringData: JSON.parse('{"__proto__":"x"}') });
    expect(Object.keys(secret.data)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(secret.data)).toBe(Object.prototype);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'needs both keys of TLS',
      { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } },
      ['data[tls.key]: Required value'],
    ],
    [
      'needs a user or a password',
      { type: 'kubernetes.io/basic-auth' },
      ['data[username]: Required value', 'data[password]: Required value'],
    ],
    ['needs a private key', { type: 'kubernetes.io/ssh-auth' }, ['data[ssh-privatekey]: Required value']],
    [
      'needs the account of a token',
      { type: 'kubernetes.io/service-account-token' },
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    [
      'reads the docker configuration',
      { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('x') } },
      [
        `data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": invalid character 'x' looking for beginning of value`,
      ],
    ],
    [
      'wants an object as the docker configuration',
      { type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('[]') } },
      [
        'data[.dockercfg]: Invalid value: "<secret contents redacted>": json: cannot unmarshal array into Go value of type map[string]interface {}',
      ],
    ],
    ['takes unknown types as they are', { type: 'constructor' }, []],
  ])('%s', (_, fields, expected) => {
    expect(createMessages(secretRules, fields)).toEqual(expected);
  });

  test('keeps its type', () => {
    expect(updateMessages(secretRules, { type: 'a' }, { type: 'b' })).toEqual([
      'type: Invalid value: "b": field is immutable',
    ]);
  });
});
