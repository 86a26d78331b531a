/** Upstream kube-apiserver 1.20.2 over Debian's etcd 3.4, with the flags that matter for what is measured. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { upstreamProgram } from '../../tools/upstream/cache.ts';
import { makeCertificates } from '../../tools/upstream/certificates.ts';
import { type Child, freePorts, startChild } from '../../tools/upstream/child.ts';
import { startEtcd } from '../../tools/upstream/kubernetes.ts';
import type { Contestant } from './contestant.ts';
import type { Access } from './http.ts';
import { startTimed } from './ready.ts';

/** etcd runs and answers before kube-apiserver is spawned: only the latter's start is timed. */
export async function startUpstream(): Promise<Contestant> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-upstream-'));
  const { ca, cert, key, files } = makeCertificates(folder);
  const etcd = await startEtcd(folder, 'etcd');
  await waitForEtcd(etcd.url);
  const [port = 0] = await freePorts(1);
  const admin: Access = { url: `https://127.0.0.1:${port}`, ca, cert, key };
  const flags = [
    `--etcd-servers=${etcd.url}`,
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
    // the load writes into a namespace whose default ServiceAccount no controller makes; ConfigMaps do not need it
    '--disable-admission-plugins=ServiceAccount',
  ];
  const program = upstreamProgram('kubernetes', 'kube-apiserver');
  const start = () =>
    startTimed(
      () => admin,
      () => startChild('kube-apiserver', program, flags, join(folder, 'kube-apiserver.log')),
    );
  let { child, startMs } = await start();
  return {
    name: 'upstream',
    admin,
    get pids() {
      return [etcd.child.pid, child.pid];
    },
    get startMs() {
      return startMs;
    },
    async restart() {
      await child.stop();
      ({ child, startMs } = await start());
    },
    stop: () => stopAll(folder, child, etcd.child),
  };
}

async function waitForEtcd(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      if ((await fetch(`${url}/health`)).ok) return;
    } catch {
      // it does not listen yet
    }
    await sleep(50);
  }
  throw new Error('etcd did not become ready');
}

async function stopAll(folder: string, ...children: Child[]): Promise<void> {
  for (const child of children) await child.stop();
  rmSync(folder, { recursive: true, force: true });
}
