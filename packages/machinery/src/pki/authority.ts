import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { type AlternativeNames, encodeAlternativeNames } from './alternative-names.ts';
import { BACKDATE_MS, parseCertificate } from './certificate.ts';
import { bitString, contextTag, encode, integer, octetString, sequence, time } from './der.ts';
import { EXTENSION, encodeAuthorityKeyId, encodeBasicConstraints, encodeExtension } from './extensions.ts';
import { encodePem } from './pem.ts';
import { SIGNATURE_ALGORITHM, signDer } from './signing.ts';
import { encodeSubject, type Subject } from './subject.ts';
import { encodeExtendedKeyUsage, encodeKeyUsage, type KeyUsage } from './usages.ts';

/** A certificate and the P-256 key that signs with it. */
export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly key: KeyObject;
  readonly subjectDer: Buffer;
  readonly keyId: Buffer;
  /** Milliseconds since the epoch: nothing it signs lives longer. */
  readonly notAfter: number;
}

export interface KeyPair {
  /** PKCS#8 PEM; write it with mode 0600. */
  readonly privateKeyPem: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const DAY_SECONDS = 24 * 3600;
/** Certificates are valid a little into the past, for machines whose clocks are late. */

/** A P-256 key pair: about 0.1 ms. */
export function generateKeys(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey,
    publicKey,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A self-signed authority. `seconds` of validity: ten years by default; `now` in milliseconds. */
export function createCertificateAuthority(
  commonName: string,
  options: { seconds?: number; now?: number } = {},
): CertificateAuthority & { readonly privateKeyPem: string } {
  const now = options.now ?? Date.now();
  const keys = generateKeys();
  const publicKeyDer = spki(keys.publicKey);
  const subjectDer = encodeSubject({ commonName, organizations: [] });
  const keyId = keyIdOf(publicKeyDer);
  const notAfter = wholeSeconds(now + (options.seconds ?? 3650 * DAY_SECONDS) * 1000);
  const der = signCertificate(
    { key: keys.privateKey, subjectDer, keyId },
    {
      subjectDer,
      publicKeyDer,
      notBefore: now - BACKDATE_MS,
      notAfter,
      usages: ['digital signature', 'key encipherment', 'cert sign'],
      isAuthority: true,
    },
  );
  return {
    certificatePem: encodePem('CERTIFICATE', der),
    key: keys.privateKey,
    privateKeyPem: keys.privateKeyPem,
    subjectDer,
    keyId,
    notAfter,
  };
}

/** Reads an authority from its files. Throws when the key is not the certificate's. */
export function loadCertificateAuthority(
  certificatePem: string,
  privateKeyPem: string,
): CertificateAuthority {
  const certificate = parseCertificate(certificatePem);
  const key = createPrivateKey(privateKeyPem);
  if (!new X509Certificate(certificate.der).checkPrivateKey(key)) {
    throw new Error('the private key does not belong to the certificate of the authority');
  }
  const keyId = certificate.subjectKeyId ?? keyIdOf(certificate.publicKeyDer);
  return {
    certificatePem,
    key,
    // a part of a pool's buffer would hold all of it, for as long as the authority lives
    subjectDer: unpooled(certificate.subjectDer),
    keyId: unpooled(keyId),
    notAfter: certificate.notAfter,
  };
}

function unpooled(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

export interface IssueOptions extends Partial<AlternativeNames> {
  readonly subject: Subject;
  readonly usages: readonly KeyUsage[];
  /** Validity in seconds from now; default one year. Never beyond the authority's own end. */
  readonly seconds?: number;
  /** Milliseconds since the epoch. */
  readonly now?: number;
  /** The holder's key; absent: a key pair is made and returned. */
  readonly publicKey?: KeyObject;
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** PKCS#8 PEM, when the key pair was made here. */
  readonly privateKeyPem: string | undefined;
  readonly notAfter: number;
}

export function issueCertificate(authority: CertificateAuthority, options: IssueOptions): IssuedCertificate {
  const keys = options.publicKey ? undefined : generateKeys();
  const holder = options.publicKey ?? keys?.publicKey;
  if (!holder) throw new Error('a certificate needs a public key');
  const now = options.now ?? Date.now();
  const notAfter = Math.min(
    authority.notAfter,
    wholeSeconds(now + (options.seconds ?? 365 * DAY_SECONDS) * 1000),
  );
  const der = signCertificate(authority, {
    subjectDer: encodeSubject(options.subject),
    publicKeyDer: spki(holder),
    notBefore: now - BACKDATE_MS,
    notAfter,
    usages: options.usages,
    alternativeNames: options,
    isAuthority: false,
  });
  return { certificatePem: encodePem('CERTIFICATE', der), privateKeyPem: keys?.privateKeyPem, notAfter };
}

export interface CertificateContent {
  readonly subjectDer: Uint8Array;
  readonly publicKeyDer: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly usages: readonly KeyUsage[];
  readonly alternativeNames?: Partial<AlternativeNames>;
  readonly isAuthority: boolean;
}

/** DER of a signed v3 certificate (RFC 5280 section 4.1). */
export function signCertificate(
  authority: Pick<CertificateAuthority, 'key' | 'subjectDer' | 'keyId'>,
  content: CertificateContent,
): Buffer {
  const serial = randomBytes(16);
  // positive and never zero
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    encode(contextTag(0), integer(Buffer.from([2]))),
    integer(serial),
    SIGNATURE_ALGORITHM,
    authority.subjectDer,
    sequence(time(content.notBefore), time(content.notAfter)),
    content.subjectDer,
    content.publicKeyDer,
    encode(contextTag(3), sequence(...extensions(authority.keyId, content))),
  );
  return sequence(body, SIGNATURE_ALGORITHM, bitString(signDer(body, authority.key)));
}

function extensions(authorityKeyId: Uint8Array, content: CertificateContent): Buffer[] {
  const keyUsage = encodeKeyUsage(content.usages);
  const extended = encodeExtendedKeyUsage(content.usages);
  const names = content.alternativeNames && encodeAlternativeNames(content.alternativeNames);
  return [
    ...(keyUsage ? [encodeExtension(EXTENSION.keyUsage, true, keyUsage)] : []),
    ...(extended ? [encodeExtension(EXTENSION.extendedKeyUsage, false, extended)] : []),
    encodeExtension(EXTENSION.basicConstraints, true, encodeBasicConstraints(content.isAuthority)),
    ...(content.isAuthority
      ? [encodeExtension(EXTENSION.subjectKeyId, false, octetString(keyIdOf(content.publicKeyDer)))]
      : [encodeExtension(EXTENSION.authorityKeyId, false, encodeAuthorityKeyId(authorityKeyId))]),
    ...(names ? [encodeExtension(EXTENSION.subjectAltName, false, names)] : []),
  ];
}

/** SHA-1 of the SubjectPublicKeyInfo: only a name for the key, not a proof. */
function keyIdOf(publicKeyDer: Uint8Array): Buffer {
  return createHash('sha1').update(publicKeyDer).digest();
}

function spki(key: KeyObject): Buffer {
  const publicKey =
    key.type === 'private' ? createPublicKey(key.export({ type: 'pkcs8', format: 'pem' })) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
