import type { KubeObject } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, Informer, REFS, type ResourceRef } from '@sampan/machinery';
import type { Namespace, NetworkPolicy } from '../policy/objects.ts';
import type { EndpointSlice, Pod, Service } from '../services/objects.ts';

const POLICIES: ResourceRef = {
  group: 'networking.k8s.io',
  version: 'v1',
  resource: 'networkpolicies',
  kind: 'NetworkPolicy',
  namespaced: true,
};

/** All that the network of a cluster follows from. */
export class ClusterInformers {
  readonly services: Informer<Service>;
  readonly slices: Informer<EndpointSlice>;
  readonly pods: Informer<Pod>;
  readonly namespaces: Informer<Namespace>;
  readonly policies: Informer<NetworkPolicy>;

  constructor(client: Client, clock: Clock, log: Logger) {
    const of = <T extends KubeObject>(ref: ResourceRef) => new Informer<T>({ client, ref, clock, log });
    this.services = of(REFS.services);
    this.slices = of(REFS.endpointSlices);
    this.pods = of(REFS.pods);
    this.namespaces = of(REFS.namespaces);
    this.policies = of(POLICIES);
  }

  start(): void {
    for (const informer of this.#all()) informer.start();
  }

  stop(): void {
    for (const informer of this.#all()) informer.stop();
  }

  async synced(): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.synced()));
  }

  #all() {
    return [this.services, this.slices, this.pods, this.namespaces, this.policies] as const;
  }
}
