import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, SampanError } from '@sampan/base';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  generateKeys,
  issueCertificate,
  type KeyUsage,
  loadCertificateAuthority,
  parseCertificate,
} from '@sampan/machinery';
import type { HomeLayout } from './layout.ts';
import { isMissing } from './settings.ts';
import { writeFileSafely } from './write-file.ts';

/** PEM texts. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** The keys of a home, all P-256: `pki/NAME.crt` and `pki/NAME.key`. */
export interface Pki {
  readonly authority: CertificateAuthority;
  readonly serving: CertificatePair;
  /** In group `system:masters`. */
  readonly admin: CertificatePair;
  /** With which the server calls aggregated API servers, and the authority of its own that they trust for that. */
  readonly frontProxy: CertificatePair & { readonly ca: string };
  /** PEM of the key of ServiceAccount tokens. */
  readonly serviceAccountKey: string;
}

/** Parts of Sampan that speak to the API in other processes, by the names of their files, and who they are there. */
const COMPONENTS = {
  'node-bootstrap': { commonName: 'system:bootstrap:sampan', organizations: ['system:bootstrappers'] },
  network: { commonName: 'system:sampan:network', organizations: [] },
  ingress: { commonName: 'system:sampan:ingress', organizations: [] },
  hub: { commonName: 'system:sampan:hub', organizations: [] },
  provisioner: { commonName: 'system:sampan:provisioner', organizations: [] },
} as const;

export type Component = keyof typeof COMPONENTS;

/** A certificate that ends sooner than this is replaced. */
const RENEW_BEFORE_MS = 30 * 24 * 3600_000;

interface Wanted {
  readonly name: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usage: KeyUsage;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
}

/** The first address of the service network is the API's own Service, as in every cluster. */
const SERVICE_ADDRESS = '10.96.0.1';

/** Names under which the API may be reached, from outside and from pods. */
export function servingNames(extra: readonly string[] = []): Pick<Wanted, 'dnsNames' | 'ipAddresses'> {
  const isAddress = (name: string) => /^[\d.]+$/.test(name) || name.includes(':');
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  const dnsNames = ['localhost', hostname(), ...service, ...extra.filter((name) => !isAddress(name))];
  const ipAddresses = ['127.0.0.1', '::1', SERVICE_ADDRESS, ...extra.filter(isAddress)];
  return { dnsNames: [...new Set(dnsNames.filter(isDnsName))], ipAddresses: [...new Set(ipAddresses)] };
}

const isDnsName = (name: string): boolean =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(name);

/**
 * Reads the keys and certificates, makes what is missing and renews what ends soon or lacks a name. An
 * authority is never replaced: every kubeconfig trusts it. `now`: milliseconds since the epoch. Throws `pki-invalid`.
 */
export function ensurePki(
  home: HomeLayout,
  options: { now?: number; serverNames?: readonly string[] } = {},
): Pki {
  const now = options.now ?? Date.now();
  const authority = ensureAuthority(home, now);
  const serving = ensurePair(home, authority, now, {
    name: 'serving',
    commonName: 'kube-apiserver',
    organizations: [],
    usage: 'server auth',
    ...servingNames(options.serverNames),
  });
  const admin = ensurePair(home, authority, now, {
    name: 'admin',
    commonName: 'admin',
    organizations: ['system:masters'],
    usage: 'client auth',
    dnsNames: [],
    ipAddresses: [],
  });
  for (const [name, subject] of Object.entries(COMPONENTS)) {
    ensurePair(home, authority, now, {
      name,
      ...subject,
      usage: 'client auth',
      dnsNames: [],
      ipAddresses: [],
    });
  }
  const frontProxy = ensureFrontProxy(home, now);
  const keyFile = join(home.pki, 'service-account.key');
  const serviceAccountKey = read(keyFile) ?? write(keyFile, generateKeys().privateKeyPem);
  return { authority, serving, admin, frontProxy, serviceAccountKey };
}

/** What the command line needs to speak to the server; undefined: the home was never started. */
export function readAdmin(home: HomeLayout): (CertificatePair & { readonly ca: string }) | undefined {
  const ca = read(join(home.pki, 'ca.crt'));
  const pair = readPair(home, 'admin');
  return ca && pair ? { ...pair, ca } : undefined;
}

/** What a part of Sampan needs to speak to the server; undefined: the home was never started. */
export function readComponent(
  home: HomeLayout,
  name: Component,
): (CertificatePair & { readonly ca: string }) | undefined {
  const ca = read(join(home.pki, 'ca.crt'));
  const pair = readPair(home, name);
  return ca && pair ? { ...pair, ca } : undefined;
}

/** The authority that signs users; undefined: the home was never started. */
export function readAuthority(home: HomeLayout): CertificateAuthority | undefined {
  const pair = readPair(home, 'ca');
  return pair && loadCertificateAuthority(pair.certificate, pair.key);
}

/** Whoever holds this certificate may say who asks: it must be of no authority that signs users. */
function ensureFrontProxy(home: HomeLayout, now: number): Pki['frontProxy'] {
  const authority = ensureAuthority(home, now, 'front-proxy-ca', 'front-proxy-ca');
  const pair = ensurePair(home, authority, now, {
    name: 'front-proxy-client',
    commonName: 'front-proxy-client',
    organizations: [],
    usage: 'client auth',
    dnsNames: [],
    ipAddresses: [],
  });
  return { ...pair, ca: authority.certificatePem };
}

function ensureAuthority(
  home: HomeLayout,
  now: number,
  name = 'ca',
  commonName = 'sampan',
): CertificateAuthority {
  const pair = readPair(home, name);
  try {
    if (pair) return loadCertificateAuthority(pair.certificate, pair.key);
    if (read(join(home.pki, `${name}.crt`)) !== undefined) throw new Error('the key is missing');
  } catch (error) {
    throw new SampanError(
      'pki-invalid',
      `${home.pki}/${name}.crt or ${name}.key cannot be used: ${messageOf(error)}.`,
      {
        hint: 'Restore both files from a backup of the home.',
        cause: error,
      },
    );
  }
  const authority = createCertificateAuthority(commonName, { now });
  // the key first: a certificate without its key would be kept and be of no use
  write(join(home.pki, `${name}.key`), authority.privateKeyPem);
  write(join(home.pki, `${name}.crt`), authority.certificatePem);
  return authority;
}

function ensurePair(
  home: HomeLayout,
  authority: CertificateAuthority,
  now: number,
  wanted: Wanted,
): CertificatePair {
  const pair = readPair(home, wanted.name);
  if (pair && isGood(pair, authority, now, wanted)) return pair;
  const issued = issueCertificate(authority, {
    subject: { commonName: wanted.commonName, organizations: [...wanted.organizations] },
    usages: ['digital signature', 'key encipherment', wanted.usage],
    dnsNames: [...wanted.dnsNames],
    ipAddresses: [...wanted.ipAddresses],
    now,
  });
  if (!issued.privateKeyPem) throw new Error('a new certificate came without its key');
  return {
    key: write(join(home.pki, `${wanted.name}.key`), issued.privateKeyPem),
    certificate: write(join(home.pki, `${wanted.name}.crt`), issued.certificatePem),
  };
}

/** Both files are written one after the other: a crash between leaves a pair that does not match, and is not good. */
function isGood(
  pair: CertificatePair,
  authority: CertificateAuthority,
  now: number,
  wanted: Wanted,
): boolean {
  try {
    loadCertificateAuthority(pair.certificate, pair.key);
    const certificate = parseCertificate(pair.certificate);
    const signed = new X509Certificate(pair.certificate).verify(
      new X509Certificate(authority.certificatePem).publicKey,
    );
    const lasts = certificate.notAfter - RENEW_BEFORE_MS > now || certificate.notAfter === authority.notAfter;
    const has = (names: readonly string[], all: readonly string[]) =>
      all.every((name) => names.includes(name));
    const version4 = wanted.ipAddresses.filter((address) => !address.includes(':'));
    const named = has(certificate.dnsNames, wanted.dnsNames) && has(certificate.ipAddresses, version4);
    return signed && lasts && certificate.notAfter > now && named;
  } catch {
    // whatever is wrong with it, a new one takes its place
    return false;
  }
}

function readPair(home: HomeLayout, name: string): CertificatePair | undefined {
  const certificate = read(join(home.pki, `${name}.crt`));
  const key = read(join(home.pki, `${name}.key`));
  return certificate !== undefined && key !== undefined ? { certificate, key } : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function write(file: string, content: string): string {
  writeFileSafely(file, content);
  return content;
}
