import type { Quantity } from '@sampan/base';
import type * as k8s from '../../generated/types.ts';
import { quantity } from '../shared.ts';

export type QOSClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COMPUTE = ['cpu', 'memory'] as const;

/** Quality of service of a pod from its requests and limits of CPU and memory (qos.ComputePodQOS). */
export function podQOS(spec: k8s.PodSpec): QOSClass {
  const podLevel = spec.resources?.requests !== undefined || spec.resources?.limits !== undefined;
  const parts = podLevel
    ? [spec.resources]
    : [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map((container) => container.resources);
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  let guaranteed = true;
  for (const resources of parts) {
    collect(requests, resources?.requests);
    if (collect(limits, resources?.limits) < COMPUTE.length) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  if (!guaranteed || requests.size !== limits.size) return 'Burstable';
  for (const [name, amount] of requests) {
    const limit = limits.get(name);
    if (limit === undefined || !limit.equals(amount)) return 'Burstable';
  }
  return 'Guaranteed';
}

/** Adds the positive amounts of CPU and memory; answers how many there were. */
function collect(to: Map<string, Quantity>, list: Record<string, string> | undefined): number {
  let found = 0;
  if (list === undefined || list === null) return found;
  for (const name of COMPUTE) {
    const value = list[name];
    if (value === undefined) continue;
    const amount = quantity(value);
    if (amount.sign() <= 0) continue;
    found++;
    to.set(name, to.get(name)?.add(amount) ?? amount);
  }
  return found;
}
