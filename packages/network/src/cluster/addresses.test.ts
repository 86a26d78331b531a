import { describe, expect, it } from 'vitest';
import {
  addressesOf,
  clusterNetwork,
  freeIndex,
  hostAddressOf,
  MAX_NETWORKS,
  networkName,
} from './addresses.ts';

describe('the addresses of a cluster network', () => {
  it('are the same inside and different towards the machine for every index', () => {
    const networks = [0, 1, 255, 256, MAX_NETWORKS - 1].map((index) => clusterNetwork({ name: 'n', index }));
    expect(new Set(networks.map(({ podRange }) => podRange))).toEqual(new Set(['10.244.0.0/24']));
    expect(networks.map(({ hostRange }) => hostRange)).toEqual([
      '100.64.0.0/24',
      '100.64.1.0/24',
      '100.64.255.0/24',
      '100.65.0.0/24',
      '100.111.255.0/24',
    ]);
    expect(networks.map(({ link }) => `${link.host} ${link.inner}`)).toEqual([
      '100.112.0.0 100.112.0.1',
      '100.112.0.2 100.112.0.3',
      '100.112.1.254 100.112.1.255',
      '100.112.2.0 100.112.2.1',
      '100.112.95.254 100.112.95.255',
    ]);
  });

  it('have a name of their own in every home', () => {
    const name = networkName('/var/lib/sampan', 'host');
    expect(clusterNetwork({ name, index: 0 }).name).toBe(name);
    expect(networkName('/root/.sampan', 'host')).not.toBe(name);
    expect(networkName('/var/lib/sampan', 'a')).not.toBe(name);
  });

  it('map one to one', () => {
    const network = clusterNetwork({ name: 'n', index: 5 });
    expect(hostAddressOf(network, '10.244.0.77')).toBe('100.64.5.77');
    expect(addressesOf(network).nodeAddresses).toEqual(['10.244.0.1', '100.64.5.1']);
  });

  it.each([
    [[], 0],
    [['100.64.0.0/24'], 1],
    [['100.64.0.7/32', '100.112.0.2/31'], 2],
    [['100.64.0.0/16', '0.0.0.0/0', 'default'], 256],
    [['100.64.0.0/10'], undefined],
  ])('with %j taken the free index is %j', (taken, index) => {
    expect(freeIndex(taken)).toBe(index);
  });

  it.each([
    [{ name: 'n', index: -1 }],
    [{ name: 'n', index: MAX_NETWORKS }],
    [{ name: '../x', index: 0 }],
    [{ name: 'a-name-that-is-too-long', index: 0 }],
    [{ name: 'n', index: 0, podRange: '10.244.0.0/16' }],
  ])('%j is none', (options) => {
    expect(() => clusterNetwork(options)).toThrow();
  });
});
