import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homeLayout, kubeconfigYaml, readAdmin, readRunState } from '@sampan/home';
import { CriRuntime, importImage } from '@sampan/kubelet';
import { endProcess, runApp, startApp } from './process.ts';

/** A Sampan with a node. */
export interface TestedSampan {
  /** Path; full rights. */
  readonly kubeconfig: string;
  /** Of its containerd. */
  readonly socket: string;
  /** Ends it, its pods and its home, unless it was there before. */
  end(): Promise<void>;
}

/** In a home of its own below the temporary folder, on a free port. Needs root. */
export async function startTested(): Promise<TestedSampan> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-conformance-'));
  const home = join(folder, 'home');
  const processes: ChildProcess[] = [];
  // one that did not become ready may have started a containerd nonetheless
  let nodeBegan = false;
  const end = async () => {
    for (const child of processes.toReversed()) await endProcess(child);
    if (nodeBegan) await runApp('node', [`--home=${home}`, '--end', '--now']);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    processes.push(await startApp('server', [`--home=${home}`, '--port=0', '--hub-port=0', '--legacy-apis']));
    nodeBegan = true;
    processes.push(await startApp('node', [`--home=${home}`]));
    return { ...accessTo(home, folder), end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** One that runs already; it stays. */
export function findTested(home: string): TestedSampan {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-conformance-'));
  return {
    ...accessTo(home, folder),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

function accessTo(home: string, folder: string): { kubeconfig: string; socket: string } {
  const layout = homeLayout(home);
  const admin = readAdmin(layout);
  const running = readRunState(layout);
  if (!admin || !running) throw new Error(`no Sampan runs in ${home}`);
  const access = {
    url: `https://127.0.0.1:${running.port}`,
    ca: admin.ca,
    certificate: admin.certificate,
    key: admin.key,
  };
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigYaml(access, { cluster: 'sampan', user: 'admin' }), { mode: 0o600 });
  return { kubeconfig, socket: join(layout.node.containerd, 'containerd.sock') };
}

/** Loads those archives whose images are not in the containerd yet. */
export async function loadImages(socket: string, archives: ReadonlyMap<string, string>): Promise<void> {
  const runtime = new CriRuntime(socket);
  try {
    for (const [name, file] of archives) {
      if (!(await runtime.imageStatus(name))) await importImage(socket, file);
    }
  } finally {
    runtime.close();
  }
}
