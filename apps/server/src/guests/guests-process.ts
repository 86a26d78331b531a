import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import {
  Caller,
  type CallMessage,
  type GuestBackup,
  type GuestHost,
  type GuestListener,
  type GuestOrigin,
  type GuestSettings,
  type GuestState,
} from '@sampan/clusters';

export interface GuestsProcessOptions {
  readonly args: readonly string[];
  readonly log: Logger;
  readonly changed: GuestListener;
  /** Told when it runs again after it died. */
  readonly restarted: () => void;
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

  create = (name: string, settings: GuestSettings, origin?: GuestOrigin): Promise<GuestState> =>
    this.#call('create', name, settings, ...(origin ? [origin] : []));
  configure = (name: string, settings: GuestSettings): Promise<GuestState> =>
    this.#call('configure', name, settings);
  wake = (name: string): Promise<GuestState> => this.#call('wake', name);
  sleep = (name: string): Promise<GuestState> => this.#call('sleep', name);
  remove = (name: string): Promise<void> => this.#call('remove', name);
  phases = (): Promise<Readonly<Record<string, GuestState['phase']>>> => this.#call('phases');
  backup = (name: string, keep: number): Promise<GuestBackup> => this.#call('backup', name, keep);
  restore = (name: string, backup: string): Promise<GuestState> => this.#call('restore', name, backup);
  upgrade = (name: string): Promise<GuestState> => this.#call('upgrade', name);
  rollback = (name: string): Promise<GuestState> => this.#call('rollback', name);
  startRotation = (name: string): Promise<GuestState> => this.#call('startRotation', name);
  finishRotation = (name: string): Promise<GuestState> => this.#call('finishRotation', name);
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
    const unreachable = homeProblem();
    if (unreachable) return Promise.reject(unreachable);
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
        // never in a tight loop; there may be clusters with pods, for which nobody calls
        setTimeout(() => {
          this.#running = undefined;
          this.#start().then(this.#options.restarted, (failure: unknown) =>
            log.error('the guests process does not start', { error: messageOf(failure) }),
          );
        }, RESTART_MS);
      });
    });
  }
}

const gone = (message: string): SampanError =>
  new SampanError('guests-gone', message, { hint: 'It is started again by itself; try again in a moment.' });

/**
 * The server opened what it needs as root, but each cluster's database is opened later, and SQLite names it by its whole
 * path. Undefined: that can be done.
 */
function homeProblem(): SampanError | undefined {
  const home = process.cwd();
  try {
    accessSync(home, constants.X_OK);
    return undefined;
  } catch (error) {
    return new SampanError(
      'home-unreachable',
      `The server's user cannot reach ${home}, and so holds no clusters: ${messageOf(error)}`,
      { hint: 'Open the folders above it to all (chmod o+x), or use another home.', cause: error },
    );
  }
}

/** Beside this program when bundled, else its source. */
function guestsProgram(): string {
  const places = ['guests.mjs', '../guests.mjs', '../../../guests/src/main.ts'];
  const found = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (!found)
    throw new SampanError('not-built', 'The guests program is not built.', { hint: 'Run: make build' });
  return found;
}
