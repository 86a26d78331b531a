/** Pods by the API, timed from their creation to the watch event that says they run. */
import { performance } from 'node:perf_hooks';
import type { KubeObject } from '@sampan/api';
import { HttpClient, parseKubeconfig, REFS } from '@sampan/machinery';

const NAMESPACE = 'bench';

export class ApiPods {
  readonly #client: HttpClient;
  readonly #image: string;
  readonly #waiting = new Map<string, () => void>();
  readonly #gone = new Map<string, () => void>();
  #endWatch: () => void = () => {};
  #count = 0;

  private constructor(client: HttpClient, image: string) {
    this.#client = client;
    this.#image = image;
  }

  static async open(kubeconfig: string, image: string): Promise<ApiPods> {
    const client = new HttpClient(await parseKubeconfig(kubeconfig), { name: 'bench' });
    const pods = new ApiPods(client, image);
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await client.create(REFS.namespaces, namespace);
    for (;;) {
      const account = await client.get(REFS.serviceAccounts, NAMESPACE, 'default').catch(() => undefined);
      if (account) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    pods.#watch();
    return pods;
  }

  /** Milliseconds until it runs. */
  async start(): Promise<number> {
    const name = `pod-${this.#count++}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(name, resolve);
    const began = performance.now();
    await this.#client.create<KubeObject>(REFS.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'c', image: this.#image, command: ['sleep', '100000'] }],
      },
    });
    await promise;
    return performance.now() - began;
  }

  async removeAll(): Promise<void> {
    const { items } = await this.#client.list<KubeObject>(REFS.pods, { namespace: NAMESPACE });
    const gone = items.map(({ metadata: { name = '' } }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#gone.set(name, resolve);
      return promise;
    });
    for (const { metadata } of items)
      await this.#client.delete(REFS.pods, NAMESPACE, metadata.name ?? '', { gracePeriodSeconds: 0 });
    await Promise.all(gone);
  }

  close(): void {
    this.#endWatch();
    this.#client.close();
  }

  #watch(): void {
    this.#endWatch = this.#client.watch<KubeObject>(
      REFS.pods,
      { namespace: NAMESPACE },
      {
        onEvent: ({ type, object }) => {
          const { name = '' } = object.metadata;
          if (type === 'DELETED') this.#gone.get(name)?.();
          else if (object.status?.phase === 'Running') this.#waiting.get(name)?.();
        },
        onEnd: (error) => {
          throw error ?? new Error('the watch ended');
        },
      },
    );
  }
}
