import { type Digest, InvalidDigestError, parseDigest } from '@sampan/blobs';
import { RegistryError } from '../errors/registry-error.ts';

/** The digest that a text is; undefined: it is none. */
export function digestIn(text: string): Digest | undefined {
  // tags and names of uploads have none, and an error made for each of them is dear
  if (!text.includes(':')) return undefined;
  try {
    return parseDigest(text);
  } catch (thrown) {
    if (thrown instanceof InvalidDigestError) return undefined;
    throw thrown;
  }
}

/** @throws RegistryError DIGEST_INVALID */
export function checkDigest(text: string | null | undefined): Digest {
  const digest = digestIn(text ?? '');
  if (!digest) throw new RegistryError('DIGEST_INVALID', 'not a sha256 or sha512 digest');
  return digest;
}
