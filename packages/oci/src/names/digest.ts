import { createHash, type Hash } from 'node:crypto';

/** Image specification, "Digests": name to length in hexadecimal digits. */
const HEX_LENGTHS = { sha256: 64, sha512: 128 } as const;
type Algorithm = keyof typeof HEX_LENGTHS;

/** `ALGORITHM:HEX`, lower case, of the right length, and so safe in paths. */
export function isDigest(text: string): boolean {
  const [algorithm = '', hex = '', ...more] = text.split(':');
  return (
    more.length === 0 &&
    Object.hasOwn(HEX_LENGTHS, algorithm) &&
    hex.length === HEX_LENGTHS[algorithm as Algorithm] &&
    /^[0-9a-f]+$/.test(hex)
  );
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Of the algorithm of a digest that was checked. */
export const hashFor = (digest: string): Hash => createHash(digest.slice(0, digest.indexOf(':')));

/** `ALGORITHM/HEX`, as layouts name files. */
export const digestPath = (digest: string): string => digest.replace(':', '/');
