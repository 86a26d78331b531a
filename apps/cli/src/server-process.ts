import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import type { HomeLayout } from '@sampan/home';

export interface StartOptions {
  readonly home: HomeLayout;
  readonly port: number | undefined;
  readonly listen: string | undefined;
  readonly legacyApis: boolean;
}

export interface Started {
  readonly pid: number;
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken: number | undefined;
}

/** The server's program: beside this one when bundled, else its source. */
export function serverProgram(): string {
  const places = ['server.mjs', '../server.mjs', '../../server/src/main.ts'];
  const found = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (!found) throw new SampanError('not-built', 'The server is not built.', { hint: 'Run: make build' });
  return found;
}

export function serverArguments({ home, port, listen, legacyApis }: StartOptions): string[] {
  return [
    `--home=${home.root}`,
    ...(port === undefined ? [] : [`--port=${port}`]),
    ...(listen === undefined ? [] : [`--listen=${listen}`]),
    ...(legacyApis ? ['--legacy-apis'] : []),
  ];
}

/** Starts the server in the background and waits until it is ready. Throws what stopped it, as a SampanError. */
export async function startInBackground(options: StartOptions, timeoutMs: number): Promise<Started> {
  const errors = openSync(options.home.startLog, 'w', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, serverProgram(), ...serverArguments(options)], {
    detached: true,
    stdio: ['ignore', 'ignore', errors, 'ipc'],
    // a terminal's variables are of no use to a daemon, and its flags must be the ones given here
    env: { ...process.env, SAMPAN_HOME: undefined, SAMPAN_PORT: undefined },
  });
  closeSync(errors);
  try {
    return await firstWord(child, options.home, timeoutMs);
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function firstWord(child: ChildProcess, home: HomeLayout, timeoutMs: number): Promise<Started> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(notReady(timeoutMs));
    }, timeoutMs);
    const done = () => clearTimeout(timer);
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      done();
      reject(ended(home, signal ?? `exit code ${code}`));
    });
    child.once('message', (message: Message) => {
      done();
      if (message.type === 'failed') reject(failure(message));
      else resolve({ pid: child.pid ?? 0, port: message.port, portTaken: message.portTaken });
    });
  });
}

/** As `main-process.ts` of the server sends them. */
type Message =
  | { readonly type: 'ready'; readonly port: number; readonly portTaken?: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

function failure({ code, message, hint }: Extract<Message, { type: 'failed' }>): SampanError {
  return new SampanError(code, message, hint === undefined ? {} : { hint });
}

function notReady(timeoutMs: number): SampanError {
  return new SampanError(
    'start-timeout',
    `Sampan was not ready after ${timeoutMs / 1000} s, and was stopped.`,
    {
      hint: 'See: sampan logs. A slow machine may need more time: sampan up --timeout 300',
    },
  );
}

function ended(home: HomeLayout, how: string): SampanError {
  const lines = readFileSync(home.startLog, 'utf8').trim().split('\n').slice(-15).join('\n');
  return new SampanError(
    'start-failed',
    `Sampan ended while it started (${how}).${lines ? `\n${lines}` : ''}`,
    {
      hint: `See: sampan logs, and ${home.startLog}`,
    },
  );
}
