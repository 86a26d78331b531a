import type { k8s } from '@sampan/api';

export const UNSCHEDULABLE: k8s.Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Does a pod bear a taint? (v1helper.ToleratesTaint) */
export function tolerates(tolerations: readonly k8s.Toleration[], taint: k8s.Taint): boolean {
  for (const { key = '', operator = '', value = '', effect = '' } of tolerations) {
    if (effect !== '' && effect !== taint.effect) continue;
    if (key !== '' && key !== taint.key) continue;
    if (operator === 'Exists') return true;
    if ((operator === '' || operator === 'Equal') && key !== '' && value === (taint.value ?? '')) return true;
  }
  return false;
}

/** The first taint that keeps a pod away. */
export function untolerated(
  tolerations: readonly k8s.Toleration[],
  taints: readonly k8s.Taint[],
): k8s.Taint | undefined {
  for (const taint of taints) if (!tolerates(tolerations, taint)) return taint;
  return undefined;
}
