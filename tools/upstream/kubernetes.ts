/**
 * Upstream Kubernetes 1.20.2 as a peer: etcd and kube-apiserver in a temp folder on free loopback ports.
 * No controllers run, so nothing changes behind a test's back. `startComponent` adds kube-scheduler or
 * kube-controller-manager against this or any other server.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { upstreamProgram } from './cache.ts';
import { makeCertificates } from './certificates.ts';
import { type Child, freePorts, startChild, waitForReady } from './child.ts';
import { type Access, kubeconfigOf } from './kubeconfig.ts';

/** A running upstream control plane. `stop` ends its processes and removes its folder. */
export interface Upstream extends Access {
  readonly folder: string;
  /** Path of a kubeconfig with full rights. */
  readonly kubeconfig: string;
  readonly pids: readonly number[];
  /** Milliseconds from start to /readyz. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Alpha or beta in 1.20, always on today: switched on so that 1.20 answers as nearly as it can like today. */
const FEATURES = [
  'BoundServiceAccountTokenVolume',
  'RootCAConfigMap',
  'IPv6DualStack',
  'ServiceLBNodePortControl',
  'GenericEphemeralVolume',
  'HPAContainerMetrics',
  'MixedProtocolLBService',
  'TTLAfterFinished',
  'SetHostnameAsFQDN',
];

/** Options of `startKubernetes`. */
export interface KubernetesOptions {
  /** Flags added to kube-apiserver's; a later flag wins. */
  readonly flags?: readonly string[];
  /** etcd's program; default Debian's 3.4 on the path. */
  readonly etcd?: string;
}

/** Starts etcd and kube-apiserver 1.20.2; resolves when /readyz answers 200 (5–10 s). */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Upstream> {
  const began = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'upstream-kubernetes-'));
  const program = upstreamProgram('kubernetes', 'kube-apiserver');
  const children: Child[] = [];
  const stop = async () => {
    for (const child of children.toReversed()) await child.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const pki = makeCertificates(folder);
    const { child: etcd, url: etcdUrl } = await startEtcd(folder, options.etcd ?? 'etcd');
    children.push(etcd);
    const [port = 0] = await freePorts(1);
    const { files } = pki;
    const apiserver = startChild(
      'kube-apiserver',
      program,
      [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=192.0.2.1',
        '--endpoint-reconciler-type=none',
        `--secure-port=${port}`,
        `--tls-cert-file=${files.serverCert}`,
        `--tls-private-key-file=${files.serverKey}`,
        `--client-ca-file=${files.ca}`,
        '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
        `--service-account-signing-key-file=${files.tokenKey}`,
        `--service-account-key-file=${files.tokenKey}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        '--authorization-mode=Node,RBAC',
        '--enable-bootstrap-token-auth',
        '--enable-admission-plugins=NodeRestriction',
        '--allow-privileged=true',
        `--feature-gates=${FEATURES.map((name) => `${name}=true`).join(',')}`,
        ...(options.flags ?? []),
      ],
      join(folder, 'kube-apiserver.log'),
    );
    children.push(apiserver);
    const access: Access = { url: `https://127.0.0.1:${port}`, ca: pki.ca, cert: pki.cert, key: pki.key };
    await waitForReady(apiserver, { ...access, url: `${access.url}/readyz` });
    const kubeconfig = join(folder, 'admin.kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(access), { mode: 0o600 });
    const pids = children.map((child) => child.pid);
    return { ...access, folder, kubeconfig, pids, startMs: Date.now() - began, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts an etcd in `folder` on free ports; does not wait for it. */
export async function startEtcd(folder: string, program: string): Promise<{ child: Child; url: string }> {
  const [client = 0, peer = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${client}`;
  const child = startChild(
    'etcd',
    program,
    [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=default=http://127.0.0.1:${peer}`,
    ],
    join(folder, 'etcd.log'),
  );
  return { child, url };
}

/** Upstream components that are clients of an API server. */
export type Component = 'kube-controller-manager' | 'kube-scheduler';

/**
 * Starts an upstream 1.20.2 component as a client of any server, speaking JSON, with no leader election.
 * `folder` receives its log; the caller stops the child. More flags may be given, later ones win.
 */
export async function startComponent(
  component: Component,
  kubeconfig: string,
  folder: string,
  flags: readonly string[] = [],
): Promise<Child> {
  const [port = 0] = await freePorts(1);
  return startChild(
    component,
    upstreamProgram('kubernetes', component),
    [
      `--kubeconfig=${kubeconfig}`,
      '--kube-api-content-type=application/json',
      '--leader-elect=false',
      '--port=0',
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      `--cert-dir=${folder}`,
      ...flags,
    ],
    join(folder, `${component}.log`),
  );
}
