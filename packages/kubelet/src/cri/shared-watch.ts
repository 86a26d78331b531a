import type { RuntimeEvent } from '../runtime/index.ts';

type Listener = (event: RuntimeEvent) => void;

/** One subscription to the runtime's events for all who watch; it is there as long as anyone does. */
export class SharedWatch {
  readonly #subscribe: (listener: Listener, signal: AbortSignal) => Promise<void>;
  readonly #listeners = new Set<Listener>();
  #running: { readonly stop: AbortController; readonly ended: Promise<void>; stands: boolean } | undefined;

  constructor(subscribe: (listener: Listener, signal: AbortSignal) => Promise<void>) {
    this.#subscribe = subscribe;
  }

  /** As `ContainerRuntime.watch`. */
  async join(listener: Listener, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    this.#running ??= this.#start();
    const running = this.#running;
    // who comes later is told, too, that the subscription stands
    if (running.stands) listener({ kind: 'resync' });
    const left = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => left.resolve(), { once: true });
    try {
      await Promise.race([left.promise, running.ended]);
    } finally {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0 && this.#running === running) {
        this.#running = undefined;
        running.stop.abort();
      }
    }
  }

  #start() {
    const stop = new AbortController();
    const running = { stop, stands: false, ended: Promise.resolve() };
    const take = (event: RuntimeEvent): void => {
      if (event.kind === 'resync') running.stands = true;
      for (const listener of this.#listeners) listener(event);
    };
    running.ended = this.#subscribe(take, stop.signal);
    // each who watches hears of it
    running.ended.catch(() => {});
    return running;
  }
}
