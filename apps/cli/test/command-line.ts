import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: the user of the test. */
  readonly uid?: number;
  readonly cwd?: string;
  /** Lets `up` run containers, which takes seconds; default false. */
  readonly containers?: boolean;
  /** Lets `up` start the registry, at a free port; default only with containers. */
  readonly hub?: boolean;
  /** Given to it on standard input; default none. */
  readonly input?: string;
}

const MAIN = join(import.meta.dirname, '../src/main.ts');

/** The command line as a process, from sources, knowing nothing of this machine's homes. */
export function sampan(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { SAMPAN_HOME: _home, SAMPAN_PORT: _port, KUBECONFIG: _config, ...inherited } = process.env;
  const words = args[0] === 'up' ? [...args, ...upFlags(options)] : args;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words], {
      env: { ...inherited, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    child.stdin.on('error', () => {}).end(options.input ?? '');
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

function upFlags({ containers, hub = containers }: RunOptions): string[] {
  return [...(containers ? [] : ['--no-node']), ...(hub ? ['--hub-port', '0'] : ['--no-hub'])];
}

/** Homes under one temp folder; whatever still runs on them is stopped at the end. */
export class Homes {
  readonly folder = mkdtempSync(join(tmpdir(), 'sampan-cli-'));
  readonly #used = new Set<string>();

  at(name: string): string {
    const home = join(this.folder, name);
    this.#used.add(home);
    return home;
  }

  async clean(): Promise<void> {
    for (const home of this.#used) await sampan(['down', '--home', home]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface StatusJson {
  readonly state: string;
  readonly version: string;
  readonly objects: number;
  readonly memoryBytes: number;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly processes: readonly { readonly name: string; readonly pid: number }[];
}

export async function statusOf(home: string): Promise<StatusJson> {
  return JSON.parse((await sampan(['status', '-o', 'json', '--home', home])).stdout) as StatusJson;
}

/** The same for all, and a process each time. */
let completionScript: Promise<Outcome> | undefined;

/** What bash offers for words behind the name of the program, the last of which is not at its end. */
export async function completions(home: string, words: readonly string[]): Promise<string[]> {
  completionScript ??= sampan(['completion', 'bash']);
  const { stdout: script } = await completionScript;
  const folder = mkdtempSync(join(tmpdir(), 'sampan-completion-'));
  try {
    const program = join(folder, 'sampan');
    writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`, { mode: 0o755 });
    const list = words.map((word) => JSON.stringify(word)).join(' ');
    const lines = `${script}
COMP_WORDS=(${program} ${list}); COMP_CWORD=${words.length}; _sampan
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { ...process.env, SAMPAN_HOME: home };
    const { stdout } = spawnSync('bash', ['-c', lines], { encoding: 'utf8', env });
    return stdout.trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
