import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on all of the machine's addresses. Whoever gets `the machine` of it has reached the machine. */
export class MachineTrap {
  /** Paths that were asked for. */
  readonly visits: string[] = [];
  readonly #server: Server;

  static async start(): Promise<MachineTrap> {
    const trap = new MachineTrap();
    await new Promise<void>((resolve) => trap.#server.listen(0, '0.0.0.0', resolve));
    return trap;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      this.visits.push(request.url ?? '');
      response.end('the machine');
    });
  }

  forget(): void {
    this.visits.length = 0;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
