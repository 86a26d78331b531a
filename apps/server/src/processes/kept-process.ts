import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, messageOf, SampanError } from '@sampan/base';

export interface KeptProcessOptions<Line, Ready> {
  /** Of its program, and in logs: `guests`. */
  readonly name: string;
  readonly log: Logger;
  /** Asked before each start. */
  readonly args: () => readonly string[];
  /** Why it cannot be started now; undefined: it can. */
  readonly problem?: () => SampanError | undefined;
  /** What goes before its command, asked before each start; throws why it cannot be started now. */
  readonly launcher?: () => readonly string[];
  /** Makes what speaks with it, before it says anything. */
  attach(child: ChildProcess): Line;
  /** It is gone. */
  detach(line: Line, reason: SampanError): void;
  /** It runs again after it died. */
  restarted(ready: Ready): void;
}

/** The first that such a process says: that it is ready, with what else there is to say, or why it is not. */
type FirstWord<Ready> =
  | ({ readonly kind: 'ready' } & Ready)
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string };

export interface Kept<Line, Ready> {
  readonly line: Line;
  readonly ready: Ready;
}

interface Running<Line, Ready> extends Kept<Line, Ready> {
  readonly child: ChildProcess;
}

/** Between its end and its next start; twice as long after each that fails, up to the longest. */
const RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;

/**
 * A process of Sampan's own beside this one, with its user and its folder: started when first asked for, started again
 * when it dies. It ends with this one, when the channel between them closes.
 */
export class KeptProcess<Line, Ready extends object> {
  readonly #options: KeptProcessOptions<Line, Ready>;
  #running: Promise<Running<Line, Ready>> | undefined;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: KeptProcessOptions<Line, Ready>) {
    this.#options = options;
  }

  /** Resolves when it is ready, starting it if need be. Throws why it is not. */
  start(): Promise<Kept<Line, Ready>> {
    if (this.#isStopped) return Promise.reject(this.#gone('the server stops'));
    if (this.#running) return this.#running;
    let launcher: readonly string[];
    try {
      const problem = this.#options.problem?.();
      if (problem) throw problem;
      launcher = this.#options.launcher?.() ?? [];
    } catch (error) {
      return Promise.reject(error);
    }
    this.#running = this.#spawn(launcher);
    return this.#running;
  }

  /** Ends it; resolves when it has. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    const running = await this.#running?.catch(() => undefined);
    if (!running || running.child.exitCode !== null || running.child.signalCode !== null) return;
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    if (running.child.connected) running.child.disconnect();
    await ended;
  }

  async #spawn(launcher: readonly string[]): Promise<Running<Line, Ready>> {
    const { name, args, attach, detach } = this.#options;
    const [program = process.execPath, ...before] = [...launcher, process.execPath];
    const child = spawn(program, [...before, ...process.execArgv, programOf(name), ...args()], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // its folder is this process's, which cannot be named by a path
      cwd: '.',
    });
    const line = attach(child);
    return new Promise((resolve, reject) => {
      child.once('message', (word: FirstWord<Ready>) => {
        if (word.kind === 'failed') {
          const { code, message, hint } = word;
          reject(new SampanError(code, message, hint === undefined ? {} : { hint }));
          return;
        }
        this.#failures = 0;
        const { kind: _, ...ready } = word;
        resolve({ child, line, ready: ready as unknown as Ready });
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const error = this.#gone(`the ${name} process ended (${signal ?? code})`);
        detach(line, error);
        reject(error);
        if (!this.#isStopped) this.#startLater({ code, signal });
      });
    });
  }

  /** Never in a tight loop; there may be work for it of which nobody tells. */
  #startLater(end: { readonly code: number | null; readonly signal: string | null }): void {
    const { name, log, restarted } = this.#options;
    log.error(`the ${name} process ended`, end);
    const wait = Math.min(RESTART_MS * 2 ** this.#failures++, LONGEST_RESTART_MS);
    this.#restart = setTimeout(() => {
      this.#running = undefined;
      this.start().then(
        ({ ready }) => restarted(ready),
        (failure: unknown) => log.error(`the ${name} process does not start`, { error: messageOf(failure) }),
      );
    }, wait);
  }

  #gone(message: string): SampanError {
    return new SampanError(`${this.#options.name}-gone`, message, {
      hint: 'It is started again by itself; try again in a moment.',
    });
  }
}

/** Beside this program when bundled, else its source. */
function programOf(name: string): string {
  const places = [`${name}.mjs`, `../${name}.mjs`, `../../../${name}/src/main.ts`];
  const found = places.map((place) => join(import.meta.dirname, place)).find((file) => existsSync(file));
  if (!found)
    throw new SampanError('not-built', `The program ${name} is not built.`, { hint: 'Run: make build' });
  return found;
}
