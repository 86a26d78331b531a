import { type k8s, podLimits, podQOS, podRequests } from '@sampan/api';
import { Quantity } from '@sampan/base';
import { cpuQuota, cpuShares } from '../pods/container-resources.ts';

/** What a cgroup holds its processes to. Absent: no limit, or as the kernel has it. */
export interface CgroupLimits {
  /** 2 to 262144; 1024 for a core. */
  readonly cpuShares?: number;
  /** Microseconds of CPU in each 100 ms. */
  readonly cpuQuota?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Processes and threads. */
  readonly pids?: number;
  /** Bytes by size of the page (`2MB`), as the kernel names it. */
  readonly hugePages?: Readonly<Record<string, number>>;
}

/** Of all containers of a pod together (kubelet cm ResourceConfigForPod). `pids`: of each pod; absent: no limit. */
export function podCgroupLimits(pod: k8s.Pod, pids?: number): CgroupLimits {
  const spec = pod.spec ?? {};
  const more = { hugePages: hugePages(spec), ...(pids !== undefined && pids > 0 && { pids }) };
  if (podQOS(spec) === 'BestEffort') return { cpuShares: cpuShares(0), ...more };
  const limits = podLimits(spec);
  const quota = isLimited(spec, 'cpu') ? cpuQuota(limits.get('cpu')?.milliValue() ?? 0) : undefined;
  const memory = isLimited(spec, 'memory') ? (limits.get('memory')?.value() ?? 0) : 0;
  return {
    cpuShares: cpuShares(podRequests(spec).get('cpu')?.milliValue() ?? 0),
    ...(quota !== undefined && { cpuQuota: quota }),
    ...(memory > 0 && { memory }),
    ...more,
  };
}

/** Room for both of CPU and memory; the rest as in the first. */
export function widerLimits(a: CgroupLimits, b: CgroupLimits): CgroupLimits {
  const { cpuQuota, memory, ...rest } = a;
  const quota = wider(cpuQuota, b.cpuQuota);
  const most = wider(memory, b.memory);
  return {
    ...rest,
    ...(quota !== undefined && { cpuQuota: quota }),
    ...(most !== undefined && { memory: most }),
  };
}

const wider = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : Math.max(a, b);

/** Thousandths of a core that pods without guarantee ask for: their share of the CPU (kubelet qosContainerManager). */
export function burstableCpu(pods: Iterable<k8s.Pod>): number {
  let sum = 0;
  for (const { spec = {} } of pods) {
    if (podQOS(spec) === 'Burstable') sum += podRequests(spec).get('cpu')?.milliValue() ?? 0;
  }
  return sum;
}

/** A pod is limited when it says so itself, or all of its containers are. */
function isLimited(spec: k8s.PodSpec, name: 'cpu' | 'memory'): boolean {
  if (isPositive(spec.resources?.limits?.[name])) return true;
  const all = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return all.every(({ resources }) => isPositive(resources?.limits?.[name]));
}

function isPositive(text: string | undefined): boolean {
  return text !== undefined && Quantity.parse(text).sign() > 0;
}

const PAGES = 'hugepages-';
const UNITS = [
  ['GB', 2 ** 30],
  ['MB', 2 ** 20],
  ['KB', 2 ** 10],
] as const;

/** Pages that are named are limited; they cannot be had beyond what is asked for. */
function hugePages(spec: k8s.PodSpec): Record<string, number> {
  const pages: Record<string, number> = {};
  for (const [name, amount] of podLimits(spec)) {
    if (!name.startsWith(PAGES)) continue;
    const size = Quantity.parse(name.slice(PAGES.length)).value();
    const [unit, bytes] = UNITS.find(([, unitBytes]) => size >= unitBytes) ?? ['KB', 1024];
    pages[`${size / bytes}${unit}`] = amount.value();
  }
  return pages;
}
