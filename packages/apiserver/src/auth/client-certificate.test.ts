import { connect, createServer, type TLSSocket } from 'node:tls';
import { type CertificateAuthority, createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readClientCertificate } from './client-certificate.ts';
import type { ClientCertificate } from './contract.ts';

const ca = createCertificateAuthority('ca');
const foreign = createCertificateAuthority('ca');
const serving = issueCertificate(ca, {
  subject: { commonName: 's', organizations: [] },
  dnsNames: ['localhost'],
  usages: ['server auth'],
});
const server = createServer({
  key: serving.privateKeyPem ?? '',
  cert: serving.certificatePem,
  ca: ca.certificatePem,
  requestCert: true,
  rejectUnauthorized: false,
});
let port = 0;

beforeAll(
  () =>
    new Promise<void>((done) =>
      server.listen(0, '127.0.0.1', () => {
        port = (server.address() as { port: number }).port;
        done();
      }),
    ),
);
afterAll(() => server.close());

/** What the server reads of a connection, now and once more at `later`. */
async function read(
  authority: CertificateAuthority | undefined,
  later = Date.now(),
  seconds = 3600,
): Promise<ClientCertificate | undefined> {
  const issued =
    authority &&
    issueCertificate(authority, {
      subject: { commonName: 'jane\nO=system:masters', organizations: ['dev', 'a,O=b'], uid: '7' },
      usages: ['client auth'],
      seconds,
    });
  const accepted = new Promise<TLSSocket>((done) => server.once('secureConnection', done));
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: ca.certificatePem,
    ...(issued ? { key: issued.privateKeyPem ?? '', cert: issued.certificatePem } : {}),
  });
  const socket = await accepted;
  try {
    const first = readClientCertificate(socket, Date.now());
    const again = readClientCertificate(socket, later);
    expect(again).toBe(first);
    return again;
  } finally {
    client.destroy();
  }
}

describe('a client certificate', () => {
  it('is read with names that cannot pretend to be others', async () => {
    expect(await read(ca)).toEqual({
      commonName: 'jane\nO=system:masters',
      organizations: ['dev', 'a,O=b'],
      uid: '7',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      issuedAt: expect.any(Number),
    });
  });

  it('may be absent', async () => {
    expect(await read(undefined)).toBeUndefined();
  });

  it('of another authority is unauthorized, and so is one that has expired meanwhile', async () => {
    await expect(read(foreign)).rejects.toMatchObject({ code: 401 });
    await expect(read(ca, Date.now() + 3_601_000)).rejects.toMatchObject({ code: 401 });
    await expect(read(ca, Date.now(), -10)).rejects.toMatchObject({ code: 401 });
  });
});
