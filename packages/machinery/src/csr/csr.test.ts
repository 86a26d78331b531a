import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createCertificateAuthority, generateKeys } from '../pki/authority.ts';
import { parseCertificate } from '../pki/certificate.ts';
import { createCertificateRequest } from '../pki/request.ts';
import { decideApproval, SIGNER, type SigningRequest, signApproved } from './csr-rules.ts';

const CLIENT = ['digital signature', 'key encipherment', 'client auth'];
const SERVING = ['digital signature', 'key encipherment', 'server auth'];

function csr(
  signerName: string,
  usages: string[],
  subject = { commonName: 'system:node:n1', organizations: ['system:nodes'] },
  names = {},
  more = {},
): SigningRequest {
  const pem = createCertificateRequest(generateKeys().privateKey, subject, names);
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'c' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName,
      usages,
      username: 'system:node:n1',
      groups: ['system:nodes'],
      ...more,
    },
  };
}
const allowing =
  (...subresources: string[]) =>
  (subresource: string) =>
    subresources.includes(subresource);

describe('approval by itself', () => {
  it('is for kubelet client certificates whose requester may have them', async () => {
    expect(await decideApproval(csr(SIGNER.kubeletClient, CLIENT), allowing('selfnodeclient'))).toEqual({
      action: 'approve',
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    });
    const other = csr(SIGNER.kubeletClient, CLIENT, undefined, {}, { username: 'system:bootstrap:abcdef' });
    expect(await decideApproval(other, allowing('selfnodeclient'))).toEqual({
      action: 'refuse',
      message: 'recognized csr "c" as [nodeclient] but subject access review was not approved',
    });
    expect((await decideApproval(other, allowing('nodeclient'))).action).toBe('approve');
  });

  it('is for nothing else', async () => {
    const all = allowing('selfnodeclient', 'nodeclient');
    const action = async (request: SigningRequest) => (await decideApproval(request, all)).action;
    const subject = (commonName: string, ...organizations: string[]) => ({ commonName, organizations });
    expect(await action(csr(SIGNER.kubeletServing, SERVING, undefined, { dnsNames: ['n1'] }))).toBe('ignore');
    expect(await action(csr(SIGNER.kubeletClient, SERVING))).toBe('ignore');
    expect(await action(csr(SIGNER.kubeletClient, CLIENT, subject('root', 'system:nodes')))).toBe('ignore');
    const greedy = subject('system:node:n', 'system:nodes', 'system:masters');
    expect(await action(csr(SIGNER.kubeletClient, CLIENT, greedy))).toBe('ignore');
    expect(await action(csr(SIGNER.kubeletClient, CLIENT, undefined, { dnsNames: ['x'] }))).toBe('ignore');
  });
});

describe('signing', () => {
  const ca = createCertificateAuthority('ca');

  it('gives a certificate with the usages and the time asked for', () => {
    const now = Date.now();
    const signed = signApproved(
      csr(
        SIGNER.kubeletClient,
        ['digital signature', 'client auth'],
        undefined,
        {},
        { expirationSeconds: 3600 },
      ),
      ca,
      { now },
    );
    if (signed.action !== 'sign') throw new Error('not signed');
    expect(new X509Certificate(signed.certificate).checkIssued(new X509Certificate(ca.certificatePem))).toBe(
      true,
    );
    const parsed = parseCertificate(signed.certificate);
    expect(parsed.subject).toEqual({ commonName: 'system:node:n1', organizations: ['system:nodes'] });
    expect(parsed.extendedUsages).toEqual(['client auth']);
    expect(Math.abs(parsed.notAfter - now - 3600_000)).toBeLessThan(1000);
  });

  it('fails with a reason for what its signer does not sign', () => {
    const message = (request: SigningRequest) => {
      const result = signApproved(request, ca);
      return result.action === 'fail' ? result.message : result.action;
    };
    expect(message(csr(SIGNER.kubeletServing, SERVING))).toBe('DNS or IP subjectAltName is required');
    expect(message(csr(SIGNER.kubeletServing, SERVING, undefined, { ipAddresses: ['10.0.0.1'] }))).toBe(
      'sign',
    );
    expect(message(csr(SIGNER.kubeletServing, CLIENT, undefined, { dnsNames: ['n1'] }))).toBe(
      'usages did not match [digital signature key encipherment server auth]',
    );
    expect(message(csr(SIGNER.kubeletClient, CLIENT, { commonName: 'a', organizations: ['b'] }))).toBe(
      'subject organization is not system:nodes',
    );
    expect(message(csr(SIGNER.apiServerClient, ['client auth', 'server auth']))).toBe(
      'invalid usage for client certificate: server auth',
    );
    expect(message(csr(SIGNER.apiServerClient, ['digital signature']))).toBe(
      'missing required usage for client certificate: client auth',
    );
    expect(
      message({
        ...csr(SIGNER.apiServerClient, ['client auth']),
        spec: { signerName: SIGNER.apiServerClient, usages: ['client auth'], request: 'eA==' },
      }),
    ).toBe('PEM block type must be CERTIFICATE REQUEST');
    expect(message(csr('example.com/mine', CLIENT))).toBe('ignore');
  });
});
