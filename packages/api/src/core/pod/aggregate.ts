import type { Quantity } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import { quantity } from '../shared.ts';
import { isSidecar } from './containers.ts';

/** Amounts by resource name. */
export type Amounts = Map<string, Quantity>;

function add(to: Amounts, list: Amounts): void {
  for (const [name, amount] of list) to.set(name, to.get(name)?.add(amount) ?? amount);
}

function raise(to: Amounts, list: Amounts): void {
  for (const [name, amount] of list) {
    const current = to.get(name);
    if (current === undefined || amount.compare(current) > 0) to.set(name, amount);
  }
}

function amounts(list: Record<string, string> | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, value]) => [name, quantity(value)]));
}

/**
 * What a pod's containers need together: the sum of the running ones, and at least what each init container
 * needs beside the sidecars started before it (KEP-753, "Resources calculation for scheduling").
 */
function aggregate(spec: k8s.PodSpec, kind: 'requests' | 'limits'): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers ?? []) add(total, amounts(container.resources?.[kind]));
  const sidecars: Amounts = new Map();
  const initial: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    const own = amounts(container.resources?.[kind]);
    if (isSidecar(container)) {
      add(total, own);
      add(sidecars, own);
      raise(initial, sidecars);
    } else {
      add(own, sidecars);
      raise(initial, own);
    }
  }
  raise(total, initial);
  return total;
}

export const aggregateContainerRequests = (spec: k8s.PodSpec): Amounts => aggregate(spec, 'requests');
export const aggregateContainerLimits = (spec: k8s.PodSpec): Amounts => aggregate(spec, 'limits');

/** What the scheduler and quotas count for a pod: pod-level values where set, and the overhead (resourcehelper.PodRequests). */
export function podRequests(spec: k8s.PodSpec): Amounts {
  const total = aggregateContainerRequests(spec);
  for (const [name, amount] of amounts(spec.resources?.requests)) total.set(name, amount);
  add(total, amounts(spec.overhead));
  return total;
}

export function podLimits(spec: k8s.PodSpec): Amounts {
  const total = aggregateContainerLimits(spec);
  for (const [name, amount] of amounts(spec.resources?.limits)) total.set(name, amount);
  for (const [name, amount] of amounts(spec.overhead)) {
    const current = total.get(name);
    if (current !== undefined && !current.isZero()) total.set(name, current.add(amount));
  }
  return total;
}
