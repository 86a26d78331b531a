import type { TLSSocket } from 'node:tls';
import { errors } from '@sampan/api';
import { certificateFingerprint, parseCertificate } from '@sampan/machinery';
import type { ClientCertificate, UserInfo } from './contract.ts';
import { EXTRA } from './users.ts';

interface Known {
  readonly certificate: ClientCertificate;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

const known = new WeakMap<object, Known | 'none'>();

/**
 * The client certificate of a TLS connection, read once per connection; undefined when none was sent. Throws
 * Unauthorized when the cluster's authority did not sign it or it has expired, also on a connection that outlived
 * it. `now` in milliseconds.
 */
export function readClientCertificate(socket: TLSSocket, now: number): ClientCertificate | undefined {
  let entry = known.get(socket);
  if (!entry) {
    const der = socket.getPeerX509Certificate()?.raw;
    if (!der) {
      // one cannot come later: renegotiation and TLS 1.3's authentication after the handshake are never asked for
      known.set(socket, 'none');
      return undefined;
    }
    if (!socket.authorized) throw errors.unauthorized();
    const { subject, notAfter, issuedAt } = parseCertificate(der);
    entry = { certificate: { ...subject, issuedAt, fingerprint: certificateFingerprint(der) }, notAfter };
    known.set(socket, entry);
  }
  if (entry === 'none') return undefined;
  if (now > entry.notAfter) throw errors.unauthorized();
  return entry.certificate;
}

/** Common name and organizations are the user and the groups; undefined without a common name. */
export function userOfCertificate(certificate: ClientCertificate): UserInfo | undefined {
  if (certificate.commonName === '') return undefined;
  return {
    name: certificate.commonName,
    groups: certificate.organizations,
    ...(certificate.uid ? { uid: certificate.uid } : {}),
    extra: { [EXTRA.credentialId]: [`X509SHA256=${certificate.fingerprint}`] },
  };
}
