import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SCHEME = 'sha256';
/** Far beyond guessing: so one pass of a fast hash is enough. */
const SECRET_BYTES = 40;
const SALT_BYTES = 16;

export const newRobotSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** `sha256$SALT$HASH` in base64url, HASH being SHA-256 of the salt's bytes and then the secret: `spec.secretHash`. */
export function hashRobotSecret(secret: string): string {
  const salt = randomBytes(SALT_BYTES);
  return [SCHEME, salt.toString('base64url'), digest(salt, secret).toString('base64url')].join('$');
}

export function isRobotSecret(hash: string, secret: string): boolean {
  const [scheme, salt = '', expected = ''] = hash.split('$');
  const found = digest(Buffer.from(salt, 'base64url'), secret);
  const wanted = Buffer.from(expected, 'base64url');
  return scheme === SCHEME && wanted.length === found.length && timingSafeEqual(wanted, found);
}

const digest = (salt: Buffer, secret: string): Buffer =>
  createHash('sha256').update(salt).update(secret).digest();
