import { createHash } from 'node:crypto';
import { type AlternativeNames, NO_NAMES, readAlternativeNames } from './alternative-names.ts';
import { contextTag, DerError, DerReader, readOid, readTime, TAG } from './der.ts';
import { EXTENSION } from './extensions.ts';
import { decodePem } from './pem.ts';
import { readSubject, type Subject } from './subject.ts';
import { readExtendedKeyUsage } from './usages.ts';

/** What is read of an X.509 certificate; its signature is not checked here (TLS and `isSignedBy` do that). */
export interface Certificate extends AlternativeNames {
  readonly subject: Subject;
  readonly issuer: Subject;
  readonly subjectDer: Buffer;
  /** Lower-case hex. */
  readonly serialNumber: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** When it was made, if by this project: such begin to hold a little before, for clocks that are behind. */
  readonly issuedAt: number;
  readonly publicKeyDer: Buffer;
  readonly subjectKeyId: Buffer | undefined;
  readonly extendedUsages: readonly string[];
  readonly der: Buffer;
}

/** Certificates hold from so long before they are made. */
export const BACKDATE_MS = 5 * 60_000;

/** Throws DerError when the bytes or the PEM text are no certificate. */
export function parseCertificate(source: Uint8Array | string): Certificate {
  const der = typeof source === 'string' ? decodePem('CERTIFICATE', source) : Buffer.from(source);
  if (!der) throw new DerError('no PEM block CERTIFICATE');
  const outer = new DerReader(der);
  const body = outer.into(TAG.sequence).into(TAG.sequence);
  outer.end();
  if (body.peek() === contextTag(0)) body.next();
  const serialNumber = body
    .next(TAG.integer)
    .content.toString('hex')
    .replace(/^(00)+(?=..)/, '');
  body.next(TAG.sequence);
  const issuer = readSubject(body.into(TAG.sequence));
  const validity = body.into(TAG.sequence);
  const notBefore = readTime(validity.next());
  const notAfter = readTime(validity.next());
  const subjectValue = body.next(TAG.sequence);
  const publicKey = body.next(TAG.sequence);
  return {
    subject: readSubject(new DerReader(subjectValue.content)),
    issuer,
    subjectDer: subjectValue.raw,
    serialNumber,
    notBefore,
    notAfter,
    issuedAt: notBefore + BACKDATE_MS,
    publicKeyDer: publicKey.raw,
    ...readExtensions(body),
    der,
  };
}

function readExtensions(body: DerReader) {
  let names: AlternativeNames = NO_NAMES;
  let subjectKeyId: Buffer | undefined;
  let extendedUsages: readonly string[] = [];
  while (!body.done) {
    const value = body.next();
    if (value.tag !== contextTag(3)) continue;
    for (const { id, content } of extensionsOf(new DerReader(value.content).into(TAG.sequence))) {
      if (id === EXTENSION.subjectAltName) names = readAlternativeNames(content);
      else if (id === EXTENSION.subjectKeyId)
        subjectKeyId = new DerReader(content).next(TAG.octetString).content;
      else if (id === EXTENSION.extendedKeyUsage) extendedUsages = readExtendedKeyUsage(content);
    }
  }
  return { ...names, subjectKeyId, extendedUsages };
}

/** The members of an Extensions sequence. */
export function* extensionsOf(reader: DerReader): Generator<{ id: string; content: Buffer }> {
  while (!reader.done) {
    const extension = reader.into(TAG.sequence);
    const id = readOid(extension.next(TAG.oid));
    if (extension.peek() === TAG.boolean) extension.next();
    yield { id, content: extension.next(TAG.octetString).content };
  }
}

/** SHA-256 of a certificate's DER, lower-case hex. */
export function certificateFingerprint(source: Uint8Array | string): string {
  const der = typeof source === 'string' ? decodePem('CERTIFICATE', source) : source;
  if (!der) throw new DerError('no PEM block CERTIFICATE');
  return createHash('sha256').update(der).digest('hex');
}
