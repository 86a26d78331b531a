import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { isAllowed, knownRefusal, refusalOf } from './receiver-address.ts';

const added = (host: string) =>
  `an administrator must add "${host}" to webhookHosts in settings.json of Sampan's home`;

describe.each<[is: string, ...urls: string[]]>([
  ['this machine', 'http://127.0.0.1:1/', 'https://127.1/', 'http://0x7f000001/', 'http://2130706433/'],
  ['this machine', 'http://0.0.0.0/', 'http://0/', 'http://[::]/', 'http://[::1]:8080/a'],
  ['this machine', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/', 'http://[::127.0.0.1]/'],
  ['in the network of the machine’s clusters', 'http://100.64.0.5/', 'http://[::ffff:100.64.0.5]/'],
  ['an IPv4 address in IPv6', 'http://[64:ff9b::127.0.0.1]/', 'http://[2002:7f00:1::]/'],
])('what is %s', (is, ...urls) => {
  test.each(urls)('is called only where it is allowed: %s', (url) => {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    expect(knownRefusal(url, false)).toBe(`${host} is ${is}: ${added(host)}`);
    expect(isAllowed(url, ['example.com'])).toBe(false);
    expect(isAllowed(url, [host])).toBe(true);
    expect(knownRefusal(url, true)).toBeUndefined();
  });
});

test.each(['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '[::ffff:169.254.169.254]'])(
  '%s is link-local and never called',
  (host) => {
    const message = expect.stringMatching(/ is link-local: webhooks are not sent there$/);
    expect(knownRefusal(`http://${host}/`, false)).toEqual(message);
    expect(knownRefusal(`http://${host}/`, true)).toEqual(message);
  },
);

test.each(['224.0.0.1', '255.255.255.255', '[ff02::1]'])('%s is no receiver', (host) => {
  expect(knownRefusal(`http://${host}/`, true)).toMatch(/ is not one receiver: webhooks are not sent there$/);
});

test('the addresses of all interfaces are this machine', () => {
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((list) => list ?? [])) {
    expect(refusalOf(address, address, false)).toBeDefined();
    expect(refusalOf('a.example', `${family === 'IPv4' ? '::ffff:' : ''}${address}`, false)).toBeDefined();
  }
});

test('a name that leads to this machine is refused as such', () => {
  const message = `ci.example leads to 127.0.0.1, which is this machine: ${added('ci.example')}`;
  expect(refusalOf('ci.example', '127.0.0.1', false)).toBe(message);
  expect(refusalOf('ci.example', '127.0.0.1', true)).toBeUndefined();
  expect(refusalOf('ci.example', '169.254.169.254', true)).toContain('169.254.169.254, which is link-local');
});

test('localhost is known before anything is sent, other names are not', () => {
  for (const host of ['localhost', 'localhost.', 'a.localhost'])
    expect(knownRefusal(`http://${host}:9000/`, false)).toContain(`${host} leads to 127.0.0.1`);
  expect(knownRefusal('http://localhost:9000/', true)).toBeUndefined();
  for (const url of ['https://ci.example/', 'https://notlocalhost/', 'https://192.0.2.1/', 'no URL'])
    expect(knownRefusal(url, false)).toBeUndefined();
});

test('a host is allowed as the URL has it, whatever its port', () => {
  expect(isAllowed('http://LocalHost:9000/hook', ['localhost'])).toBe(true);
  expect(isAllowed('http://[::1]:9000/', ['::1'])).toBe(true);
  expect(isAllowed('http://127.0.0.1:9000/', ['localhost', '127.0.0.2'])).toBe(false);
  expect(isAllowed('no URL', [''])).toBe(false);
});
