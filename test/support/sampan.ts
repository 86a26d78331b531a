import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  homeLayout,
  kubeconfigYaml,
  readAdmin,
  type Settings,
  writeFileSafely,
  writeSettings,
} from '@sampan/home';

/** A server process of its own, started from sources, in a temp home on a free port. */
export interface Sampan {
  readonly url: string;
  /** PEM texts; the certificate is in `system:masters`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Path of a kubeconfig with full rights. */
  readonly kubeconfig: string;
  readonly home: string;
  readonly pid: number;
  /** What the server has logged, one JSON object a line. */
  log(): string;
  /** Ends the process and removes its home; may be called twice. Throws when it ended otherwise than it should. */
  stop(): Promise<void>;
}

export interface SampanOptions {
  readonly legacyApis?: boolean;
  /** Default a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly listen?: string;
  /** With the registry, at this port of loopback; 0: a free one, `remembered`: as it is without being told. Default: without. */
  readonly hub?: number | 'remembered';
  /** A folder that stays; default a temp one that goes. */
  readonly home?: string;
  /** Of a new home, from the start. */
  readonly settings?: Settings;
}

const MAIN = join(import.meta.dirname, '../../apps/server/src/main.ts');

export async function startSampan(options: SampanOptions = {}): Promise<Sampan> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-test-'));
  // the server's user reaches databases by their whole paths
  chmodSync(folder, 0o711);
  const home = options.home ?? join(folder, 'home');
  if (options.settings) {
    mkdirSync(home, { recursive: true });
    writeSettings(homeLayout(home), options.settings);
  }
  const args = [
    `--home=${home}`,
    `--port=${options.port ?? 0}`,
    ...hubArgs(options.hub),
    ...(options.legacyApis ? ['--legacy-apis'] : []),
    ...(options.listen === undefined ? [] : [`--listen=${options.listen}`]),
  ];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const port = await Promise.race([
    readyPort(child),
    ended.then((how) => Promise.reject(new Error(`the server ended (${how}): ${errors}`))),
  ]);
  const layout = homeLayout(home);
  const admin = readAdmin(layout);
  if (!admin) throw new Error('the server made no keys');
  const access = {
    url: `https://${options.listen ?? '127.0.0.1'}:${port}`,
    ca: admin.ca,
    certificate: admin.certificate,
    key: admin.key,
  };
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSafely(kubeconfig, kubeconfigYaml(access, { cluster: 'sampan', user: 'admin' }));
  return {
    url: access.url,
    ca: access.ca,
    cert: access.certificate,
    key: access.key,
    kubeconfig,
    home,
    pid: child.pid ?? 0,
    log: () => readFileSync(layout.serverLog, 'utf8'),
    async stop() {
      child.kill('SIGTERM');
      const how = await ended;
      rmSync(folder, { recursive: true, force: true });
      if (how !== 'exit code 0') throw new Error(`the server did not end well (${how}): ${errors}`);
    },
  };
}

function hubArgs(hub: SampanOptions['hub']): string[] {
  if (hub === undefined) return ['--no-hub'];
  return hub === 'remembered' ? [] : [`--hub-port=${hub}`];
}

function readyPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('message', (message: { type: string; port: number; message?: string }) => {
      if (message.type === 'ready') resolve(message.port);
      else reject(new Error(message.message));
    });
  });
}
