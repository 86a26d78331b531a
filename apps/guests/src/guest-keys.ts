import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FrontProxy, makeFrontProxy } from '@sampan/apiserver';
import { deepEqual, SampanError } from '@sampan/base';
import { writeFileSafely } from '@sampan/home';
import {
  addRevocations,
  type CertificateAuthority,
  createCertificateAuthority,
  generateKeys,
  loadCertificateAuthority,
  parseCertificate,
  type Revocation,
} from '@sampan/machinery';

/** What a cluster's credentials stand on. */
export interface GuestKeys {
  /** Signs client certificates of this cluster, and nothing else. */
  readonly authority: CertificateAuthority;
  /** Signs the certificate that pods see: those that run know only the old authority until a rotation ends. */
  readonly serving: CertificateAuthority;
  /** PEM; all authorities that are believed. */
  readonly trusted: string;
  /** PEM; signs ServiceAccount tokens. */
  readonly serviceAccountKey: string;
  /** PEM; those that are believed as well. */
  readonly olderServiceAccountKeys: readonly string[];
  /** Certificates that are believed no more. */
  readonly revoked: readonly Revocation[];
}

/** As it is written, and in backups. The first level signs; the names are what the command line reads. */
interface StoredKeys extends StoredPair {
  /** While a rotation is under way: believed as well. */
  readonly previous?: StoredPair;
  readonly revoked?: readonly Revocation[];
  /** Made when the first aggregated API server appears. */
  readonly frontProxy?: FrontProxy;
}

interface StoredPair {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly serviceAccountKey: string;
}

export const KEYS_FILE = 'keys.json';
/** Clusters that stay awake for longer than this are rare, and have it made anew at the next start. */
const RENEW_BEFORE_MS = 90 * 24 * 3_600_000;

/**
 * The home's own authority has the same: servers name the authorities whose certificates they want, by which clients
 * choose (RFC 8446 section 4.2.4), and there is one port for all clusters. They are told apart by their keys.
 */
const AUTHORITY_NAME = 'sampan';

/** Makes the keys of a new cluster in its folder, in one file: either all are there or none. */
export function createGuestKeys(folder: string): void {
  write(folder, newPair());
}

/** Whether the cluster was made whole. */
export const hasGuestKeys = (folder: string): boolean => existsSync(join(folder, KEYS_FILE));

/** undefined: there are none, the cluster was never made whole. Throws `guest-keys-invalid`. */
export function readGuestKeys(folder: string): GuestKeys | undefined {
  const stored = readStored(folder);
  if (!stored) return undefined;
  const { previous } = stored;
  try {
    const authority = loadCertificateAuthority(stored.caCertificate, stored.caKey);
    return {
      authority,
      serving: previous ? loadCertificateAuthority(previous.caCertificate, previous.caKey) : authority,
      trusted: stored.caCertificate + (previous?.caCertificate ?? ''),
      serviceAccountKey: stored.serviceAccountKey,
      olderServiceAccountKeys: previous ? [previous.serviceAccountKey] : [],
      revoked: stored.revoked ?? [],
    };
  } catch (error) {
    throw invalid(folder, error);
  }
}

/** The ServiceAccount key of what a backup holds. Throws when it holds none. */
export const keysIn = (text: string): string => (JSON.parse(text) as StoredKeys).serviceAccountKey;

/** New keys sign from now on; the old ones are believed as well. No change when that is so already. */
export function startRotation(folder: string): void {
  const stored = readStored(folder);
  if (!stored || stored.previous) return;
  const { revoked, frontProxy: _made, ...previous } = stored;
  write(folder, { ...newPair(), previous, ...(revoked ? { revoked } : {}) });
}

/** The old keys are believed no more. No change when there are none. */
export function finishRotation(folder: string): void {
  const stored = readStored(folder);
  if (!stored?.previous) return;
  const { previous: _believed, ...own } = stored;
  write(folder, own);
}

/** How aggregated API servers know the cluster: as before, unless that ends soon. Throws when the cluster has no keys. */
export function frontProxyOf(folder: string, now = Date.now()): FrontProxy {
  const stored = readStored(folder);
  if (!stored) throw invalid(folder, new Error('it is not there'));
  const { frontProxy } = stored;
  if (frontProxy && parseCertificate(frontProxy.certificate).notAfter - now > RENEW_BEFORE_MS)
    return frontProxy;
  const made = makeFrontProxy();
  write(folder, { ...stored, frontProxy: made });
  return made;
}

/** Those certificates are believed no more, from when the keys are next read. Returns whether that is news. */
export function revoke(folder: string, more: readonly Revocation[]): boolean {
  const stored = readStored(folder);
  if (!stored) return false;
  const { revoked: before = [] } = stored;
  const revoked = addRevocations(before, more);
  if (deepEqual(before, revoked)) return false;
  write(folder, { ...stored, revoked });
  return true;
}

function readStored(folder: string): StoredKeys | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, KEYS_FILE), 'utf8')) as StoredKeys;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid(folder, error);
  }
}

function newPair(): StoredPair {
  const authority = createCertificateAuthority(AUTHORITY_NAME);
  const serviceAccountKey = generateKeys().privateKeyPem;
  return { caCertificate: authority.certificatePem, caKey: authority.privateKeyPem, serviceAccountKey };
}

function write(folder: string, keys: StoredKeys): void {
  writeFileSafely(join(folder, KEYS_FILE), `${JSON.stringify(keys, null, 2)}\n`);
}

function invalid(folder: string, cause: unknown): SampanError {
  return new SampanError('guest-keys-invalid', `${join(folder, KEYS_FILE)} cannot be used.`, {
    hint: 'Delete the cluster and make it of a backup.',
    cause,
  });
}
