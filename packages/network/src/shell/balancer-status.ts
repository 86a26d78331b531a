import { hostname } from 'node:os';
import { type Clock, type Logger, messageOf } from '@sampan/base';
import { type Client, EventRecorder, REFS } from '@sampan/machinery';
import { planBalancers } from '../services/load-balancers.ts';
import type { Service } from '../services/objects.ts';

const CONTROLLER = 'sampan.io/load-balancer';

/** Writes what load balancers have into the status of their Services. */
export class BalancerStatus {
  readonly #client: Client;
  readonly #log: Logger;
  readonly #address: string;
  readonly #events: EventRecorder;
  /** By uid, what was said of those that wait. */
  #announced: ReadonlyMap<string, string> = new Map();

  constructor(address: string, { client, clock, log }: { client: Client; clock: Clock; log: Logger }) {
    this.#client = client;
    this.#log = log;
    this.#address = address;
    this.#events = new EventRecorder({ client, clock, log, controller: CONTROLLER, instance: hostname() });
  }

  /** Does not fail: what could not be written is tried again with the next change. */
  async update(services: Iterable<Service>, mayExpose: Parameters<typeof planBalancers>[2]): Promise<void> {
    const announced = new Map<string, string>();
    for (const { service, ingress, waitsFor } of planBalancers(services, this.#address, mayExpose)) {
      if (waitsFor !== undefined) announced.set(service.metadata.uid ?? '', waitsFor);
      if (waitsFor !== undefined && this.#announced.get(service.metadata.uid ?? '') !== waitsFor)
        this.#events.record(service, {
          type: 'Warning',
          reason: 'PortTaken',
          action: 'Balance',
          note: `A port is taken on ${this.#address} by ${waitsFor}; choose another port`,
        });
      if (ingress) await this.#write(service, ingress);
    }
    this.#announced = announced;
  }

  /** May be called twice. */
  stop(): void {
    this.#events.stop();
  }

  async #write({ metadata }: Service, ingress: readonly object[]): Promise<void> {
    const { namespace, name = '' } = metadata;
    const patch = { status: { loadBalancer: { ingress } } };
    await this.#client
      .patch(REFS.services, namespace, name, 'merge', patch, { subresource: 'status' })
      // it is gone, or will be seen in another state soon
      .catch((error: unknown) => {
        this.#log.debug('a load balancer was not announced', { namespace, name, error: messageOf(error) });
      });
  }
}
