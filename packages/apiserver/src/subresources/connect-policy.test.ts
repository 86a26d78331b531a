import { describe, expect, it } from 'vitest';
import { ConnectPolicy } from './connect-policy.ts';

const policy = new ConnectPolicy({
  podRanges: ['10.244.0.0/16', 'fd00:10:244::/56'],
  serviceRanges: ['10.96.0.0/12'],
  nodes: ['192.168.7.2', '10.0.0.5'],
  host: ['10.0.0.5', '10.244.0.1'],
});

describe('connections of a cluster reach', () => {
  it.each(['10.244.3.4', '10.96.0.1', '192.168.7.2', 'fd00:10:244::5', '::ffff:10.244.3.4'])(
    '%s',
    (address) => {
      expect(policy.mayConnect(address)).toBe(true);
    },
  );
});

describe('connections of a cluster never reach', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['IPv6 loopback', '::1'],
    ['mapped loopback', '::ffff:127.0.0.1'],
    ['mapped loopback in hex', '::ffff:7f00:1'],
    ['this host by no address', '0.0.0.0'],
    ['IPv6 no address', '::'],
    ['cloud metadata', '169.254.169.254'],
    ['IPv6 link-local', 'fe80::1'],
    ['IPv6 with a zone', 'fd00:10:244::5%eth0'],
    ['the host although it is called a node', '10.0.0.5'],
    ['the host within the pods range', '10.244.0.1'],
    ['the host within the pods range, mapped', '::ffff:10.244.0.1'],
    ['other private addresses', '192.168.7.3'],
    ['the internet', '1.1.1.1'],
    ['multicast', '224.0.0.1'],
    ['names', 'localhost'],
    ['decimal addresses', '2130706433'],
    ['nothing', ''],
  ])('%s (%s)', (_what, address) => {
    expect(policy.mayConnect(address)).toBe(false);
  });

  it('what ranges of everything would allow', () => {
    const open = new ConnectPolicy({
      podRanges: ['0.0.0.0/0', '::/0'],
      serviceRanges: [],
      nodes: ['127.0.0.1'],
      host: [],
    });
    expect(open.mayConnect('8.8.8.8')).toBe(true);
    expect(open.mayConnect('127.0.0.1')).toBe(false);
    expect(open.mayConnect('::ffff:127.0.0.1')).toBe(false);
    expect(open.mayConnect('::127.0.0.1')).toBe(false);
    expect(open.mayConnect('64:ff9b::7f00:1')).toBe(false);
  });
});
