import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** OWASP's least for scrypt with 16 MiB: N = 2^14 and five passes. */
const COST = { N: 16_384, r: 8, p: 5 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** More is no password and would only cost time. */
const MAX_PASSWORD_LENGTH = 1024;

/** `SALT:HASH` in base64url, to keep instead of the password (RFC 7914). */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt);
  return `${salt.toString('base64url')}:${key.toString('base64url')}`;
}

/** Whether the hash is of this password. Takes the same time without a hash. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  if (password.length > MAX_PASSWORD_LENGTH) return false;
  const [salt, key] = (hash ?? '').split(':', 2).map((part) => Buffer.from(part, 'base64url'));
  const derived = await derive(password, salt ?? randomBytes(SALT_BYTES));
  return key !== undefined && key.length === derived.length && timingSafeEqual(key, derived);
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, COST, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
