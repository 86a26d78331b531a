import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, SampanError } from '@sampan/base';
import {
  Caller,
  type CallMessage,
  type GuestHost,
  type GuestListener,
  type GuestSettings,
  type GuestState,
} from '@sampan/clusters';

export interface GuestsProcessOptions {
  readonly args: readonly string[];
  readonly log: Logger;
  readonly changed: GuestListener;
}

/** Not more than so many starts in a row that fail at once. */
const RESTART_MS = 500;

interface Running {
  readonly child: ChildProcess;
  readonly caller: Caller;
}

/**
 * The process that holds the guest clusters, as this one sees it: started when first called, started again when it
 * dies (clusters are files: nothing that was acknowledged is lost).
 */
export class GuestsProcess implements GuestHost {
  readonly #options: GuestsProcessOptions;
  #running: Promise<Running> | undefined;
  #isStopped = false;

  constructor(options: GuestsProcessOptions) {
    this.#options = options;
  }

  create = (name: string, settings: GuestSettings): Promise<GuestState> =>
    this.#call('create', name, settings);
  configure = (name: string, settings: GuestSettings): Promise<GuestState> =>
    this.#call('configure', name, settings);
  wake = (name: string): Promise<GuestState> => this.#call('wake', name);
  sleep = (name: string): Promise<GuestState> => this.#call('sleep', name);
  remove = (name: string): Promise<void> => this.#call('remove', name);
  list = (): Promise<readonly string[]> => this.#call('list');
  state = (name: string): Promise<GuestState> => this.#call('state', name);

  /** Resolves when it answers, starting it if need be. */
  async ready(): Promise<void> {
    await this.#start();
  }

  /** Ends it; resolves when all clusters are closed. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const running = await this.#running?.catch(() => undefined);
    if (!running || running.child.exitCode !== null) return;
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    if (running.child.connected) running.child.disconnect();
    await ended;
  }

  async #call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { caller } = await this.#start();
    return caller.call<T>(method, ...args);
  }

  #start(): Promise<Running> {
    if (this.#isStopped) return Promise.reject(gone('the server stops'));
    this.#running ??= this.#spawn();
    return this.#running;
  }

  async #spawn(): Promise<Running> {
    const { args, log } = this.#options;
    const child = spawn(process.execPath, [...process.execArgv, guestsProgram(), ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // its folder is this process's, which cannot be named by a path
      cwd: '.',
    });
    const caller = new Caller(
      {
        send: (message) => void child.send(message),
        listen: (take) => child.on('message', (message) => take(message as CallMessage)),
      },
      (name, state) => this.#options.changed(name as string, state as GuestState),
    );
    return new Promise((resolve, reject) => {
      child.once('message', () => resolve({ child, caller }));
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const error = gone(`the guests process ended (${signal ?? code})`);
        caller.end(error);
        reject(error);
        if (this.#isStopped) return;
        log.error('the guests process ended', { code, signal });
        // at once for the first caller, but never in a tight loop
        setTimeout(() => {
          this.#running = undefined;
        }, RESTART_MS);
      });
    });
  }
}

const gone = (message: string): SampanError =>
  new SampanError('guests-gone', message, { hint: 'It is started again by itself; try again in a moment.' });

/** Beside this program when bundled, else its source. */
function guestsProgram(): string {
  const places = ['guests.mjs', '../guests.mjs', '../../../guests/src/main.ts'];
  const found = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (!found)
    throw new SampanError('not-built', 'The guests program is not built.', { hint: 'Run: make build' });
  return found;
}
