import { expect, test } from 'vitest';
import { addressKind, isMachineAddress, machineAddresses } from './address-kinds.ts';

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['0.0.0.0', 'loopback'],
  ['::', 'loopback'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['169.254.169.254', 'link-local'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['fd00:ec2::254', 'link-local'],
  ['100.64.0.1', 'clusters'],
  ['100.127.255.254', 'clusters'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'multicast'],
  ['ff02::1', 'multicast'],
  ['64:ff9b::7f00:1', 'translated'],
  ['64:ff9b:1::7f00:1', 'translated'],
  ['2002:7f00:1::', 'translated'],
])('%s is of the kind %s', (address, kind) => {
  expect(addressKind(address)).toBe(kind);
});

test.each(['192.0.2.1', '10.0.0.1', '100.63.255.255', '100.128.0.0', '2001:db8::1', 'fd00::1'])(
  'nothing is special about %s',
  (address) => {
    expect(addressKind(address)).toBeUndefined();
    expect(isMachineAddress(address) && !machineAddresses().includes(address)).toBe(false);
  },
);

test('the machine knows its addresses, IPv4 in IPv6 too', () => {
  expect(machineAddresses()).toContain('127.0.0.1');
  for (const address of machineAddresses()) {
    expect(isMachineAddress(address)).toBe(true);
    if (!address.includes(':')) expect(isMachineAddress(`::ffff:${address}`)).toBe(true);
  }
  expect(isMachineAddress('192.0.2.1')).toBe(false);
});
