import type { MachineQuota } from '@sampan/clusters';
import { DEFAULT_RESERVED, type Machine, type NodeReserved } from '@sampan/kubelet';

/** What of the machine is a cluster's node. */
export interface NodeBounds {
  /** With no more CPU and memory than the cluster may take. */
  readonly machine: Machine;
  readonly reserved: NodeReserved;
  readonly maxPods: number;
}

/** So many pods a node runs at most, as upstream's. */
const MAX_PODS = 110;

/** Pure. */
export function nodeBounds(machine: Machine, quota: MachineQuota = {}): NodeBounds {
  const { pods = MAX_PODS, milliCpus = Number.POSITIVE_INFINITY, memoryBytes } = quota;
  const isSmaller = memoryBytes !== undefined && memoryBytes < machine.memoryBytes;
  return {
    machine: {
      ...machine,
      cpus: Math.min(machine.cpus, milliCpus / 1000),
      memoryBytes: isSmaller ? memoryBytes : machine.memoryBytes,
    },
    // of what is less than the machine, nothing needs to be left for the machine
    reserved: isSmaller ? { ...DEFAULT_RESERVED, memoryBytes: 0 } : DEFAULT_RESERVED,
    maxPods: Math.min(MAX_PODS, pods),
  };
}

/** For the cgroup of all pods of a cluster: thousandths of a core; absent: as many as there are. */
export function milliCpusOf(
  { machine }: NodeBounds,
  whole: { readonly machine: Machine },
): { readonly milliCpus?: number } {
  return machine.cpus < whole.machine.cpus ? { milliCpus: Math.floor(1000 * machine.cpus) } : {};
}
