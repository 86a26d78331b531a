import type { k8s } from '@sampan/api';
import { type Logger, messageOf } from '@sampan/base';
import { bytes, cpuQuota, cpuShares, milli } from '../pods/container-resources.ts';
import type { NodeFacts } from '../pods/node-facts.ts';
import { podCgroup } from '../pods/sandbox-config.ts';
import { burstableCpu, type CgroupLimits, podCgroupLimits, widerLimits } from './cgroup-limits.ts';
import { CgroupTree } from './cgroup-tree.ts';

export interface PodCgroupsOptions {
  readonly node: Pick<NodeFacts, 'cgroupRoot' | 'allocatable' | 'memoryBytes'>;
  readonly logger: Logger;
  /** Processes and threads that one pod may have; absent or 0: no limit. */
  readonly podPids?: number;
  /** The same of all pods together. */
  readonly allPids?: number;
  /** Thousandths of a core that all pods may use together; absent: all of the machine's. */
  readonly milliCpus?: number;
  readonly tree?: CgroupTree;
}

/**
 * The cgroups above those of containers: one for all pods, below it one for each quality of service but the best,
 * below these one for each pod (docs, "Pod Quality of Service Classes"; KEP-2254). Make it by `open`.
 */
export class PodCgroups {
  readonly #options: PodCgroupsOptions;
  readonly #tree: CgroupTree;
  readonly #pods = new Map<string, k8s.Pod>();
  #burstable: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: PodCgroupsOptions, tree: CgroupTree) {
    this.#options = options;
    this.#tree = tree;
  }

  /** Makes the upper ones. Rejects when the machine does not let it. */
  static async open(options: PodCgroupsOptions): Promise<PodCgroups> {
    const cgroups = new PodCgroups(options, options.tree ?? (await CgroupTree.open()));
    const { cgroupRoot } = options.node;
    await cgroups.#tree.set(cgroupRoot, allPods(options));
    await cgroups.#tree.set(`${cgroupRoot}/besteffort`, { cpuShares: cpuShares(0) });
    await cgroups.#tree.set(`${cgroupRoot}/burstable`, { cpuShares: cpuShares(0) });
    return cgroups;
  }

  /** A pod is on this node: it counts for the share of its kind. */
  track(pod: k8s.Pod): void {
    this.#pods.set(pod.metadata?.uid ?? '', pod);
    this.#share();
  }

  /** Makes a pod's cgroup, or sets its limits anew; with `also`, to the wider ones of both. */
  async ensure(pod: k8s.Pod, also?: k8s.Pod): Promise<void> {
    const { node, podPids } = this.#options;
    await this.#writing;
    const limits = podCgroupLimits(pod, podPids);
    const wide = also ? widerLimits(limits, podCgroupLimits(also, podPids)) : limits;
    await this.#tree.set(podCgroup(pod, node.cgroupRoot), wide);
  }

  /** A pod is gone. */
  untrack(uid: string): void {
    this.#pods.delete(uid);
    this.#share();
  }

  #share(): void {
    const { node, logger } = this.#options;
    const shares = cpuShares(burstableCpu(this.#pods.values()));
    if (shares === this.#burstable) return;
    this.#burstable = shares;
    this.#writing = this.#writing
      .then(() => this.#tree.set(`${node.cgroupRoot}/burstable`, { cpuShares: shares }))
      .catch((error: unknown) => logger.warn('cannot share the CPU', { error: messageOf(error) }));
  }
}

/** What is kept for the machine itself, pods do not get (docs, "Reserve Compute Resources for System Daemons"). */
function allPods({ node, allPids = 0, milliCpus }: PodCgroupsOptions): CgroupLimits {
  const { allocatable, memoryBytes } = node;
  const memory = bytes(allocatable.memory);
  const quota = milliCpus === undefined ? undefined : cpuQuota(milliCpus);
  return {
    cpuShares: cpuShares(milli(allocatable.cpu)),
    ...(quota !== undefined && { cpuQuota: quota }),
    ...(memory > 0 && memory < memoryBytes && { memory }),
    ...(allPids > 0 && { pids: allPids }),
  };
}
