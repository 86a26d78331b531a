import {
  createCertificateAuthority,
  createCertificateRequest,
  generateKeys,
  SIGNER,
  type SigningRequest,
} from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { AddressRanges } from './address-ranges.ts';
import { isOwnServing } from './approve-serving.ts';
import { JoinedNodes } from './joined-nodes.ts';

describe('where machines that join may be', () => {
  it.each([
    ['192.0.2.7', true],
    ['192.0.3.7', false],
    ['2001:db8::7', true],
    ['2001:db9::7', false],
    ['example.com', false],
    ['', false],
    ['192.0.2.7.nip.io', false],
    ['0300.0.2.7', false],
    ['::ffff:192.0.2.7', true],
  ])('is in the ranges that were named: %s %s', (address, may) => {
    expect(new AddressRanges(['192.0.2.0/24', '2001:db8::/32']).has(address)).toBe(may);
  });

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
  ])('is never %s', (address) => {
    expect(new AddressRanges(['0.0.0.0/0', '::/0']).has(address)).toBe(false);
  });

  it('is nowhere when none were named', () => {
    expect(new AddressRanges([]).has('192.0.2.7')).toBe(false);
  });
});

describe('a kubelet is called', () => {
  const authority = createCertificateAuthority('guest');
  const keys = {
    authority,
    serving: authority,
    trusted: authority.certificatePem,
    serviceAccountKey: '',
    olderServiceAccountKeys: [],
    revoked: [],
  };
  const reader = (addresses: readonly object[]) => ({
    get: () => ({ metadata: { name: 'n1' }, status: { addresses } }) as never,
    list: () => [],
    watch: () => () => {},
  });
  const nodes = new JoinedNodes(keys, ['192.0.2.0/24']);

  it.each([
    ['at an address outside', [{ type: 'InternalIP', address: '198.51.100.1' }]],
    ['at loopback', [{ type: 'InternalIP', address: '127.0.0.1' }]],
    ['by a name', [{ type: 'Hostname', address: 'evil.example' }]],
    ['by a name that is called an address', [{ type: 'InternalIP', address: 'evil.example' }]],
    ['nowhere', []],
  ])('not %s', (_, addresses) => {
    expect(() => nodes.kubelet(reader(addresses), 'n1')).toThrow('spec.nodes.ranges');
  });

  it('at the first of its addresses that may be', () => {
    const addresses = [
      { type: 'InternalIP', address: '198.51.100.1' },
      { type: 'ExternalIP', address: '192.0.2.4' },
    ];
    expect(nodes.kubelet(reader(addresses), 'n1')).toBeDefined();
  });
});

describe('a serving certificate is approved by itself', () => {
  const mayBeAt = (address: string) => address === '192.0.2.7';
  const csr = (names: object, spec: object = {}, commonName = 'system:node:n1'): SigningRequest => {
    const subject = { commonName, organizations: ['system:nodes'] };
    const pem = createCertificateRequest(generateKeys().privateKey, subject, names);
    return {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'c' },
      spec: {
        request: Buffer.from(pem).toString('base64'),
        signerName: SIGNER.kubeletServing,
        usages: ['digital signature', 'key encipherment', 'server auth'],
        username: 'system:node:n1',
        groups: ['system:nodes', 'system:authenticated'],
        ...spec,
      },
    };
  };
  const good = { dnsNames: ['n1'], ipAddresses: ['192.0.2.7'] };

  it('for a node’s own name and an address that it may have', () => {
    expect(isOwnServing(csr(good), mayBeAt)).toBe(true);
    expect(isOwnServing(csr({ ipAddresses: ['192.0.2.7'] }), mayBeAt)).toBe(true);
  });

  it.each([
    ['the name of the API', csr({ ...good, dnsNames: ['n1', 'kubernetes.default.svc'] })],
    ['another address', csr({ ...good, ipAddresses: ['192.0.2.7', '10.96.0.1'] })],
    ['another node', csr(good, {}, 'system:node:n2')],
    ['one who is no node', csr(good, { username: 'ann', groups: [] })],
    ['one whose group only says so', csr(good, { username: 'ann', groups: ['system:nodes'] }, 'ann')],
    ['another use', csr(good, { usages: ['digital signature', 'client auth'] })],
    ['another signer', csr(good, { signerName: SIGNER.kubeletClient })],
    ['no request', csr(good, { request: 'eA==' })],
  ])('but not for %s', (_, request) => {
    expect(isOwnServing(request, mayBeAt)).toBe(false);
  });
});
