import { createPrivateKey } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Logger, messageOf, SampanError } from '@sampan/base';
import {
  type Client,
  createCertificateRequest,
  generateKeys,
  parseCertificate,
  REFS,
  SIGNER,
  type SigningRequest,
} from '@sampan/machinery';

/** PEM texts. */
export interface NodeIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface NodeCertificateOptions {
  /** Holds `node.pem`, certificate and key in one file; made when missing. */
  readonly folder: string;
  readonly node: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an approval and signature may take. Default 60 s. */
  readonly timeoutMs?: number;
}

/** A certificate is renewed when this much of its life is over (kubelet rotates between 70 and 90 %). */
const RENEW_AT = 0.8;

/**
 * The node's client certificate (Kubernetes docs, "TLS bootstrapping"): the one on disk while it is good, else a new
 * one by a CertificateSigningRequest. `client`: who asks, the bootstrap user or the node itself. Throws
 * `node-certificate`.
 */
export async function ensureNodeCertificate(
  client: Client,
  options: NodeCertificateOptions,
): Promise<NodeIdentity> {
  return (await readNodeCertificate(options)) ?? (await requestNodeCertificate(client, options));
}

/** The certificate on disk; undefined: there is none, it is another node's, or its time is nearly over. */
export async function readNodeCertificate({
  folder,
  node,
  clock,
}: NodeCertificateOptions): Promise<NodeIdentity | undefined> {
  const text = await readFile(join(folder, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const end = text.indexOf(KEY_BEGINS);
  if (end < 0) return undefined;
  const identity = { certificate: text.slice(0, end), key: text.slice(end) };
  try {
    const { subject } = parseCertificate(identity.certificate);
    const isGood = subject.commonName === userOf(node) && renewalTime(identity) > clock.now();
    return isGood ? identity : undefined;
  } catch {
    // half a file of a crash: a new one takes its place
    return undefined;
  }
}

/** When a new one should be asked for, milliseconds since the epoch. */
export function renewalTime({ certificate }: NodeIdentity): number {
  const { notBefore, notAfter } = parseCertificate(certificate);
  return notBefore + (notAfter - notBefore) * RENEW_AT;
}

const RETRY_MS = 60_000;

/**
 * Asks for the node's next certificate when its time has come, for as long as it runs; `renewed` is told of each.
 * `client`: the node itself. The returned function ends it.
 */
export function keepNodeCertificate(
  client: Client,
  first: NodeIdentity,
  options: NodeCertificateOptions,
  renewed: (identity: NodeIdentity) => void,
): () => void {
  const { clock, log } = options;
  let cancel = (): void => {};
  let running = true;
  const wait = (ms: number, identity: NodeIdentity): void => {
    if (running) cancel = clock.schedule(() => void turn(identity), ms);
  };
  const turn = async (present: NodeIdentity): Promise<void> => {
    // a timer may fire early: it has a longest delay
    const left = renewalTime(present) - clock.now();
    if (left > 0) return wait(left, present);
    try {
      const identity = await requestNodeCertificate(client, options);
      if (running) renewed(identity);
      wait(0, identity);
    } catch (error) {
      log.warn("the node's certificate could not be renewed", { error: messageOf(error) });
      wait(RETRY_MS, present);
    }
  };
  void turn(first);
  return () => {
    running = false;
    cancel();
  };
}

/** Asks for a new certificate and keeps it. */
export async function requestNodeCertificate(
  client: Client,
  options: NodeCertificateOptions,
): Promise<NodeIdentity> {
  const { node, folder } = options;
  const { privateKeyPem } = generateKeys();
  const subject = { commonName: userOf(node), organizations: ['system:nodes'] };
  const request = createCertificateRequest(createPrivateKey(privateKeyPem), subject);
  const created = await client.create<SigningRequest>(REFS.certificateSigningRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: SIGNER.kubeletClient,
      usages: ['digital signature', 'client auth'],
    },
  });
  const identity = { certificate: await signed(client, created, options), key: privateKeyPem };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, FILE);
  await writeFile(`${file}.new`, identity.certificate + identity.key, { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  return identity;
}

const FILE = 'node.pem';
const KEY_BEGINS = '-----BEGIN PRIVATE KEY-----';
const userOf = (node: string): string => `system:node:${node}`;

/** Waits for the signature; PEM. */
function signed(
  client: Client,
  created: SigningRequest,
  { clock, log, timeoutMs = 60_000 }: NodeCertificateOptions,
): Promise<string> {
  const name = created.metadata.name ?? '';
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let stop = (): void => {};
  const watch = (): void => {
    stop = client.watch<SigningRequest>(
      REFS.certificateSigningRequests,
      { fieldSelector: `metadata.name=${name}`, resourceVersion: '0' },
      {
        onEvent: ({ object }) => settle(object),
        onEnd: (error) => {
          log.debug('the watch of a certificate request ended', { error: error && messageOf(error) });
          const cancel = clock.schedule(watch, 200);
          stop = cancel;
        },
      },
    );
  };
  const settle = ({ status }: SigningRequest): void => {
    const refused = (status?.conditions as { type: string; message?: string }[] | undefined)?.find(
      ({ type }) => type === 'Denied' || type === 'Failed',
    );
    if (refused) reject(failed(`was refused: ${refused.message ?? refused.type}`));
    else if (typeof status?.certificate === 'string')
      resolve(Buffer.from(status.certificate, 'base64').toString('latin1'));
  };
  const cancel = clock.schedule(() => reject(failed('was not signed in time')), timeoutMs);
  watch();
  return promise.finally(() => {
    cancel();
    stop();
  });

  function failed(what: string): SampanError {
    return new SampanError('node-certificate', `the node's certificate request ${name} ${what}`, {
      hint: `See: sampan kubectl describe csr ${name}`,
    });
  }
}
