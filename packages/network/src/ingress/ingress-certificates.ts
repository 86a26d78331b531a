import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { messageOf } from '@sampan/base';
import { decodeAllPem, encodePem } from '@sampan/machinery';
import type { IngressProblem } from './ingress-backends.ts';
import { isHost } from './ingress-plan.ts';
import type { Ingress, Secret } from './objects.ts';

/** A certificate for clients that name one of the hosts (SNI). */
export interface HostCertificate {
  /** The certificate, those that signed it, and its key. */
  readonly pem: string;
  /** In lower case, with wildcards. */
  readonly hosts: readonly string[];
}

/** Finds the certificates of hosts in Secrets of type kubernetes.io/tls. The first Ingress that names a host has it. */
export class CertificateBook {
  readonly #secrets: ReadonlyMap<string, Secret>;
  readonly #problem: (problem: IngressProblem) => void;
  readonly #hosts = new Map<string, string>();
  readonly #read = new Map<string, string | Error>();

  constructor(secrets: Iterable<Secret>, problem: (problem: IngressProblem) => void) {
    this.#secrets = new Map(
      [...secrets].map((secret) => [`${secret.metadata.namespace}/${secret.metadata.name}`, secret]),
    );
    this.#problem = problem;
  }

  add(ingress: Ingress): void {
    const { tls, rules } = ingress.spec ?? {};
    for (const { hosts, secretName } of tls ?? []) {
      // with the default certificate
      if (!secretName) continue;
      const named = hosts?.length ? hosts : (rules ?? []).flatMap(({ host }) => host ?? []);
      const pem = this.#pemOf(`${ingress.metadata.namespace}/${secretName}`);
      if (typeof pem === 'string') {
        for (const host of named.map((name) => name.toLowerCase()))
          if (host !== '' && isHost(host)) this.#hosts.getOrInsert(host, pem);
      } else
        this.#problem({
          ingress,
          reason: 'InvalidCertificate',
          note: `The Secret ${secretName} cannot be used for TLS: ${pem.message}`,
        });
    }
  }

  certificates(): HostCertificate[] {
    const byPem = Map.groupBy(this.#hosts, ([, pem]) => pem);
    return [...byPem].map(([pem, entries]) => ({ pem, hosts: entries.map(([host]) => host).sort() }));
  }

  #pemOf(name: string): string | Error {
    return this.#read.getOrInsertComputed(name, () => {
      const secret = this.#secrets.get(name);
      if (!secret) return new Error('there is none of type kubernetes.io/tls');
      try {
        return readCertificate(decode(secret, 'tls.crt'), decode(secret, 'tls.key'));
      } catch (error) {
        return new Error(messageOf(error));
      }
    });
  }
}

const decode = ({ data }: Secret, key: string): string => Buffer.from(data?.[key] ?? '', 'base64').toString();

/** Less than this no TLS library of today serves (OpenSSL security level 2). */
const LEAST_RSA_BITS = 2048;

/**
 * Certificates and key as one PEM text, written anew from what was read, so that nothing else of the user's text
 * gets into it. Throws when they cannot serve TLS.
 */
function readCertificate(certificateText: string, keyText: string): string {
  const ders = decodeAllPem('CERTIFICATE', certificateText);
  const [first] = ders;
  if (!first) throw new Error('tls.crt has no certificate');
  const key = createPrivateKey(keyText);
  const chain = ders.map((der) => new X509Certificate(der));
  if (!chain[0]?.checkPrivateKey(key)) throw new Error('tls.key is not the key of the certificate');
  for (const { publicKey } of chain) checkStrength(publicKey);
  const cert = ders.map((der) => encodePem('CERTIFICATE', der)).join('');
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  createSecureContext({ cert, key: pem });
  return `${cert}${pem}`;
}

function checkStrength({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void {
  const bits = asymmetricKeyDetails?.modulusLength;
  if (asymmetricKeyType === 'rsa' && bits !== undefined && bits < LEAST_RSA_BITS)
    throw new Error(`an RSA key has ${bits} bits; ${LEAST_RSA_BITS} are the least`);
}
