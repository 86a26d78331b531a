import { type k8s, podQOS } from '@sampan/api';
import { type Misfit, tolerates } from '../policy/node-fit.ts';
import { isCriticalPod } from './rank-pods.ts';
import type { PressureCondition } from './signals.ts';

const MEMORY_TAINT = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };

/** Why a machine that is short of something takes no such pod (eviction_manager.go Admit). Pure. */
export function pressureMisfit(pod: k8s.Pod, conditions: readonly PressureCondition[]): Misfit | undefined {
  if (conditions.length === 0 || isCriticalPod(pod)) return undefined;
  if (conditions.every((condition) => condition === 'MemoryPressure')) {
    const modest = podQOS(pod.spec ?? {}) !== 'BestEffort';
    if (modest || tolerates(pod.spec?.tolerations ?? [], MEMORY_TAINT)) return undefined;
  }
  return { reason: 'Evicted', message: `The node had condition: [${conditions.join(' ')}]. ` };
}
