import { stat } from 'node:fs/promises';
import { uptime } from 'node:os';
import type { k8s } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { NodeFacts } from '../pods/node-facts.ts';
import type { ContainerRuntime } from '../runtime/index.ts';
import { type DiskSpace, diskSpace, FolderSizes, type FolderUsage, fsStats } from './disk-usage.ts';
import { makeSummary, type NodeExtras, type PodExtras, rfc3339 } from './make-summary.ts';
import { readMachineNetwork, readPodNetwork } from './network-usage.ts';
import { type DiskContext, podDisk } from './pod-disk.ts';
import { type PodReading, runningContainers } from './pod-usage.ts';
import type { Summary } from './summary.ts';
import { type UsageSample, UsageSampler } from './usage-sampler.ts';

export interface StatsOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly runtime: Pick<ContainerRuntime, 'listStats' | 'imageDisk'>;
  readonly facts: NodeFacts;
  /** The pods of the node with their statuses. */
  readonly pods: () => readonly k8s.Pod[];
  /** On the disk of images. */
  readonly imageFolder: string;
  /** Pods without a runtime class have a kernel of their own (gVisor). Default false. */
  readonly ownKernel?: boolean;
}

/** What machine and pods use. Reads only when it is asked, so it costs nothing and holds nothing open. */
export class Stats {
  readonly #options: StatsOptions;
  readonly #sampler: UsageSampler;
  readonly #sizes: FolderSizes;

  constructor(options: StatsOptions) {
    const { clock, facts, pods, ownKernel = false } = options;
    this.#options = options;
    this.#sampler = new UsageSampler(clock, facts.cgroupRoot, pods, ownKernel);
    this.#sizes = new FolderSizes(clock);
  }

  /** CPU and memory; the first time it takes half a second. */
  usage(): Promise<UsageSample> {
    return this.#sampler.sample();
  }

  /** Of all: `false`, of CPU and memory only: `true` (`?only_cpu_and_memory=true`). */
  async summary(onlyCpuAndMemory = false): Promise<Summary> {
    const { node, clock } = this.#options;
    const sample = await this.#sampler.sample();
    const bootTime = rfc3339(clock.now() - uptime() * 1000);
    if (onlyCpuAndMemory) return makeSummary({ node, bootTime, sample });
    const disks = await this.#disks();
    const pods = await Promise.all(sample.pods.map((reading) => this.#podExtras(reading, disks)));
    return makeSummary({
      node,
      bootTime,
      sample,
      extras: { node: await this.#nodeExtras(disks), pods: new Map(pods) },
    });
  }

  /** The pods of the node with their statuses. */
  pods(): readonly k8s.Pod[] {
    return this.#options.pods();
  }

  /** What each of these pods has on disk, by uid; sizes are at most a minute old. */
  async podDisks(pods: readonly k8s.Pod[]): Promise<Map<string, PodExtras>> {
    const disks = await this.#disks();
    return new Map(
      await Promise.all(
        pods.map(async (pod): Promise<[string, PodExtras]> => {
          return [pod.metadata?.uid ?? '', await podDisk(pod, runningContainers(pod), disks)];
        }),
      ),
    );
  }

  /** The file systems of pods and of images. */
  async disks(): Promise<{
    readonly disk: DiskSpace;
    readonly imageDisk: DiskSpace;
    readonly shared: boolean;
  }> {
    const { facts, imageFolder } = this.#options;
    const [disk, imageDisk, own, images] = await Promise.all([
      diskSpace(facts.podFolder),
      diskSpace(imageFolder),
      stat(facts.podFolder),
      stat(imageFolder),
    ]);
    return { disk, imageDisk, shared: own.dev === images.dev };
  }

  async #disks(): Promise<DiskContext> {
    const { clock, facts, runtime } = this.#options;
    const [{ disk, imageDisk }, stats] = await Promise.all([this.disks(), runtime.listStats()]);
    const layers = new Map<string, FolderUsage>(
      stats.map(({ id, diskBytes, diskInodes }) => [id, { bytes: diskBytes, inodes: diskInodes }]),
    );
    return { facts, sizes: this.#sizes, disk, imageDisk, layers, time: rfc3339(clock.now()) };
  }

  async #nodeExtras({ time, disk, imageDisk }: DiskContext): Promise<NodeExtras> {
    const [usage] = await this.#options.runtime.imageDisk();
    return {
      network: await readMachineNetwork(time),
      fs: fsStats(time, disk),
      imageFs: fsStats(time, imageDisk, usage),
    };
  }

  async #podExtras(reading: PodReading, disks: DiskContext): Promise<[string, PodExtras]> {
    const { pod, containers } = reading;
    const pids = await this.#sampler.processes(reading);
    const [network, disk] = await Promise.all([
      readPodNetwork(pids, disks.time),
      podDisk(pod, containers, disks),
    ]);
    return [pod.metadata?.uid ?? '', { ...disk, network }];
  }
}
