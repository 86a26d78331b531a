import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { PROGRAM_FOLDERS } from '../program-folders.ts';

export interface BackgroundProgram {
  /** For messages: `Sampan`, `The node`. */
  readonly title: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Of the runtime, for this program alone. */
  readonly flags?: readonly string[];
  /** What it says before it has a log of its own. */
  readonly startLog: string;
  /** Where people look when it fails. */
  readonly logHint: string;
}

/** What such a program tells the one that started it, over IPC. */
type Message<T> =
  | ({ readonly type: 'ready' } & T)
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

/** The file of a program that is bundled beside this one, or else its source. Throws `not-built`. */
export function programFile(bundle: string, source: string): string {
  const places = [bundle, `../${bundle}`, `../../../${source}`];
  const found = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (!found) throw new SampanError('not-built', `${bundle} is not built.`, { hint: 'Run: make build' });
  return found;
}

/**
 * Starts a program in the background and waits until it says that it is ready; resolves with what it said. Throws
 * what stopped it, as a SampanError.
 */
export async function startInBackground<T extends object>(
  options: BackgroundProgram,
  timeoutMs: number,
): Promise<T & { readonly pid: number }> {
  const errors = openAnew(options.startLog);
  const flags = [...process.execArgv, ...(options.flags ?? [])];
  const child = spawn(process.execPath, [...flags, options.program, ...options.args], {
    detached: true,
    // it must not keep a folder of somebody's from being removed or unmounted
    cwd: '/',
    stdio: ['ignore', 'ignore', errors, 'ipc'],
    // a terminal's variables are of no use to a daemon, and its flags must be the ones given here
    env: {
      ...process.env,
      PATH: systemPath(),
      SAMPAN_HOME: undefined,
      SAMPAN_PORT: undefined,
      // glibc: an arena for each thread keeps what others would use again
      MALLOC_ARENA_MAX: '2',
    },
  });
  closeSync(errors);
  try {
    return { ...(await firstWord<T>(child, options, timeoutMs)), pid: child.pid ?? 0 };
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** Never writes to what somebody else put there, a link for example: this may be root, and the folder the server's. */
function openAnew(file: string): number {
  // a new file in the old one's place: two that start at the same moment do not meet, and no link is followed
  const own = `${file}.${process.pid}`;
  rmSync(own, { force: true });
  const handle = openSync(own, 'wx', 0o600);
  renameSync(own, file);
  return handle;
}

/** What `su` gives to root lacks the folders of programs for root. */
function systemPath(): string {
  const folders = (process.env.PATH ?? '').split(':').filter(Boolean);
  return [...new Set([...folders, ...PROGRAM_FOLDERS])].join(':');
}

function firstWord<T>(child: ChildProcess, options: BackgroundProgram, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(notReady(options, timeoutMs));
    }, timeoutMs);
    const done = () => clearTimeout(timer);
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      done();
      // its last word may still be on its way
      const decide = () => setImmediate(() => reject(ended(options, signal ?? `exit code ${code}`)));
      if (child.connected) child.once('disconnect', decide);
      else decide();
    });
    child.once('message', (message: Message<T>) => {
      done();
      if (message.type === 'ready') resolve(message);
      else
        reject(
          new SampanError(
            message.code,
            message.message,
            message.hint === undefined ? {} : { hint: message.hint },
          ),
        );
    });
  });
}

function notReady({ title, logHint }: BackgroundProgram, timeoutMs: number): SampanError {
  return new SampanError(
    'start-timeout',
    `${title} was not ready after ${timeoutMs / 1000} s, and was stopped.`,
    { hint: `See: ${logHint}. A slow machine may need more time: sampan up --timeout 300` },
  );
}

function ended({ title, startLog, logHint }: BackgroundProgram, how: string): SampanError {
  const lines = readFileSync(startLog, 'utf8').trim().split('\n').slice(-15).join('\n');
  return new SampanError(
    'start-failed',
    `${title} ended while it started (${how}).${lines ? `\n${lines}` : ''}`,
    {
      hint: `See: ${logHint}, and ${startLog}`,
    },
  );
}
