import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import {
  type AlternativeNames,
  encodeAlternativeNames,
  NO_NAMES,
  readAlternativeNames,
} from './alternative-names.ts';
import { type CertificateAuthority, signCertificate } from './authority.ts';
import { BACKDATE_MS, extensionsOf } from './certificate.ts';
import {
  bitString,
  contextTag,
  DerReader,
  encode,
  integer,
  oid,
  readOid,
  sequence,
  set,
  TAG,
} from './der.ts';
import { EXTENSION, encodeExtension } from './extensions.ts';
import { decodePem, encodePem } from './pem.ts';
import { readPublicKey, SIGNATURE_ALGORITHM, signDer, verifyDer } from './signing.ts';
import { encodeSubject, readSubject, type Subject } from './subject.ts';
import type { KeyUsage } from './usages.ts';

/** A parsed PKCS#10 request (RFC 2986). */
export interface CertificateRequest extends AlternativeNames {
  readonly subject: Subject;
  readonly subjectDer: Buffer;
  readonly publicKeyDer: Buffer;
  /** Whether the requester proved to hold the private key. */
  readonly signatureValid: boolean;
}

/** A request has a name, a key and some names: no honest one is larger. */
const LARGEST_REQUEST_BYTES = 64 * 1024;

/**
 * Parses the first `CERTIFICATE REQUEST` block of a PEM text. Throws an Error with a text for the user:
 * `PEM block type must be CERTIFICATE REQUEST`, or what is malformed.
 */
export function parseCertificateRequest(pem: string): CertificateRequest {
  if (pem.length > 2 * LARGEST_REQUEST_BYTES) throw new Error('the certificate request is too large');
  const der = decodePem('CERTIFICATE REQUEST', pem);
  if (!der) throw new Error('PEM block type must be CERTIFICATE REQUEST');
  const outer = new DerReader(der);
  const request = outer.into(TAG.sequence);
  outer.end();
  const info = request.next(TAG.sequence);
  const algorithm = readOid(request.into(TAG.sequence).next(TAG.oid));
  const signature = request.next(TAG.bitString).content.subarray(1);
  request.end();
  const body = new DerReader(info.content);
  body.next(TAG.integer);
  const subject = body.next(TAG.sequence);
  const publicKey = body.next(TAG.sequence);
  return {
    subject: readSubject(new DerReader(subject.content)),
    subjectDer: subject.raw,
    publicKeyDer: publicKey.raw,
    signatureValid: verifyDer(algorithm, info.raw, publicKey.raw, signature),
    ...requestedNames(body),
  };
}

function requestedNames(body: DerReader): AlternativeNames {
  if (body.done) return NO_NAMES;
  const attributes = body.into(contextTag(0));
  let names = NO_NAMES;
  while (!attributes.done) {
    const attribute = attributes.into(TAG.sequence);
    if (readOid(attribute.next(TAG.oid)) !== EXTENSION.extensionRequest) continue;
    const values = attribute.into(TAG.set);
    for (const { id, content } of extensionsOf(values.into(TAG.sequence))) {
      if (id === EXTENSION.subjectAltName) names = readAlternativeNames(content);
    }
  }
  return names;
}

export interface SignRequestOptions {
  readonly usages: readonly KeyUsage[];
  /** Validity in seconds from now. */
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

/**
 * A PEM certificate for a request, with its subject, key and names and the usages given; never for an authority.
 * Throws when the request's signature is not of its own key.
 */
export function signRequest(
  authority: CertificateAuthority,
  request: CertificateRequest,
  options: SignRequestOptions,
): string {
  if (!request.signatureValid) throw new Error('unable to verify certificate request signature');
  readPublicKey(request.publicKeyDer);
  const now = options.now ?? Date.now();
  const notAfter = Math.min(authority.notAfter, Math.floor(now / 1000 + options.seconds) * 1000);
  if (notAfter <= now) throw new Error('the certificate of the authority has expired');
  const der = signCertificate(authority, {
    subjectDer: request.subjectDer,
    publicKeyDer: request.publicKeyDer,
    notBefore: now - BACKDATE_MS,
    notAfter,
    usages: options.usages,
    alternativeNames: request,
    isAuthority: false,
  });
  return encodePem('CERTIFICATE', der);
}

/** A PEM request for a P-256 private key: what a node or a person sends. */
export function createCertificateRequest(
  privateKey: KeyObject,
  subject: Subject,
  names: Partial<AlternativeNames> = {},
): string {
  const encodedNames = encodeAlternativeNames(names);
  const wanted = encodedNames
    ? [
        sequence(
          oid(EXTENSION.extensionRequest),
          set(sequence(encodeExtension(EXTENSION.subjectAltName, false, encodedNames))),
        ),
      ]
    : [];
  const info = sequence(
    integer(Buffer.from([0])),
    encodeSubject(subject),
    createPublicKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
      type: 'spki',
      format: 'der',
    }),
    encode(contextTag(0), ...wanted),
  );
  return encodePem(
    'CERTIFICATE REQUEST',
    sequence(info, SIGNATURE_ALGORITHM, bitString(signDer(info, privateKey))),
  );
}
