import type { Logger } from '@sampan/base';
import { KeptProcess } from '../processes/kept-process.ts';
import { reachHome } from '../processes/reach-home.ts';

export const DEFAULT_HUB_PORT = 5000;

export interface HubProcessOptions {
  /** Told by the user: this one or none. 0: any free one. */
  readonly wanted: number | undefined;
  /** Of the last start. */
  readonly remembered: number | undefined;
  readonly log: Logger;
  /** It listens on this port from now on: told at the first start, and when the port is another. */
  readonly listens: (port: number) => void;
}

/** What the hub process says when it is ready. */
export interface HubReady {
  /** For plain HTTP on loopback. */
  readonly port: number;
  /** The port that was to be used but was taken. */
  readonly portTaken?: number;
}

/** The process that holds the registry, as this one sees it: started again when it dies, at the same port. */
export class HubProcess {
  readonly #process: KeptProcess<undefined, HubReady>;
  readonly #told: (port: number) => void;
  /** What it is asked for. */
  #port: number;
  readonly #answers = Promise.withResolvers<void>();
  /** What it said last. */
  #listening: number | undefined;

  constructor({ wanted, remembered, log, listens }: HubProcessOptions) {
    this.#told = listens;
    this.#port = wanted ?? remembered ?? DEFAULT_HUB_PORT;
    const isWanted = wanted !== undefined && wanted !== 0;
    this.#process = new KeptProcess({
      name: 'hub',
      log,
      launcher: reachHome,
      args: () => [`--port=${this.#port}`, ...(isWanted ? ['--exactly'] : [])],
      attach: (child) => {
        void this.#answers.promise.then(() => child.connected && child.send({ kind: 'api' }));
        return undefined;
      },
      detach: () => {},
      restarted: ({ port }) => this.#listens(port),
    });
  }

  /** Has it look at the Kubernetes API, which answers from now on; it is not ready before. */
  apiAnswers(): void {
    this.#answers.resolve();
  }

  /** Resolves when it answers, starting it if need be. Throws `port-in-use`, `port-refused`, `home-locked`. */
  async start(): Promise<HubReady> {
    const { ready } = await this.#process.start();
    this.#listens(ready.port);
    return ready;
  }

  /** Ends it; resolves when its storage is closed. May be called twice. */
  stop(): Promise<void> {
    return this.#process.stop();
  }

  #listens(port: number): void {
    this.#port = port;
    if (port === this.#listening) return;
    this.#listening = port;
    this.#told(port);
  }
}
