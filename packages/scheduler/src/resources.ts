import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';

/** Places of resources in a vector: these three first, others as they are met. */
export const CPU = 0;
export const MEMORY = 1;
export const EPHEMERAL = 2;

/**
 * Numbers resource names, so that amounts are arrays. CPU is in thousandths of a core, everything else in whole
 * units (bytes, devices).
 */
export class ResourceNames {
  readonly #places = new Map<string, number>([
    ['cpu', CPU],
    ['memory', MEMORY],
    ['ephemeral-storage', EPHEMERAL],
  ]);
  readonly #names = ['cpu', 'memory', 'ephemeral-storage'];

  place(name: string): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#names.length;
      this.#places.set(name, place);
      this.#names.push(name);
    }
    return place;
  }

  name(place: number): string {
    return this.#names[place] ?? '';
  }

  amount(place: number, text: string | number): number {
    const quantity = Quantity.tryParse(String(text));
    if (quantity === undefined) return 0;
    return place === CPU ? quantity.milliValue() : quantity.value();
  }

  /** Without `pods`, which is a limit of its own. */
  vector(list: Readonly<Record<string, string>> | undefined): number[] {
    const vector: number[] = [0, 0, 0];
    for (const [name, text] of Object.entries(list ?? {})) {
      if (name === 'pods') continue;
      const place = this.place(name);
      while (vector.length <= place) vector.push(0);
      vector[place] = this.amount(place, text);
    }
    return vector;
  }
}

/** What containers that ask for nothing count for in scores (upstream's non_zero.go): 0.1 core and 200 MB. */
const DEFAULT_CPU = 100;
const DEFAULT_MEMORY = 200 * 1024 * 1024;

export interface PodAmounts {
  readonly requests: number[];
  /** CPU and memory for scores: containers without a request count for a default. */
  readonly scoredCpu: number;
  readonly scoredMemory: number;
}

function addTo(to: number[], other: readonly number[]): void {
  for (let i = 0; i < other.length; i++) to[i] = (to[i] ?? 0) + (other[i] ?? 0);
}

function raiseTo(to: number[], other: readonly number[]): void {
  for (let i = 0; i < other.length; i++) to[i] = Math.max(to[i] ?? 0, other[i] ?? 0);
}

/**
 * What a pod takes on its node (component-helpers PodRequests): the running containers and sidecars together, at
 * least what each init container needs beside the sidecars before it, pod-level values where set, the overhead.
 * While a resize is under way the larger of what is asked for and what is there counts (KEP-1287).
 */
export function podAmounts(
  names: ResourceNames,
  spec: k8s.PodSpec,
  status: k8s.PodStatus | undefined,
): PodAmounts {
  const asked = aggregate(names, spec, status, false);
  const scored = aggregate(names, spec, status, true);
  for (const vector of [asked, scored]) {
    const podLevel = names.vector(spec.resources?.requests);
    for (let i = 0; i < podLevel.length; i++) if (podLevel[i]) vector[i] = podLevel[i] ?? 0;
    if (spec.overhead) addTo(vector, names.vector(spec.overhead));
  }
  return { requests: asked, scoredCpu: scored[CPU] ?? 0, scoredMemory: scored[MEMORY] ?? 0 };
}

function aggregate(
  names: ResourceNames,
  spec: k8s.PodSpec,
  status: k8s.PodStatus | undefined,
  scored: boolean,
): number[] {
  const statuses = statusRequests(names, status);
  const vectorOf = (container: k8s.Container): number[] => {
    const vector = names.vector(container.resources?.requests);
    const present = statuses?.get(container.name);
    if (present) raiseTo(vector, present);
    if (scored && !container.resources?.requests?.cpu) vector[CPU] = DEFAULT_CPU;
    if (scored && !container.resources?.requests?.memory) vector[MEMORY] = DEFAULT_MEMORY;
    return vector;
  };
  const total: number[] = [0, 0, 0];
  for (const container of spec.containers ?? []) addTo(total, vectorOf(container));
  const sidecars: number[] = [];
  const initial: number[] = [];
  for (const container of spec.initContainers ?? []) {
    const own = vectorOf(container);
    if (container.restartPolicy === 'Always') {
      addTo(total, own);
      addTo(sidecars, own);
      raiseTo(initial, sidecars);
    } else {
      addTo(own, sidecars);
      raiseTo(initial, own);
    }
  }
  raiseTo(total, initial);
  return total;
}

function statusRequests(
  names: ResourceNames,
  status: k8s.PodStatus | undefined,
): Map<string, number[]> | undefined {
  let found: Map<string, number[]> | undefined;
  for (const { name, resources, allocatedResources } of status?.containerStatuses ?? []) {
    if (!resources?.requests && !allocatedResources) continue;
    const vector = names.vector(resources?.requests);
    raiseTo(vector, names.vector(allocatedResources));
    found ??= new Map();
    found.set(name, vector);
  }
  return found;
}
