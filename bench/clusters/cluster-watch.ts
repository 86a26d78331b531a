/** Follows what becomes of Cluster objects. */
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import type { Access } from '../apiserver/http.ts';

interface Seen {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly phase?: string; readonly observedGeneration?: number };
}

interface Waiter {
  readonly generation: number;
  readonly phase: string;
  resolve(): void;
}

export class ClusterWatch {
  readonly #request: ClientRequest;
  readonly #seen = new Map<string, Seen>();
  readonly #waiters = new Map<string, Waiter>();

  private constructor(watch: ClientRequest) {
    this.#request = watch;
  }

  static start({ url, ca, cert = '', key = '' }: Access): Promise<ClusterWatch> {
    return new Promise((resolve, reject) => {
      const asked = request(`${url}/apis/clusters.sampan.dev/v1/clusters?watch=true`, {
        agent: false,
        ca,
        cert,
        key,
      });
      asked.once('error', reject);
      asked.once('response', (answer) => {
        const watch = new ClusterWatch(asked);
        const lines = createInterface({ input: answer });
        lines.on('line', (line) => watch.#take((JSON.parse(line) as { object: Seen }).object));
        // its end is ours, or shows in what is waited for
        lines.on('error', () => {});
        resolve(watch);
      });
      asked.end();
    });
  }

  /** Resolves when the controller has acted on a generation with this outcome. One caller for each cluster. */
  reached(name: string, generation: number, phase: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.set(name, { generation, phase, resolve });
      this.#look(name);
    });
  }

  stop(): void {
    // what ends here is no error
    this.#request.on('error', () => {});
    this.#request.destroy();
  }

  #take(cluster: Seen): void {
    this.#seen.set(cluster.metadata.name, cluster);
    this.#look(cluster.metadata.name);
  }

  #look(name: string): void {
    const waiter = this.#waiters.get(name);
    const { phase, observedGeneration = 0 } = this.#seen.get(name)?.status ?? {};
    if (!waiter || phase !== waiter.phase || observedGeneration < waiter.generation) return;
    this.#waiters.delete(name);
    waiter.resolve();
  }
}
