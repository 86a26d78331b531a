import { matcherOfLabels } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { type Informer, keyOf, type ObjectChange } from '@sampan/machinery';
import type { Pod } from '../workloads/objects.ts';
import type { Service } from './objects.ts';
import { endpointTraits } from './pod-endpoint.ts';

/**
 * Which pods each Service selects, kept up as both change, so that a change of one pod costs what its Services need
 * and not a look at every pod of the namespace.
 */
export class ServiceMembers {
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #members = new Map<string, Map<string, Pod>>();
  readonly #handlers: ((service: string) => void)[] = [];

  constructor(services: Informer<Service>, pods: Informer<Pod>) {
    this.#services = services;
    this.#pods = pods;
    services.onChange((change) => this.#serviceChanged(change));
    pods.onChange((change) => this.#podChanged(change));
  }

  /** Calls `handler` with the key of each Service that changed, or whose endpoints may have. */
  onChange(handler: (service: string) => void): void {
    this.#handlers.push(handler);
  }

  /** The pods that a Service selects. */
  of(service: string): Iterable<Pod> {
    return this.#members.get(service)?.values() ?? [];
  }

  #tell(service: string): void {
    for (const handler of this.#handlers) handler(service);
  }

  #serviceChanged({ type, object, previous }: ObjectChange<Service>): void {
    const key = keyOf(object);
    const { selector } = object.spec;
    if (type === 'deleted' || !selector) this.#members.delete(key);
    else if (!previous || !deepEqual(selector, previous.spec.selector)) {
      const matcher = matcherOfLabels(selector);
      const members = new Map<string, Pod>();
      for (const pod of this.#pods.byIndex('namespace', object.metadata.namespace ?? '')) {
        if (matcher.matches(pod.metadata.labels)) members.set(keyOf(pod), pod);
      }
      this.#members.set(key, members);
    }
    this.#tell(key);
  }

  #podChanged({ type, object, previous }: ObjectChange<Pod>): void {
    const same = type === 'modified' && previous && endpointTraits(previous) === endpointTraits(object);
    const key = keyOf(object);
    for (const service of this.#services.byIndex('namespace', object.metadata.namespace ?? '')) {
      const members = this.#members.get(keyOf(service));
      if (!members) continue;
      const was = members.has(key);
      const is = type !== 'deleted' && matcherOfLabels(service.spec.selector).matches(object.metadata.labels);
      if (is) members.set(key, object);
      else members.delete(key);
      if (was !== is || (is && !same)) this.#tell(keyOf(service));
    }
  }
}
