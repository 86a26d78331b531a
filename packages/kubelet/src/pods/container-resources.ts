import { type k8s, podQOS } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { ContainerResources } from '../runtime/index.ts';

const PERIOD_US = 100_000;
const LEAST_QUOTA_US = 1000;
const LEAST_SHARES = 2;
const MOST_SHARES = 262_144;

/** Of a core's thousandths. */
export function cpuShares(milliCpu: number): number {
  return Math.min(MOST_SHARES, Math.max(LEAST_SHARES, Math.floor((milliCpu * 1024) / 1000)));
}

/** Microseconds a period of 100 ms; undefined: no limit. */
export function cpuQuota(milliCpu: number): number | undefined {
  if (milliCpu === 0) return undefined;
  return Math.max(LEAST_QUOTA_US, Math.floor((milliCpu * PERIOD_US) / 1000));
}

/** What a container's cgroup gets (kuberuntime calculateLinuxResources). `nodeMemory`: bytes of the machine. */
export function containerResources(
  pod: k8s.Pod,
  container: k8s.Container,
  nodeMemory: number,
): ContainerResources {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const cpuLimit = milli(limits.cpu);
  const quota = cpuQuota(cpuLimit);
  const memoryLimit = bytes(limits.memory);
  return {
    cpuShares: cpuShares(requests.cpu === undefined ? cpuLimit : milli(requests.cpu)),
    ...(quota === undefined ? {} : { cpuQuota: quota, cpuPeriod: PERIOD_US }),
    ...(memoryLimit > 0 && { memoryLimit }),
    oomScoreAdj: oomScore(pod, bytes(requests.memory ?? limits.memory), nodeMemory),
  };
}

/** Who is killed first when the machine is out of memory (kubelet qos.GetContainerOOMScoreAdjust). */
function oomScore(pod: k8s.Pod, requested: number, nodeMemory: number): number {
  const critical = (pod.spec?.priority ?? 0) >= 2_000_000_000;
  const quality = podQOS(pod.spec ?? {});
  if (critical || quality === 'Guaranteed') return -997;
  if (quality === 'BestEffort') return 1000;
  const score = 1000 - Math.floor((1000 * requested) / nodeMemory);
  // between the guaranteed pods and those of best effort
  return Math.min(999, Math.max(3, score));
}

export function milli(text: string | undefined): number {
  return text === undefined ? 0 : Quantity.parse(text).milliValue();
}

export function bytes(text: string | undefined): number {
  return text === undefined ? 0 : Quantity.parse(text).value();
}
