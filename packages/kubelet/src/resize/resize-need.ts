import type { k8s } from '@sampan/api';
import { containerSpecs } from '../pods/container-spec.ts';
import { type Allocation, allocationOf, sameAllocation } from './allocation.ts';

/** Containers whose resources may change while they run: init containers are soon over. */
export function resizable({ spec = {} }: k8s.Pod): k8s.Container[] {
  return containerSpecs(spec)
    .filter(({ kind }) => kind === 'regular' || kind === 'sidecar')
    .map(({ container }) => container);
}

/** Whether the pod's cgroup was set for what the pod has now. */
export function isSettled(pod: k8s.Pod, cgroup: Allocation): boolean {
  return sameAllocation(allocationOf(pod), cgroup);
}
