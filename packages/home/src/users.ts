import { randomBytes, type ScryptOptions, scrypt, scryptSync, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';
import { addRevocations, certificateFingerprint, issueCertificate, type Revocation } from '@sampan/machinery';
import { changing } from './change-lock.ts';
import type { HomeLayout } from './layout.ts';
import { type CertificatePair, readAuthority } from './pki-files.ts';
import { isMissing } from './settings.ts';
import { writeFileSafely } from './write-file.ts';

/** A person who may use the cluster by certificate and the registry by password. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  readonly certificateExpires: string;
  /** SHA-256 of the certificate, hex. */
  readonly certificateFingerprint: string;
  /** `scrypt$LOG2N$R$P$SALT$HASH`, base64url; the password itself is kept nowhere. */
  readonly password: string;
}

export interface NewUser {
  readonly user: User;
  readonly certificate: CertificatePair;
  /** Shown once. */
  readonly password: string;
}

/** OWASP's parameters for scrypt: 32 MiB and about 50 ms a check. */
const SCRYPT = { log2n: 15, r: 8, p: 1 };
const SCRYPT_MEMORY = 64 << 20;
const KEY_BYTES = 32;
/** More is no password and would only cost time. */
const LONGEST_PASSWORD = 1024;
/** What the password of a user who does not exist is compared with. */
const NOBODY = `scrypt$${SCRYPT.log2n}$${SCRYPT.r}$${SCRYPT.p}$$`;
/** Without letters that look alike. 24 of 32 letters: 120 bits. */
const PASSWORD_LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const PASSWORD_LENGTH = 24;

const NAME = /^[a-z0-9]([a-z0-9._@-]{0,62}[a-z0-9])?$/;
const GROUP = /^[A-Za-z0-9]([A-Za-z0-9._:@-]{0,62}[A-Za-z0-9])?$/;

interface UsersFile {
  readonly users: readonly User[];
  /** Certificates of the home's authority that are believed no more. */
  readonly revoked?: readonly Revocation[];
}

/** All users by name. Throws `users-invalid`. */
export const readUsers = (home: HomeLayout): User[] => [...readFile(home).users];

/** Which certificates of the home's authority are believed no more. Throws `users-invalid`. */
export const readRevoked = (home: HomeLayout): readonly Revocation[] => readFile(home).revoked ?? [];

function readFile(home: HomeLayout): UsersFile {
  try {
    const value = JSON.parse(readFileSync(home.users, 'utf8')) as UsersFile;
    if (!Array.isArray(value.users)) throw new Error('it has no list "users"');
    return value;
  } catch (error) {
    if (isMissing(error)) return { users: [] };
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw error;
    throw new SampanError('users-invalid', `${home.users} cannot be read: ${messageOf(error)}.`, {
      hint: 'Restore the file from a backup of the home.',
      cause: error,
    });
  }
}

/**
 * Makes a user: a client certificate of one year signed by the home's authority, and a password. Throws
 * `user-name-invalid`, `user-exists`, `home-not-started`.
 */
export function createUser(
  home: HomeLayout,
  name: string,
  groups: readonly string[],
  now = Date.now(),
): NewUser {
  if (!NAME.test(name)) throw nameInvalid('name', name);
  for (const group of groups) if (!GROUP.test(group)) throw nameInvalid('group', group);
  assertFree(readUsers(home), name);
  const authority = readAuthority(home);
  if (!authority) throw notStarted(home);
  const issued = issueCertificate(authority, {
    subject: { commonName: name, organizations: [...groups] },
    usages: ['digital signature', 'key encipherment', 'client auth'],
    now,
  });
  const password = newPassword();
  const user: User = {
    name,
    groups,
    created: new Date(now).toISOString(),
    certificateExpires: new Date(issued.notAfter).toISOString(),
    certificateFingerprint: certificateFingerprint(issued.certificatePem),
    password: hashPassword(password),
  };
  changing(home, () => {
    const users = readUsers(home);
    assertFree(users, name);
    writeUsers(home, [...users, user]);
  });
  return {
    user,
    password,
    certificate: { certificate: issued.certificatePem, key: issued.privateKeyPem ?? '' },
  };
}

function assertFree(users: readonly User[], name: string): void {
  if (!users.some((user) => user.name === name)) return;
  throw new SampanError('user-exists', `The user ${name} exists already.`, {
    hint: `Choose another name, or delete the user first: sampan user delete ${name}`,
  });
}

/** Deletes a user with all certificates that name it; undefined: there is none. */
export function deleteUser(home: HomeLayout, name: string, now = Date.now()): User | undefined {
  const isName = (user: User): boolean => user.name === name;
  // a home that was never started has none, and nothing to be changed
  if (!readUsers(home).some(isName)) return undefined;
  return changing(home, () => {
    const users = readUsers(home);
    const found = users.find(isName);
    if (!found) return undefined;
    revoke(home, name, now);
    writeUsers(
      home,
      users.filter((user) => user !== found),
    );
    return found;
  });
}

/** No certificate that a name was given up to now is believed any more; the server learns of it at once. */
export function revokeUser(home: HomeLayout, name: string, now = Date.now()): void {
  changing(home, () => revoke(home, name, now));
}

function revoke(home: HomeLayout, name: string, now: number): void {
  const file = readFile(home);
  const revocation = { user: name, until: new Date(now).toISOString() };
  write(home, { ...file, revoked: addRevocations(file.revoked ?? [], [revocation]) });
}

/** Whether the password is the user's; takes as long without a user, about 50 ms of another thread. */
export async function isPasswordOf(user: User | undefined, password: string): Promise<boolean> {
  if (password.length > LONGEST_PASSWORD) return false;
  const [scheme, log2n, r, p, salt = '', hash = ''] = (user?.password ?? NOBODY).split('$');
  if (scheme !== 'scrypt') return false;
  const expected = Buffer.from(hash, 'base64url');
  const options = { N: 2 ** Number(log2n), r: Number(r), p: Number(p), maxmem: SCRYPT_MEMORY };
  const found = await derive(password, Buffer.from(salt, 'base64url'), options);
  return user !== undefined && expected.length === found.length && timingSafeEqual(expected, found);
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_BYTES, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

export function notStarted(home: HomeLayout): SampanError {
  return new SampanError('home-not-started', `Sampan was never started in ${home.root}.`, {
    hint: 'Start it with: sampan up',
  });
}

function hashPassword(password: string): string {
  const { log2n, r, p } = SCRYPT;
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, KEY_BYTES, { N: 2 ** log2n, r, p, maxmem: SCRYPT_MEMORY });
  return ['scrypt', log2n, r, p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

function newPassword(): string {
  return [...randomBytes(PASSWORD_LENGTH)]
    .map((byte) => PASSWORD_LETTERS[byte % PASSWORD_LETTERS.length])
    .join('');
}

function writeUsers(home: HomeLayout, users: readonly User[]): void {
  const sorted = users.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  write(home, { ...readFile(home), users: sorted });
}

function write(home: HomeLayout, file: UsersFile): void {
  writeFileSafely(home.users, `${JSON.stringify(file, null, 2)}\n`);
}

function nameInvalid(what: string, value: string): SampanError {
  return new SampanError('user-name-invalid', `${JSON.stringify(value)} is no ${what} of a user.`, {
    hint: 'Use up to 64 letters, digits and . _ @ -, beginning and ending with a letter or digit (names: lower case).',
  });
}
