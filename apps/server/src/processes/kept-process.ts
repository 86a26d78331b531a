import { type ChildProcess, spawn } from 'node:child_process';
import { type Logger, messageOf, SampanError } from '@sampan/base';
import { type ProgramStart, programStart } from './programs.ts';

export interface KeptProcessOptions<Line, Ready> {
  /** Of its program, and in logs: `guests`. */
  readonly name: string;
  readonly log: Logger;
  /** Asked before each start. */
  readonly args: () => readonly string[];
  /** What goes before its command, asked before each start; throws why it cannot be started now. */
  readonly launcher?: () => readonly string[];
  /** Makes what speaks with it, before it says anything. */
  attach(child: ChildProcess): Line;
  /** It is gone. */
  detach(line: Line, reason: SampanError): void;
  /** It runs again after it died. */
  restarted(ready: Ready): void;
}

/** What such a process says once: that it is ready, with what else there is to say, or why it is not. */
type StartWord<Ready> =
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
  /** That is not ready yet. */
  #beginning: ChildProcess | undefined;
  #failures = 0;
  #cancelRestart = (): void => {};
  #isStopped = false;

  constructor(options: KeptProcessOptions<Line, Ready>) {
    this.#options = options;
  }

  /**
   * Resolves when it is ready, starting it if need be; waits for one that died and is started again, but for none that
   * keeps failing. Throws why it is not.
   */
  start(): Promise<Kept<Line, Ready>> {
    if (this.#isStopped) return Promise.reject(this.#gone('the server stops'));
    if (this.#running) return this.#running;
    try {
      this.#running = this.#begin();
      return this.#running;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Ends it; resolves when it has. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    // it may wait for what never comes, and has acknowledged nothing
    this.#beginning?.kill('SIGKILL');
    const running = await this.#running?.catch(() => undefined);
    if (!running || running.child.exitCode !== null || running.child.signalCode !== null) return;
    const ended = new Promise((resolve) => running.child.once('exit', resolve));
    if (running.child.connected) running.child.disconnect();
    await ended;
  }

  #begin(): Promise<Running<Line, Ready>> {
    const { launcher, name } = this.#options;
    return this.#spawn(launcher?.() ?? [], programStart(name));
  }

  async #spawn(launcher: readonly string[], start: ProgramStart): Promise<Running<Line, Ready>> {
    const { name, args, attach, detach } = this.#options;
    const [command = '', ...words] = [...launcher, start.command, ...start.args, ...args()];
    const child = spawn(command, words, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', ...start.handles],
      // its folder is this process's, which cannot be named by a path
      cwd: '.',
    });
    this.#beginning = child;
    const line = attach(child);
    return new Promise((resolve, reject) => {
      const hear = (word: StartWord<Ready> | { readonly kind?: undefined }): void => {
        // it may tell of what it does before it is ready
        if (word.kind !== 'ready' && word.kind !== 'failed') return;
        child.off('message', hear);
        if (word.kind === 'failed') {
          const { code, message, hint } = word;
          reject(new SampanError(code, message, hint === undefined ? {} : { hint }));
          return;
        }
        this.#beginning = undefined;
        this.#failures = 0;
        const { kind: _, ...ready } = word;
        resolve({ child, line, ready: ready as unknown as Ready });
      };
      child.on('message', hear);
      let isOver = false;
      const end = (how: string) => {
        if (isOver) return;
        isOver = true;
        this.#beginning = undefined;
        const error = this.#gone(`the ${name} process ended (${how})`);
        detach(line, error);
        reject(error);
        if (!this.#isStopped) this.#startLater(how);
      };
      // one that could not be started has no end; one that cannot be told something may have
      child.on('error', (error) => (child.pid === undefined ? end(messageOf(error)) : undefined));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  /** Never in a tight loop; there may be work for it of which nobody tells. */
  #startLater(how: string): void {
    const { name, log, restarted } = this.#options;
    log.error(`the ${name} process ended`, { how });
    const pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, Math.min(RESTART_MS * 2 ** this.#failures, LONGEST_RESTART_MS));
    this.#cancelRestart = () => {
      clearTimeout(timer);
      pause.reject(this.#gone('the server stops'));
    };
    const next = pause.promise.then(() => {
      this.#running = next;
      try {
        return this.#begin();
      } catch (error) {
        // nothing was started: whoever asks next tries anew
        this.#running = undefined;
        throw error;
      }
    });
    if (this.#failures++ === 0) this.#running = next;
    next.then(
      ({ ready }) => restarted(ready),
      (failure: unknown) => {
        if (this.#isStopped) return;
        log.error(`the ${name} process does not start`, { error: messageOf(failure) });
      },
    );
  }

  #gone(message: string): SampanError {
    return new SampanError(`${this.#options.name}-gone`, message, {
      hint: 'It is started again by itself; try again in a moment.',
    });
  }
}
