import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { writeFileSafely } from '@sampan/home';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  generateKeys,
  loadCertificateAuthority,
} from '@sampan/machinery';

/** What a cluster's credentials stand on. */
export interface GuestKeys {
  /** Signs client certificates of this cluster, and nothing else. */
  readonly authority: CertificateAuthority;
  /** PEM; signs ServiceAccount tokens. */
  readonly serviceAccountKey: string;
}

const FILE = 'keys.json';

/**
 * The home's own authority has the same: servers name the authorities whose certificates they want, by which clients
 * choose (RFC 8446 section 4.2.4), and there is one port for all clusters. They are told apart by their keys.
 */
const AUTHORITY_NAME = 'sampan';

interface Stored {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly serviceAccountKey: string;
}

/** Makes the keys of a new cluster in its folder, in one file: either all are there or none. */
export function createGuestKeys(folder: string): GuestKeys {
  const authority = createCertificateAuthority(AUTHORITY_NAME);
  const serviceAccountKey = generateKeys().privateKeyPem;
  const stored: Stored = {
    caCertificate: authority.certificatePem,
    caKey: authority.privateKeyPem,
    serviceAccountKey,
  };
  writeFileSafely(join(folder, FILE), `${JSON.stringify(stored, null, 2)}\n`);
  return { authority, serviceAccountKey };
}

/** Whether the cluster was made whole. */
export const hasGuestKeys = (folder: string): boolean => existsSync(join(folder, FILE));

/** undefined: there are none, the cluster was never made whole. Throws `guest-keys-invalid`. */
export function readGuestKeys(folder: string): GuestKeys | undefined {
  const file = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { caCertificate, caKey, serviceAccountKey } = JSON.parse(text) as Stored;
    return { authority: loadCertificateAuthority(caCertificate, caKey), serviceAccountKey };
  } catch (error) {
    throw new SampanError('guest-keys-invalid', `${file} cannot be used.`, {
      hint: 'Restore the cluster from a backup.',
      cause: error,
    });
  }
}
