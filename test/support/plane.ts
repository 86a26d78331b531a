import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlPlane,
  createControlPlane,
  issueLegacyToken,
  listen,
  type NodeProxy,
  SigningKeys,
} from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import { type ControllersOptions, startControllers } from '@sampan/controllers';
import {
  createCertificateAuthority,
  generateKeys,
  issueCertificate,
  type ObjectReader,
} from '@sampan/machinery';
import { startScheduler } from '@sampan/scheduler';
import { createMemoryStore, type Store } from '@sampan/store';
import { kubeconfigOf } from '../../tools/upstream/kubeconfig.ts';

/** A control plane in the test's own process, behind real TLS on loopback. */
export interface Plane {
  readonly url: string;
  /** PEM; the certificate is in `system:masters`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** A file for kubectl. */
  readonly kubeconfig: string;
  readonly control: ControlPlane;
  /** What was logged as an error: requests that failed in a way nobody foresaw. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

export interface PlaneOptions {
  readonly store?: Store;
  readonly legacyApis?: boolean;
  /** Also run Sampan's own controllers; default no, so that nothing changes behind a test's back. */
  readonly controllers?: boolean;
  /** Groups of controllers that do not run; default none. */
  readonly without?: ControllersOptions['without'];
  /** Also run Sampan's own scheduler; default no. */
  readonly scheduler?: boolean;
  /** The way to nodes; default none. */
  readonly nodeProxy?: (reader: ObjectReader) => NodeProxy;
}

export async function startPlane(options: PlaneOptions = {}): Promise<Plane> {
  const authority = createCertificateAuthority('sampan-test');
  const serving = issueCertificate(authority, {
    subject: { commonName: 'kube-apiserver', organizations: [] },
    usages: ['server auth'],
    ipAddresses: ['127.0.0.1'],
  });
  const admin = issueCertificate(authority, {
    subject: { commonName: 'admin', organizations: ['system:masters'] },
    usages: ['client auth'],
  });
  const store = options.store ?? createMemoryStore();
  const errors: string[] = [];
  const keys = new SigningKeys(generateKeys().privateKeyPem);
  const control = await createControlPlane({
    store,
    clientCa: authority.certificatePem,
    keys,
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0' },
    externalAddress: '127.0.0.1',
    legacyApis: options.legacyApis ?? false,
    log: errorsOnly(errors),
    ...(options.nodeProxy ? { nodeProxy: options.nodeProxy } : {}),
  });
  const listener = await listen({
    port: 0,
    certificate: serving.certificatePem,
    key: serving.privateKeyPem ?? '',
    clientCa: authority.certificatePem,
    handle: (request, response) => void control.api.handle(request, response),
    upgrade: (request, socket, head) => void control.api.handleUpgrade(request, socket, head),
  });
  const controllers = options.controllers
    ? startControllers({
        client: (name) => control.client(name),
        log: errorsOnly(errors),
        ...(options.without ? { without: options.without } : {}),
        rootCa: authority.certificatePem,
        signer: authority,
        issueToken: (account, secret) => issueLegacyToken(keys, account, secret),
        apiService: { clusterIP: '10.96.0.1', port: listener.port },
      })
    : undefined;
  await controllers?.synced;
  const scheduler = options.scheduler
    ? startScheduler({ client: control.client('kube-scheduler'), log: errorsOnly(errors) })
    : undefined;
  await scheduler?.synced;
  const access = {
    url: `https://127.0.0.1:${listener.port}`,
    ca: authority.certificatePem,
    cert: admin.certificatePem,
    key: admin.privateKeyPem ?? '',
  };
  const folder = mkdtempSync(join(tmpdir(), 'sampan-plane-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigOf(access), { mode: 0o600 });
  return {
    ...access,
    kubeconfig,
    control,
    errors,
    async close() {
      await scheduler?.stop();
      await controllers?.stop();
      await listener.close();
      control.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function errorsOnly(errors: string[]): Logger {
  const ignore = () => {};
  return {
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields ?? {})}`),
  };
}
