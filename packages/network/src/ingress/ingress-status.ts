import { hostname } from 'node:os';
import type { k8s } from '@sampan/api';
import { type Clock, deepEqual, type Logger, messageOf } from '@sampan/base';
import { type Client, EventRecorder, keyOf } from '@sampan/machinery';
import type { ProxyPorts } from './haproxy-config.ts';
import type { IngressProblem } from './ingress-backends.ts';
import { INGRESSES } from './ingress-informers.ts';
import { INGRESS_CONTROLLER, type Ingress } from './objects.ts';

/** Tells users where their Ingresses answer, and what is wrong with them. */
export class IngressStatus {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #events: EventRecorder;
  /** What was told, and is still so. */
  #told: ReadonlySet<string> = new Set();

  constructor({ client, clock, log }: { client: Client; clock: Clock; log: Logger }) {
    this.#client = client;
    this.#log = log;
    this.#events = new EventRecorder({
      client,
      clock,
      log,
      controller: INGRESS_CONTROLLER,
      instance: hostname(),
    });
  }

  /** Does not fail: what could not be written is tried again with the next change. */
  async announce(ingresses: Iterable<Ingress>, address: string, { http, https }: ProxyPorts): Promise<void> {
    const ports = [http, https].map((port) => ({ port, protocol: 'TCP' }));
    await Promise.all(
      [...ingresses].map(({ metadata, status }) =>
        this.#write(metadata.namespace, metadata.name ?? '', status, [{ ip: address, ports }]),
      ),
    );
  }

  /** Each problem once, until it is gone. */
  tell(problems: readonly IngressProblem[]): void {
    const told = new Set<string>();
    for (const { ingress, reason, note } of problems) {
      const key = `${ingress.metadata.uid ?? keyOf(ingress)} ${reason} ${note}`;
      if (!this.#told.has(key) && !told.has(key))
        this.#events.record(ingress, { type: 'Warning', reason, action: 'Configure', note });
      told.add(key);
    }
    this.#told = told;
  }

  /** May be called twice. */
  stop(): void {
    this.#events.stop();
  }

  async #write(
    namespace: string | undefined,
    name: string,
    present: k8s.IngressStatus | undefined,
    ingress: k8s.IngressLoadBalancerIngress[],
  ): Promise<void> {
    if (deepEqual(present?.loadBalancer?.ingress, ingress)) return;
    const patch = { status: { loadBalancer: { ingress } } };
    await this.#client
      .patch(INGRESSES, namespace, name, 'merge', patch, { subresource: 'status' })
      // it is gone, or will be seen in another state soon
      .catch((error: unknown) => {
        this.#log.debug('an Ingress was not announced', { namespace, name, error: messageOf(error) });
      });
  }
}
