import { type k8s, podRequests } from '@sampan/api';
import { bytes, milli } from '../pods/container-resources.ts';
import { CONFIG_SOURCE } from '../static-pods/manifest.ts';

/** Why a pod does not get what it asks for: never on this node, or not now. */
export interface ResizePending {
  readonly reason: 'Infeasible' | 'Deferred';
  readonly message: string;
}

interface Need {
  readonly memory: number;
  readonly cpu: number;
}

/**
 * Whether a pod may have what its spec asks for beside what others were given; undefined: it may (kubelet allocation
 * manager). `allocatable`: of the node.
 */
export function judgeResize(
  pod: k8s.Pod,
  others: Iterable<k8s.Pod>,
  allocatable: Readonly<Record<string, string>>,
): ResizePending | undefined {
  if (pod.metadata?.annotations?.[CONFIG_SOURCE] === 'file')
    return { reason: 'Infeasible', message: 'In-place resize of static-pods is not supported' };
  const capacity = { memory: bytes(allocatable.memory), cpu: milli(allocatable.cpu) };
  const need = needOf(pod);
  for (const name of ['memory', 'cpu'] as const) {
    if (need[name] <= capacity[name]) continue;
    const amounts = `${name}, requested: ${need[name]}, capacity: ${capacity[name]}`;
    return { reason: 'Infeasible', message: `Node didn't have enough capacity: ${amounts}` };
  }
  const used = sum(others);
  for (const name of ['cpu', 'memory'] as const) {
    if (need[name] + used[name] <= capacity[name]) continue;
    const amounts = `${name}, requested: ${need[name]}, used: ${used[name]}, capacity: ${capacity[name]}`;
    return { reason: 'Deferred', message: `Node didn't have enough resource: ${amounts}` };
  }
  return undefined;
}

/** Thousandths of a core; bytes. */
function needOf({ spec = {} }: k8s.Pod): Need {
  const requests = podRequests(spec);
  return { cpu: requests.get('cpu')?.milliValue() ?? 0, memory: requests.get('memory')?.value() ?? 0 };
}

function sum(pods: Iterable<k8s.Pod>): Need {
  let [cpu, memory] = [0, 0];
  for (const pod of pods) {
    const need = needOf(pod);
    cpu += need.cpu;
    memory += need.memory;
  }
  return { cpu, memory };
}
