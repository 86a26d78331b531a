import type { k8s } from '@sampan/api';
import type { CgroupUsage, MemoryUse } from './cgroup-usage.ts';

/** A container that runs, as its pod's status has it. */
export interface RunningContainer {
  readonly name: string;
  readonly id: string;
  /** RFC 3339. */
  readonly startedAt: string;
}

export interface ContainerReading extends RunningContainer {
  readonly usage: CgroupUsage;
}

/** What was read of one pod. */
export interface PodReading {
  readonly pod: k8s.Pod;
  readonly usage: CgroupUsage;
  readonly containers: readonly ContainerReading[];
}

export function runningContainers({ status }: k8s.Pod): RunningContainer[] {
  const all = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.flatMap(({ name, containerID, state }) => {
    const id = containerID?.replace(/^\w+:\/\//, '');
    return state?.running && id ? [{ name, id, startedAt: state.running.startedAt ?? '' }] : [];
  });
}

/**
 * The containers of a pod, each with its share of what the sandbox uses where that is what they run in: a kernel of the
 * pod's own, which pods with an overhead have (KEP-688), and with `ownKernel` those without a runtime class. Pure.
 */
export function withSandboxShare(
  { pod, usage, containers }: PodReading,
  ownKernel = false,
): readonly ContainerReading[] {
  const { overhead, runtimeClassName } = pod.spec ?? {};
  const shares = overhead !== undefined || (ownKernel && !runtimeClassName);
  if (!shares || containers.length === 0) return containers;
  const share = (of: (usage: CgroupUsage) => number): number => {
    const own = containers.reduce((sum, container) => sum + of(container.usage), 0);
    return Math.max(0, Math.floor((of(usage) - own) / containers.length));
  };
  const memoryShare = (name: Exclude<keyof MemoryUse, 'limit'>) => share(({ memory }) => memory[name]);
  const [cpu, use, set, rss] = [
    share(({ cpuNanoseconds }) => cpuNanoseconds),
    memoryShare('usage'),
    memoryShare('workingSet'),
    memoryShare('rss'),
  ];
  return containers.map((container) => ({
    ...container,
    usage: {
      ...container.usage,
      cpuNanoseconds: container.usage.cpuNanoseconds + cpu,
      memory: {
        ...container.usage.memory,
        usage: container.usage.memory.usage + use,
        workingSet: container.usage.memory.workingSet + set,
        rss: container.usage.memory.rss + rss,
      },
    },
  }));
}
