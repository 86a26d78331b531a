import type { k8s } from '@sampan/api';
import type { ImageStatus, RuntimeConditions } from '../runtime/index.ts';
import type { Machine } from './machine.ts';

export interface NodeStatusInput {
  readonly machine: Machine;
  readonly addresses: readonly k8s.NodeAddress[];
  readonly runtime: { readonly name: string; readonly version: string };
  /** What the agent says it is, as `kubeletVersion`. */
  readonly version: string;
  readonly conditions: RuntimeConditions;
  readonly pressure: NodePressure;
  readonly images: readonly ImageStatus[];
  readonly reserved: NodeReserved;
  readonly maxPods: number;
  readonly handlers: readonly string[];
  readonly previous: readonly k8s.NodeCondition[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What the node is short of. */
export interface NodePressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly pids: boolean;
}

export const NO_PRESSURE: NodePressure = { memory: false, disk: false, pids: false };

/** Not for pods: of memory in bytes, of CPU in thousandths, of disk as a part. */
export interface NodeReserved {
  readonly memoryBytes: number;
  readonly milliCpus: number;
  readonly diskPart: number;
}

/** What the eviction thresholds keep free (kubelet's defaults). */
export const DEFAULT_RESERVED: NodeReserved = { memoryBytes: 100 * 2 ** 20, milliCpus: 0, diskPart: 0.05 };

/** So many images are named, the largest first (kubelet nodeStatusMaxImages). */
const MOST_IMAGES = 50;
/** And so many names of each (maxNamesPerImageInNodeStatus). */
const MOST_NAMES = 5;

/** The status of a node (kubelet nodestatus/setters.go). Pure. */
export function nodeStatus(input: NodeStatusInput): k8s.NodeStatus {
  const { machine, runtime, version, addresses, images } = input;
  return {
    ...nodeResources(input),
    conditions: nodeConditions(input),
    addresses: [...addresses],
    daemonEndpoints: { kubeletEndpoint: { Port: 0 } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
      kubeletVersion: version,
      kubeProxyVersion: version,
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
    images: images
      .toSorted((a, b) => b.size - a.size)
      .slice(0, MOST_IMAGES)
      .map(({ tags, digests, size }) => ({
        names: [...digests, ...tags].slice(0, MOST_NAMES),
        sizeBytes: size,
      })),
    runtimeHandlers: input.handlers.map((name) => ({
      name,
      features: { recursiveReadOnlyMounts: false, userNamespaces: false },
    })),
  };
}

/** Capacity, and what of it pods may use. */
export function nodeResources({
  machine,
  reserved,
  maxPods,
}: Pick<NodeStatusInput, 'machine' | 'reserved' | 'maxPods'>): Required<
  Pick<k8s.NodeStatus, 'capacity' | 'allocatable'>
> {
  const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(maxPods) };
  return {
    capacity: {
      cpu: milli(machine.cpus * 1000),
      memory: kibibytes(machine.memoryBytes),
      'ephemeral-storage': kibibytes(machine.diskBytes),
      ...common,
    },
    allocatable: {
      cpu: milli(machine.cpus * 1000 - reserved.milliCpus),
      memory: kibibytes(machine.memoryBytes - reserved.memoryBytes),
      'ephemeral-storage': String(Math.floor(machine.diskBytes * (1 - reserved.diskPart))),
      ...common,
    },
  };
}

const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;
const milli = (thousandths: number): string =>
  thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;

function nodeConditions({ conditions, pressure, previous, now }: NodeStatusInput): k8s.NodeCondition[] {
  const ready = conditions.ready && conditions.networkReady;
  const wanted = [
    short('MemoryPressure', pressure.memory, 'Memory', 'memory available'),
    short('DiskPressure', pressure.disk, 'Disk', 'disk space available', 'no disk pressure'),
    short('PIDPressure', pressure.pids, 'PID', 'PID available'),
    {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason: ready ? 'KubeletReady' : 'KubeletNotReady',
      message: ready ? 'kubelet is posting ready status' : conditions.message,
    },
  ];
  const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
  return wanted.map((condition) => {
    const old = previous.find(({ type }) => type === condition.type);
    const since = old?.status === condition.status ? old.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: time, lastTransitionTime: since ?? time };
  });
}

function short(type: string, is: boolean, word: string, what: string, none = `sufficient ${what}`) {
  return {
    type,
    status: is ? 'True' : 'False',
    reason: is ? `KubeletHasInsufficient${word}` : (NOT_SHORT[type] ?? ''),
    message: `kubelet has ${is ? `insufficient ${what}` : none}`,
  };
}

const NOT_SHORT: Readonly<Record<string, string>> = {
  MemoryPressure: 'KubeletHasSufficientMemory',
  DiskPressure: 'KubeletHasNoDiskPressure',
  PIDPressure: 'KubeletHasSufficientPID',
};
