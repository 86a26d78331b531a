import type { KubeObject } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, Informer, type ListOptions, REFS, type ResourceRef } from '@sampan/machinery';
import type { EndpointSlice, Service } from '../services/objects.ts';
import type { Ingress, IngressClass, Secret } from './objects.ts';

const networking = (resource: string, kind: string, namespaced: boolean): ResourceRef => ({
  group: 'networking.k8s.io',
  version: 'v1',
  resource,
  kind,
  namespaced,
});
export const INGRESSES = networking('ingresses', 'Ingress', true);
export const INGRESS_CLASSES = networking('ingressclasses', 'IngressClass', false);

/** All that a proxy follows from. What only Ingresses need is not followed before there is one. */
export class IngressInformers {
  readonly ingresses: Informer<Ingress>;
  readonly classes: Informer<IngressClass>;
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly secrets: Informer<Secret>;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(client: Client, clock: Clock, log: Logger) {
    const of = <T extends KubeObject>(ref: ResourceRef, options: ListOptions = {}) =>
      new Informer<T>({ client, ref, clock, log, options });
    this.ingresses = of(INGRESSES);
    this.classes = of(INGRESS_CLASSES);
    this.services = of(REFS.services);
    this.slices = of(REFS.endpointSlices);
    this.secrets = of(REFS.secrets, { fieldSelector: 'type=kubernetes.io/tls' });
  }

  onChange(handler: () => void): void {
    for (const informer of [...this.#first(), ...this.#rest()]) informer.onChange(handler);
  }

  /** Resolves when it is known whether there are Ingresses, or at `stop`. */
  async start(): Promise<void> {
    for (const informer of this.#first()) informer.start();
    await this.#synced(this.#first());
  }

  /** Resolves when everything is known, or at `stop`. May be called again. */
  async startRest(): Promise<void> {
    for (const informer of this.#rest()) informer.start();
    await this.#synced(this.#rest());
  }

  async #synced(informers: readonly { synced(): Promise<void> }[]): Promise<void> {
    await Promise.race([Promise.all(informers.map((informer) => informer.synced())), this.#stopped.promise]);
  }

  stop(): void {
    this.#stopped.resolve();
    for (const informer of [...this.#first(), ...this.#rest()]) informer.stop();
  }

  #first() {
    return [this.ingresses, this.classes] as const;
  }

  #rest() {
    return [this.services, this.slices, this.secrets] as const;
  }
}
