import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import {
  certificateFingerprint,
  createCertificateAuthority,
  createCertificateRequest,
  decodePem,
  encodePem,
  generateKeys,
  issueCertificate,
  loadCertificateAuthority,
  parseCertificate,
  parseCertificateRequest,
  signRequest,
  unknownUsages,
} from './index.ts';

const NOW = Date.UTC(2026, 5, 1);

describe('an authority', () => {
  it('makes a certificate that OpenSSL takes for an authority and that it loads again', () => {
    const ca = createCertificateAuthority('sampan-ca', { now: NOW });
    const x509 = new X509Certificate(ca.certificatePem);
    expect(x509.ca).toBe(true);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(new Date(x509.validTo).getTime()).toBe(ca.notAfter);
    const again = loadCertificateAuthority(ca.certificatePem, ca.privateKeyPem);
    expect(again.subjectDer).toEqual(ca.subjectDer);
    expect(again.keyId).toEqual(ca.keyId);
    const other = generateKeys();
    expect(() => loadCertificateAuthority(ca.certificatePem, other.privateKeyPem)).toThrow('does not belong');
  });

  it('issues certificates with subject, names and usages that read back', () => {
    const ca = createCertificateAuthority('ca');
    const issued = issueCertificate(ca, {
      subject: { commonName: 'jane ü', organizations: ['system:masters', 'dev,ops'] },
      dnsNames: ['localhost', '*.svc.cluster.local'],
      ipAddresses: ['127.0.0.1', '::1', 'fd00::1:2', '::ffff:10.0.0.1'],
      usages: ['digital signature', 'key encipherment', 'server auth', 'client auth'],
      seconds: 3600,
    });
    const x509 = new X509Certificate(issued.certificatePem);
    expect(x509.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
    expect(x509.checkIssued(new X509Certificate(ca.certificatePem))).toBe(true);
    expect(x509.checkHost('a.svc.cluster.local')).toBeDefined();
    expect(x509.checkIP('127.0.0.1')).toBeDefined();
    expect(x509.checkIP('fd00::1:2')).toBeDefined();
    expect(x509.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    const parsed = parseCertificate(issued.certificatePem);
    expect(parsed.subject).toEqual({ commonName: 'jane ü', organizations: ['system:masters', 'dev,ops'] });
    expect(parsed.issuer.commonName).toBe('ca');
    expect(parsed.extendedUsages).toEqual(['server auth', 'client auth']);
    expect(parsed.ipAddresses).toEqual([
      '127.0.0.1',
      '0:0:0:0:0:0:0:1',
      'fd00:0:0:0:0:0:1:2',
      '0:0:0:0:0:ffff:a00:1',
    ]);
    expect(parsed.notAfter).toBe(issued.notAfter);
    expect(certificateFingerprint(issued.certificatePem)).toBe(
      x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    );
  });

  it('never signs beyond its own end', () => {
    const ca = createCertificateAuthority('ca', { now: NOW, seconds: 100 });
    const issued = issueCertificate(ca, {
      subject: { commonName: 'a', organizations: [] },
      usages: [],
      now: NOW,
      seconds: 1e6,
    });
    expect(issued.notAfter).toBe(NOW + 100_000);
  });

  it('writes years from 2050 on as GeneralizedTime', () => {
    const ca = createCertificateAuthority('ca', { now: NOW, seconds: 40 * 365 * 86400 });
    expect(parseCertificate(ca.certificatePem).notAfter).toBe(ca.notAfter);
    expect(new Date(new X509Certificate(ca.certificatePem).validTo).getTime()).toBe(ca.notAfter);
  });

  it('serves mutual TLS and is told apart from another authority', async () => {
    const ca = createCertificateAuthority('ca');
    const other = createCertificateAuthority('ca');
    const server = issueCertificate(ca, {
      subject: { commonName: 's', organizations: [] },
      dnsNames: ['localhost'],
      usages: ['server auth'],
    });
    const client = (from: typeof ca, usages: string[]) =>
      issueCertificate(from, { subject: { commonName: 'c', organizations: ['g'] }, usages });
    const tls = createServer({
      key: server.privateKeyPem ?? '',
      cert: server.certificatePem,
      ca: ca.certificatePem,
      requestCert: true,
      rejectUnauthorized: false,
    });
    const port = await new Promise<number>((done) =>
      tls.listen(0, '127.0.0.1', () => done((tls.address() as { port: number }).port)),
    );
    const authorized = async (from: typeof ca, usages: string[]): Promise<boolean> => {
      const issued = client(from, usages);
      const seen = new Promise<boolean>((done) =>
        tls.once('secureConnection', (s: TLSSocket) => done(s.authorized)),
      );
      const socket = connect({
        port,
        host: '127.0.0.1',
        servername: 'localhost',
        ca: ca.certificatePem,
        key: issued.privateKeyPem ?? '',
        cert: issued.certificatePem,
      });
      const result = await seen;
      socket.destroy();
      return result;
    };
    expect(await authorized(ca, ['client auth'])).toBe(true);
    expect(await authorized(other, ['client auth'])).toBe(false);
    expect(await authorized(ca, ['server auth'])).toBe(false);
    tls.close();
  });
});

describe('a certificate request', () => {
  it('is parsed, checked and signed', () => {
    const ca = createCertificateAuthority('ca');
    const keys = generateKeys();
    const pem = createCertificateRequest(
      keys.privateKey,
      { commonName: 'system:node:n1', organizations: ['system:nodes'] },
      { dnsNames: ['n1'], ipAddresses: ['10.0.0.1'] },
    );
    const request = parseCertificateRequest(`noise\n${pem}`);
    expect(request).toMatchObject({
      subject: { commonName: 'system:node:n1', organizations: ['system:nodes'] },
      dnsNames: ['n1'],
      ipAddresses: ['10.0.0.1'],
      emailAddresses: [],
      uris: [],
      signatureValid: true,
    });
    const signed = signRequest(ca, request, { usages: ['digital signature', 'server auth'], seconds: 3600 });
    const x509 = new X509Certificate(signed);
    expect(x509.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
    expect(x509.ca).toBe(false);
    expect(x509.checkPrivateKey(keys.privateKey)).toBe(true);
    expect(parseCertificate(signed).dnsNames).toEqual(['n1']);
  });

  it('made by OpenSSL with an RSA key and names is read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pki-'));
    try {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
      const pem = execFileSync(
        'openssl',
        [
          'req',
          '-new',
          '-key',
          join(folder, 'key.pem'),
          '-subj',
          '/O=dev/O=ops/OU=x/CN=jane',
          '-addext',
          'subjectAltName=DNS:a.b,IP:1.2.3.4,email:a@b.c,URI:spiffe://x',
        ],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      expect(parseCertificateRequest(pem)).toMatchObject({
        subject: { commonName: 'jane', organizations: ['dev', 'ops'] },
        signatureValid: true,
        dnsNames: ['a.b'],
        ipAddresses: ['1.2.3.4'],
        emailAddresses: ['a@b.c'],
        uris: ['spiffe://x'],
      });
      const ca = createCertificateAuthority('ca');
      expect(
        new X509Certificate(
          signRequest(ca, parseCertificateRequest(pem), { usages: ['client auth'], seconds: 60 }),
        ).subject,
      ).toContain('OU=x');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('with a foreign signature is not signed', () => {
    const pem = createCertificateRequest(generateKeys().privateKey, { commonName: 'a', organizations: [] });
    const der = decodePem('CERTIFICATE REQUEST', pem) ?? Buffer.alloc(0);
    const at = der.indexOf(Buffer.from('a'), der.indexOf(Buffer.from([0x55, 4, 3])));
    der[at] = 0x62;
    const forged = parseCertificateRequest(encodePem('CERTIFICATE REQUEST', der));
    expect(forged).toMatchObject({ subject: { commonName: 'b' }, signatureValid: false });
    expect(() => signRequest(createCertificateAuthority('ca'), forged, { usages: [], seconds: 60 })).toThrow(
      'unable to verify',
    );
  });

  it('that is garbage throws and never hangs', () => {
    expect(() => parseCertificateRequest('x')).toThrow('PEM block type must be CERTIFICATE REQUEST');
    const good =
      decodePem(
        'CERTIFICATE REQUEST',
        createCertificateRequest(
          generateKeys().privateKey,
          { commonName: 'a', organizations: ['b'] },
          { dnsNames: ['c'] },
        ),
      ) ?? Buffer.alloc(0);
    for (let i = 0; i < good.length; i++) {
      const broken = Buffer.from(good);
      broken[i] = (broken[i] ?? 0) ^ 0xff;
      try {
        expect(parseCertificateRequest(encodePem('CERTIFICATE REQUEST', broken)).signatureValid).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
      expect(() => parseCertificateRequest(encodePem('CERTIFICATE REQUEST', good.subarray(0, i)))).toThrow();
    }
  });

  it('names usages that do not exist', () => {
    expect(unknownUsages(['client auth', 'fly', 'constructor'])).toEqual(['fly', 'constructor']);
  });
});
