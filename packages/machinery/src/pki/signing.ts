import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { oid, sequence } from './der.ts';

/** Signature algorithms by object identifier: the digest, undefined where the scheme has its own. */
const ALGORITHMS: Readonly<Record<string, { type: string; digest: string | undefined }>> = {
  '1.2.840.10045.4.3.2': { type: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { type: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { type: 'ec', digest: 'sha512' },
  '1.2.840.113549.1.1.11': { type: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { type: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { type: 'rsa', digest: 'sha512' },
  '1.3.101.112': { type: 'ed25519', digest: undefined },
};

/** Larger RSA keys make every check slow: a caller must not decide how slow. */
const LARGEST_RSA_BITS = 8192;

/** The AlgorithmIdentifier that `signDer` uses: ECDSA with SHA-256. */
export const SIGNATURE_ALGORITHM = sequence(oid('1.2.840.10045.4.3.2'));

/** Signs with a P-256 key; the signature is in DER form. */
export function signDer(bytes: Uint8Array, key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ec') throw new Error('only P-256 keys sign certificates here');
  return sign('sha256', bytes, key);
}

/** False for unknown algorithms and unreadable keys too. */
export function verifyDer(
  algorithm: string,
  bytes: Uint8Array,
  publicKeyDer: Uint8Array,
  signature: Uint8Array,
): boolean {
  const known = Object.hasOwn(ALGORITHMS, algorithm) ? ALGORITHMS[algorithm] : undefined;
  if (!known) return false;
  try {
    const key = readPublicKey(publicKeyDer);
    return key.asymmetricKeyType === known.type && verify(known.digest, bytes, key, signature);
  } catch {
    // OpenSSL throws on keys and signatures it cannot read: they prove nothing
    return false;
  }
}

/** A SubjectPublicKeyInfo; throws when it is unreadable or an RSA key beyond 8192 bits. */
export function readPublicKey(der: Uint8Array): KeyObject {
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > LARGEST_RSA_BITS)
    throw new Error('the RSA key is too large');
  return key;
}
