import { createHash, type Hash } from 'node:crypto';
import { InvalidDigestError } from './errors.ts';

/** The algorithms of the OCI image specification, "Digests": name to length in hexadecimal digits. */
const HEX_LENGTHS = { sha256: 64, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof HEX_LENGTHS;

/** `ALGORITHM:HEX`, lower case, of the right length: only `parseDigest` and `digestOf` make one. */
export type Digest = string & { readonly kind: unique symbol };

/** The digest that a text says. Throws `InvalidDigestError` for everything else, so that it is safe in paths. */
export function parseDigest(text: string): Digest {
  const colon = Math.max(text.indexOf(':'), 0);
  const algorithm = text.slice(0, colon);
  if (!isDigestAlgorithm(algorithm)) throw new InvalidDigestError(text);
  const hex = text.slice(colon + 1);
  if (hex.length !== HEX_LENGTHS[algorithm] || !/^[0-9a-f]+$/.test(hex)) throw new InvalidDigestError(text);
  return text as Digest;
}

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(HEX_LENGTHS, text);
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha256:') ? 'sha256' : 'sha512';
}

export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The digest of bytes that are in memory; default `sha256`. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return finishDigest(createHash(algorithm).update(bytes), algorithm);
}

/** Ends a hash; it cannot be used again. */
export function finishDigest(hash: Hash, algorithm: DigestAlgorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}
