import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { type HomeLayout, isMissing, type KubeAccess } from '@sampan/home';
import { type CertificateAuthority, issueCertificate, loadCertificateAuthority } from '@sampan/machinery';
import { suggest } from '../suggest.ts';

/** Whom a certificate names. */
export interface Subject {
  readonly user: string;
  readonly groups: readonly string[];
  /** How long it is believed; not longer than its authority. */
  readonly seconds: number;
}

/** Whoever may read the keys of a cluster is its administrator: for one command a certificate of a day does. */
export const ADMIN: Subject = { user: 'admin', groups: ['system:masters'], seconds: 86_400 };

export interface Issued {
  readonly access: KubeAccess;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** A new certificate of an authority, with what else a client needs. */
export function issueAccess(
  authority: CertificateAuthority,
  { user, groups, seconds }: Subject,
  server: Pick<KubeAccess, 'url' | 'ca'>,
): Issued {
  const { certificatePem, privateKeyPem, notAfter } = issueCertificate(authority, {
    subject: { commonName: user, organizations: [...groups] },
    usages: ['digital signature', 'key encipherment', 'client auth'],
    seconds,
  });
  if (privateKeyPem === undefined) throw new Error('a new certificate came without its key');
  return { access: { ...server, certificate: certificatePem, key: privateKeyPem }, notAfter };
}

/** Of a cluster; `server` is that of the home. Throws `cluster-not-found`. */
export function issueGuestAccess(
  home: HomeLayout,
  name: string,
  subject: Subject,
  server: Pick<KubeAccess, 'url' | 'ca'>,
): Issued {
  const at = { url: `${server.url}/clusters/${name}`, ca: server.ca };
  return issueAccess(guestAuthority(home, name), subject, at);
}

interface StoredKeys {
  readonly caCertificate: string;
  readonly caKey: string;
  /** While a rotation is under way: believed as well. */
  readonly previous?: { readonly caCertificate: string };
}

/** PEM; all authorities that a cluster believes. Throws `cluster-not-found`. */
export function readGuestAuthority(home: HomeLayout, name: string): string {
  const { caCertificate, previous } = readKeys(home, name);
  return caCertificate + (previous?.caCertificate ?? '');
}

/** What signs the certificates of a cluster's clients. Throws `cluster-not-found`. */
function guestAuthority(home: HomeLayout, name: string): CertificateAuthority {
  const { caCertificate, caKey } = readKeys(home, name);
  return loadCertificateAuthority(caCertificate, caKey);
}

/** Throws `cluster-not-found`. */
function readKeys(home: HomeLayout, name: string): StoredKeys {
  // never a path: names are those of folders
  const known = guestNames(home);
  if (!known.includes(name)) throw clusterMissing(name, known);
  try {
    return JSON.parse(readFileSync(join(home.clusters, name, 'keys.json'), 'utf8')) as StoredKeys;
  } catch (error) {
    if (isMissing(error)) throw clusterMissing(name, known);
    throw error;
  }
}

/** Of the clusters that have keys, or had. */
export function guestNames(home: HomeLayout): string[] {
  try {
    return readdirSync(home.clusters, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function clusterMissing(name: string, known: readonly string[]): SampanError {
  const meant = suggest(name, [...known, 'host']);
  return new SampanError('cluster-not-found', `There is no cluster ${JSON.stringify(name)}.`, {
    hint: meant ? `Did you mean: ${meant}` : 'See those that there are: sampan cluster list',
  });
}
