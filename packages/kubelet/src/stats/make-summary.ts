import type { k8s } from '@sampan/api';
import type { CgroupUsage } from './cgroup-usage.ts';
import type { CpuRate } from './cpu-rates.ts';
import type { ContainerReading, PodReading } from './pod-usage.ts';
import type {
  ContainerUsage,
  CpuStats,
  FsStats,
  MemoryStats,
  NetworkStats,
  PodStats,
  Summary,
  VolumeStats,
} from './summary.ts';
import { MACHINE, type UsageSample } from './usage-sampler.ts';

/** Of a pod, what is not CPU and memory. */
export interface PodExtras {
  readonly network?: NetworkStats | undefined;
  readonly volumes: readonly VolumeStats[];
  readonly ephemeral: FsStats;
  /** By container's name. */
  readonly containers: ReadonlyMap<string, { readonly rootfs: FsStats; readonly logs: FsStats }>;
}

export interface NodeExtras {
  readonly network?: NetworkStats | undefined;
  readonly fs: FsStats;
  readonly imageFs: FsStats;
}

export interface SummaryInput {
  readonly node: string;
  /** When the machine started: RFC 3339. */
  readonly bootTime: string;
  readonly sample: UsageSample;
  /** Absent: only CPU and memory are asked for. */
  readonly extras?: { readonly node: NodeExtras; readonly pods: ReadonlyMap<string, PodExtras> };
}

/** The summary of a sample (kubelet server/stats/summary.go). Pure. */
export function makeSummary({ node, bootTime, sample, extras }: SummaryInput): Summary {
  const { machine, rates } = sample;
  const time = rfc3339(machine.at);
  return {
    node: {
      nodeName: node,
      startTime: bootTime,
      cpu: cpu(machine, rates.get(MACHINE)),
      memory: memory(machine),
      ...(extras?.node.network && { network: extras.node.network }),
      ...(extras && { fs: extras.node.fs, runtime: { imageFs: extras.node.imageFs } }),
      ...(extras && { rlimit: { time, maxpid: machine.maxPids, curproc: machine.pids } }),
      swap: {
        time,
        swapAvailableBytes: machine.swapTotal - machine.swapUsed,
        swapUsageBytes: machine.swapUsed,
      },
    },
    pods: sample.pods.map((reading) =>
      podStats(reading, rates, extras?.pods.get(reading.pod.metadata?.uid ?? '')),
    ),
  };
}

function podStats(
  { pod, usage, containers }: PodReading,
  rates: ReadonlyMap<string, CpuRate>,
  extras: PodExtras | undefined,
): PodStats {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  return {
    podRef: { name, namespace, uid },
    startTime: pod.status?.startTime ?? '',
    containers: containers.map((container) => containerStats(container, rates, extras)),
    cpu: cpu(usage, rates.get(uid)),
    memory: memory(usage),
    ...(extras?.network && { network: extras.network }),
    ...(extras && { volume: extras.volumes, 'ephemeral-storage': extras.ephemeral }),
    process_stats: { process_count: usage.pids },
  };
}

function containerStats(
  { name, id, startedAt, usage }: ContainerReading,
  rates: ReadonlyMap<string, CpuRate>,
  extras: PodExtras | undefined,
): ContainerUsage {
  return {
    name,
    startTime: startedAt,
    cpu: cpu(usage, rates.get(id)),
    memory: memory(usage),
    ...extras?.containers.get(name),
  };
}

function cpu({ at, cpuNanoseconds }: CgroupUsage, rate: CpuRate | undefined): CpuStats {
  return {
    time: rfc3339(at),
    ...(rate && { usageNanoCores: rate.nanoCores }),
    usageCoreNanoSeconds: cpuNanoseconds,
  };
}

function memory({ at, memory: use }: CgroupUsage): MemoryStats {
  return {
    time: rfc3339(at),
    ...(use.limit !== undefined && { availableBytes: Math.max(0, use.limit - use.workingSet) }),
    usageBytes: use.usage,
    workingSetBytes: use.workingSet,
    rssBytes: use.rss,
    pageFaults: use.pageFaults,
    majorPageFaults: use.majorPageFaults,
  };
}

/** To seconds, as metav1.Time. */
export function rfc3339(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** The volumes whose content counts as the pod's own disk space: those on the node's disk that go with it. */
export function isLocalVolume(volume: k8s.Volume): boolean {
  if (volume.emptyDir) return (volume.emptyDir.medium ?? '') === '';
  return Boolean(
    volume.configMap ?? volume.secret ?? volume.projected ?? volume.downwardAPI ?? volume.gitRepo,
  );
}
