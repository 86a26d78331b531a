import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { homeLayout, readNodeState, readRunState } from '@sampan/home';
import { CriRuntime, importImage } from '@sampan/kubelet';
import { eventually } from '../clients/eventually.ts';
import { Kubectl } from '../clients/kubectl.ts';
import { busyboxImage } from '../support/node.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../../apps/cli/src/main.ts');

/** What may be killed. */
export type Part = 'server' | 'node' | 'containerd';

/** A whole Sampan, started as users start it, whose processes may be killed. */
export class Cluster {
  readonly kubectl: Kubectl;
  readonly runtime: CriRuntime;
  readonly #folder: string;
  readonly #home: string;

  private constructor(folder: string, home: string) {
    this.#folder = folder;
    this.#home = home;
    this.kubectl = new Kubectl('kubectl', join(folder, 'kubeconfig'));
    this.runtime = new CriRuntime(join(home, 'containerd/containerd.sock'));
  }

  static async start(): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'sampan-kill-'));
    const home = join(folder, 'home');
    const cluster = new Cluster(folder, home);
    try {
      await cluster.#sampan('up', '--no-sample');
      writeFileSync(join(folder, 'kubeconfig'), await cluster.#sampan('kubeconfig'));
      await importImage(join(home, 'containerd/containerd.sock'), busyboxImage());
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Kills it, and starts it again as users would; containerd is started again by the node process. */
  async kill(part: Part): Promise<void> {
    const pid = this.#pidOf(part);
    process.kill(pid, 'SIGKILL');
    if (part === 'containerd')
      await eventually('containerd runs again', () => {
        const next = this.#pidOf(part);
        return next !== pid && next > 0;
      });
    else {
      await eventually('it is gone', () => !isAlive(pid));
      await this.#sampan('up', '--no-sample');
    }
  }

  async stop(): Promise<void> {
    this.runtime.close();
    await this.#sampan('down');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #pidOf(part: Part): number {
    const layout = homeLayout(this.#home);
    if (part === 'server') return readRunState(layout)?.pid ?? 0;
    if (part === 'node') return readNodeState(layout)?.pid ?? 0;
    return Number(readFileSync(join(layout.node.containerd, 'containerd.pid'), 'utf8'));
  }

  async #sampan(...args: string[]): Promise<string> {
    const program = ['--disable-warning=ExperimentalWarning', CLI, ...args, '--home', this.#home];
    const { stdout } = await run(process.execPath, program, { timeout: 110_000 });
    return stdout;
  }
}

/** A process that ended and that nobody has asked after yet is not. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
