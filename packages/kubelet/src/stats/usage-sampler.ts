import type { k8s } from '@sampan/api';
import type { Clock } from '@sampan/base';
import { podCgroup } from '../pods/sandbox-config.ts';
import { CgroupReader } from './cgroup-usage.ts';
import { type CpuRate, CpuRates, type CpuSample } from './cpu-rates.ts';
import { type MachineUsage, readMachineUsage } from './machine-usage.ts';
import { type PodReading, runningContainers, withSandboxShare } from './pod-usage.ts';

/** CPU and memory of the machine and of all pods that run on it, at one time. */
export interface UsageSample {
  readonly machine: MachineUsage;
  readonly pods: readonly PodReading[];
  /** By `MACHINE`, a pod's uid, a container's id. */
  readonly rates: ReadonlyMap<string, CpuRate>;
}

/** The machine's key among the rates. */
export const MACHINE = 'machine';

/** Asked again within this, the answer is the same. */
const BELIEVED_MS = 1000;
/** Between two samples where there is no earlier one. */
const PAUSE_MS = 500;

/** Samples when asked, never by itself. */
export class UsageSampler {
  readonly #clock: Clock;
  readonly #cgroupRoot: string;
  readonly #pods: () => readonly k8s.Pod[];
  readonly #ownKernel: boolean;
  readonly #cgroups = new CgroupReader();
  readonly #rates = new CpuRates();
  #last: { readonly at: number; readonly running: string; readonly sample: Promise<UsageSample> } | undefined;

  constructor(clock: Clock, cgroupRoot: string, pods: () => readonly k8s.Pod[], ownKernel: boolean) {
    this.#ownKernel = ownKernel;
    this.#clock = clock;
    this.#cgroupRoot = cgroupRoot;
    this.#pods = pods;
  }

  /** Takes half a second when something has no earlier sample to compare with. */
  sample(): Promise<UsageSample> {
    const now = this.#clock.monotonic();
    const running = this.#running();
    // what has started since is asked for, too
    if (this.#last && now - this.#last.at < BELIEVED_MS && this.#last.running === running)
      return this.#last.sample;
    // one after the other: each compares with the one before
    const before = this.#last?.sample.catch(() => undefined) ?? Promise.resolve();
    const sample = before.then(() => this.#take());
    this.#last = { at: now, running, sample };
    return sample;
  }

  /** The processes of a pod's containers. */
  async processes({ pod, containers }: PodReading): Promise<number[]> {
    const folder = podCgroup(pod, this.#cgroupRoot);
    const found = await Promise.all(containers.map(({ id }) => this.#cgroups.processes(`${folder}/${id}`)));
    return found.flat();
  }

  #running(): string {
    return this.#pods()
      .flatMap((pod) => runningContainers(pod).map(({ id }) => id))
      .join();
  }

  async #take(): Promise<UsageSample> {
    let reading = await this.#read();
    const samples = cpuSamples(reading);
    if ([...samples].some(([key, { at }]) => !this.#rates.knows(key, at))) {
      this.#rates.seed(samples);
      await new Promise<void>((resolve) => this.#clock.schedule(resolve, PAUSE_MS));
      reading = await this.#read();
    }
    return { ...reading, rates: this.#rates.take(cpuSamples(reading)) };
  }

  async #read(): Promise<Omit<UsageSample, 'rates'>> {
    const machine = await readMachineUsage(this.#clock.now());
    const pods = await Promise.all(this.#pods().map((pod) => this.#readPod(pod)));
    return { machine, pods: pods.filter((pod) => pod !== undefined) };
  }

  async #readPod(pod: k8s.Pod): Promise<PodReading | undefined> {
    const running = runningContainers(pod);
    if (running.length === 0) return undefined;
    const folder = podCgroup(pod, this.#cgroupRoot);
    const now = this.#clock.now();
    const [usage, ...each] = await Promise.all([
      this.#cgroups.read(folder, now),
      ...running.map(({ id }) => this.#cgroups.read(`${folder}/${id}`, now)),
    ]);
    if (!usage) return undefined;
    const containers = running.flatMap((container, index) => {
      const own = each[index];
      return own ? [{ ...container, usage: own }] : [];
    });
    const reading = { pod, usage, containers };
    return { ...reading, containers: withSandboxShare(reading, this.#ownKernel) };
  }
}

function cpuSamples({ machine, pods }: Omit<UsageSample, 'rates'>): Map<string, CpuSample> {
  const samples = new Map<string, CpuSample>([[MACHINE, machine]]);
  for (const { pod, usage, containers } of pods) {
    samples.set(pod.metadata?.uid ?? '', usage);
    for (const { id, usage: own } of containers) samples.set(id, own);
  }
  return samples;
}
