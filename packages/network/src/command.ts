import { spawn } from 'node:child_process';
import { SampanError } from '@sampan/base';

export interface CommandOptions {
  /** The file of a network namespace to run in; default: the process's own. */
  readonly netns?: string | undefined;
  /** Default: none. */
  readonly input?: string;
  /** After this the command is killed and has failed. Default 30 s. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** The folder it runs in; default: the process's own. */
  readonly cwd?: string;
}

/** Runs a program of the system; the error carries what it said. Resolves with its standard output. */
export async function run(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { netns, input = '', timeoutMs = 30_000, env = {}, cwd } = options;
  const [program, all] =
    netns === undefined ? [command, args] : ['nsenter', [`--net=${netns}`, '--', command, ...args]];
  const child = spawn(program, all, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    env: { ...SYSTEM_ENV, ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < 4096) stderr += text;
  });
  // it may end before it has read all: its exit code says why
  child.stdin.on('error', () => {}).end(input);
  child.on('error', (cause) => reject(failure(command, args, cause.message, cause)));
  child.on('close', (code, signal) => {
    if (code === 0) resolve(stdout);
    else reject(failure(command, args, stderr.trim() || stdout.trim() || `ended with ${signal ?? code}`));
  });
  return promise;
}

/** Nothing of the process's own environment changes what the programs do. */
export const SYSTEM_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
};

const failure = (command: string, args: readonly string[], why: string, cause?: unknown): SampanError =>
  new SampanError('network-command-failed', `${[command, ...args].join(' ')}: ${why}`, {
    hint: 'Run it by hand to see more; it needs root and the packages nftables, iproute2 and containernetworking-plugins.',
    ...(cause === undefined ? {} : { cause }),
  });
