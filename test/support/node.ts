import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeLayout } from '@sampan/home';
import { buildImage, importImage } from '@sampan/kubelet';
import { Kubectl } from '../clients/kubectl.ts';
import { type Sampan, type SampanOptions, startSampan } from './sampan.ts';

/** An image with busybox and links for its commands, which tests name; pulls of it are never needed. */
export const BUSYBOX = 'sampan.local/busybox:test';

const MAIN = join(import.meta.dirname, '../../apps/node/src/main.ts');
const LINKS =
  'sh cat sleep id env echo touch dd tail head grep kill true false hostname ls wget httpd nc nslookup tar date wc md5sum seq stty ps mkdir rm chmod test ip mount sync od tr cut';

/** Why no node can run here; empty: it can. In CI it must. */
export function missingForNode(): string {
  const lacks = process.getuid?.() === 0 ? [] : ['root'];
  for (const program of ['containerd', 'runc', 'nft', 'ip', 'busybox', 'conntrack'])
    if (spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]).status !== 0)
      lacks.push(program);
  if (lacks.length > 0 && process.env.CI) throw new Error(`in CI a node must run; missing: ${lacks}`);
  if (lacks.length > 0)
    console.log(`tests with a whole node are left out here; missing: ${lacks.join(', ')}`);
  return lacks.join(', ');
}

/** A server and a node process of its own, started from sources, with busybox in its containerd. */
export interface TestNode {
  readonly sampan: Sampan;
  readonly kubectl: Kubectl;
  /** Of the machine, as the node's name. */
  readonly name: string;
  /** The present node process. */
  readonly pid: () => number;
  /** What the node process has logged. */
  log(): string;
  /** Ends the node process with a signal; resolves when it is gone. Containers run on. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again; resolves when it is ready. */
  start(): Promise<void>;
  /** Ends all, and removes it from the machine. May be called twice. */
  stop(): Promise<void>;
}

export async function startTestNode(options: SampanOptions = {}): Promise<TestNode> {
  const sampan = await startSampan(options);
  const { node } = homeLayout(sampan.home);
  let running = await launch(sampan.home).catch(async (error: unknown) => {
    await end(sampan);
    throw error;
  });
  await importImage(join(node.containerd, 'containerd.sock'), busyboxImage());
  const kubectl = new Kubectl('kubectl', sampan.kubeconfig);
  const name = await kubectl.run('get nodes -o jsonpath={.items[0].metadata.name}');
  let stopped: Promise<void> | undefined;
  const kill = async (signal: NodeJS.Signals) => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    sampan,
    kubectl,
    name,
    pid: () => running.child.pid ?? 0,
    log: () => readFileSync(node.log, 'utf8'),
    kill,
    async start() {
      running = await launch(sampan.home);
    },
    stop() {
      stopped ??= kill('SIGTERM').then(() => end(sampan));
      return stopped;
    },
  };
}

interface Launched {
  readonly child: ChildProcess;
  readonly ended: Promise<string>;
}

async function launch(home: string): Promise<Launched> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, `--home=${home}`], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', (message: { type: string; message?: string }) => {
      if (message.type === 'ready') resolve();
      else reject(new Error(message.message));
    });
  });
  await Promise.race([
    ready,
    ended.then((how) => Promise.reject(new Error(`the node process ended (${how}): ${errors}`))),
  ]);
  return { child, ended };
}

async function end(sampan: Sampan): Promise<void> {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, `--home=${sampan.home}`, '--end', '--now'], {
    encoding: 'utf8',
  });
  await sampan.stop();
  if (status !== 0) throw new Error(`the node could not be ended: ${stderr}`);
}

export function busyboxImage() {
  return buildImage({
    name: BUSYBOX,
    files: [
      { path: 'bin/', mode: 0o755 },
      { path: 'bin/busybox', content: readFileSync('/usr/bin/busybox'), mode: 0o755 },
      ...LINKS.split(' ').map((link) => ({ path: `bin/${link}`, linkTo: 'busybox' })),
      { path: 'tmp/', mode: 0o1777 },
      { path: 'www/', mode: 0o755 },
      { path: 'etc/', mode: 0o755 },
    ],
    env: ['PATH=/bin'],
    command: ['/bin/sh'],
  });
}
