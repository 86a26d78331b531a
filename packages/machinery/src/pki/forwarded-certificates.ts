import { X509Certificate } from 'node:crypto';
import { errors } from '@sampan/api';
import { certificateFingerprint, parseCertificate } from './certificate.ts';
import type { Subject } from './subject.ts';

interface Known {
  readonly certificate: ForwardedCertificate;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

export interface ForwardedCertificate extends Subject {
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
}

/** Certificates that were found good are remembered, so many. */
const MOST_KNOWN = 256;
const CLIENT_AUTH = 'client auth';
const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Judges client certificates that came in a header, as TLS would: signed by the cluster's authority, for clients, now. */
export class ForwardedCertificates {
  readonly #authorities: readonly X509Certificate[];
  readonly #known = new Map<string, Known>();

  /** `clientCa`: PEM; there may be several. */
  constructor(clientCa: string) {
    this.#authorities = (clientCa.match(PEM_BLOCK) ?? []).map((pem) => new X509Certificate(pem));
  }

  /** undefined: none was sent. Throws Unauthorized. `now` in milliseconds. */
  read(header: string, now: number): ForwardedCertificate | undefined {
    if (header === '') return undefined;
    const known = this.#known.get(header) ?? this.#judge(header, now);
    if (now > known.notAfter) throw errors.unauthorized();
    return known.certificate;
  }

  #judge(header: string, now: number): Known {
    const der = Buffer.from(header, 'base64');
    if (!this.#isOurs(der)) throw errors.unauthorized();
    const { subject, notBefore, notAfter, issuedAt, extendedUsages } = parseCertificate(der);
    const isForClients = extendedUsages.length === 0 || extendedUsages.includes(CLIENT_AUTH);
    if (!isForClients || now < notBefore) throw errors.unauthorized();
    const known = {
      certificate: { ...subject, issuedAt, fingerprint: certificateFingerprint(der) },
      notAfter,
    };
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(header, known);
    return known;
  }

  #isOurs(der: Buffer): boolean {
    try {
      const certificate = new X509Certificate(der);
      return this.#authorities.some(
        (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
      );
    } catch {
      // no certificate at all
      return false;
    }
  }
}
