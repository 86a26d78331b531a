import { type Logger, messageOf } from '@sampan/base';
import type { ContainerRuntime } from '../runtime/index.ts';

/** Tells when containers have ended, from the runtime's events, which it listens to only while somebody waits. */
export class ContainerExits {
  readonly #runtime: ContainerRuntime;
  readonly #log: Logger;
  readonly #waiting = new Map<string, Set<() => void>>();
  #watching: AbortController | undefined;

  constructor(runtime: ContainerRuntime, log: Logger) {
    this.#runtime = runtime;
    this.#log = log;
  }

  /** Resolves when the container does not run (any more), or the signal aborts. */
  wait(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.getOrInsertComputed(id, () => new Set());
      const done = (): void => {
        signal.removeEventListener('abort', done);
        waiting.delete(done);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        if (this.#waiting.size === 0) this.#watching?.abort();
        resolve();
      };
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
      this.#watch();
      void this.#check(id);
      if (signal.aborted) done();
    });
  }

  #watch(): void {
    if (this.#watching && !this.#watching.signal.aborted) return;
    const control = new AbortController();
    this.#watching = control;
    this.#runtime
      .watch((event) => {
        if (event.kind === 'resync') for (const id of this.#waiting.keys()) void this.#check(id);
        else if (event.kind === 'exited' || event.kind === 'deleted') this.#over(event.id);
      }, control.signal)
      .catch((error: unknown) => this.#log.warn('the runtime tells no events', { error: messageOf(error) }));
  }

  async #check(id: string): Promise<void> {
    try {
      const status = await this.#runtime.containerStatus(id);
      if (status?.state !== 'running') this.#over(id);
    } catch (error) {
      // the runtime went away: its return is an event
      this.#log.debug('cannot read a container', { id, error: messageOf(error) });
    }
  }

  #over(id: string): void {
    for (const done of this.#waiting.get(id) ?? []) done();
  }
}
