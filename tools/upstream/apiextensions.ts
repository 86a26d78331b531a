/**
 * Upstream's API machinery of Kubernetes 1.36 as a peer: apiextensions-apiserver (custom resources only) with
 * etcd 3.5, which WatchList needs. Its informers want some core API to talk to: it gets a kubeconfig of an
 * upstream 1.20 that is started beside it.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upstreamProgram } from './cache.ts';
import { makeCertificates } from './certificates.ts';
import { type Child, freePorts, startChild, waitForReady } from './child.ts';
import { type Access, kubeconfigOf } from './kubeconfig.ts';
import { startEtcd, startKubernetes, type Upstream } from './kubernetes.ts';

/** These need the core API's Namespaces and webhooks, which are not served here. */
const WITHOUT_ADMISSION = [
  'NamespaceLifecycle',
  'MutatingAdmissionWebhook',
  'ValidatingAdmissionWebhook',
  'ValidatingAdmissionPolicy',
  'MutatingAdmissionPolicy',
];

/** Starts the two servers; resolves when the apiextensions server is ready. */
export async function startApiextensions(): Promise<Upstream> {
  const began = Date.now();
  const program = upstreamProgram('apiextensions', 'apiextensions-apiserver');
  const folder = mkdtempSync(join(tmpdir(), 'upstream-apiextensions-'));
  const core = await startKubernetes();
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.toReversed()) await child.stop();
    await core.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { ca, cert, key, files } = makeCertificates(folder);
    const etcd = await startEtcd(folder, upstreamProgram('apiextensions', 'etcd'));
    children.push(etcd.child);
    const [port = 0] = await freePorts(1);
    const server = startChild(
      'apiextensions-apiserver',
      program,
      [
        `--etcd-servers=${etcd.url}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${files.serverCert}`,
        `--tls-private-key-file=${files.serverKey}`,
        `--client-ca-file=${files.ca}`,
        `--kubeconfig=${core.kubeconfig}`,
        `--authentication-kubeconfig=${core.kubeconfig}`,
        `--authorization-kubeconfig=${core.kubeconfig}`,
        '--authentication-skip-lookup=true',
        '--enable-priority-and-fairness=false',
        `--disable-admission-plugins=${WITHOUT_ADMISSION.join(',')}`,
      ],
      join(folder, 'apiextensions-apiserver.log'),
    );
    children.push(server);
    const access: Access = { url: `https://127.0.0.1:${port}`, ca, cert, key };
    await waitForReady(server, { ...access, url: `${access.url}/readyz` });
    const kubeconfig = join(folder, 'admin.kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(access), { mode: 0o600 });
    const pids = children.map((child) => child.pid);
    return { ...access, folder, kubeconfig, pids, startMs: Date.now() - began, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
