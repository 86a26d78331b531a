import type { k8s } from '@sampan/api';
import { tolerates } from '../daemonset/node-match.ts';

/**
 * When a pod has to leave a node: 0 is now, Infinity never, else milliseconds after it was first found there
 * with these taints (upstream's tainteviction processPodOnNode). Pure.
 */
export function stayMs(taints: readonly k8s.Taint[], tolerations: readonly k8s.Toleration[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const taint of taints) {
    const used = tolerations.filter((toleration) => tolerates([toleration], taint));
    if (used.length === 0) return 0;
    for (const { tolerationSeconds } of used)
      if (tolerationSeconds !== undefined)
        shortest = Math.min(shortest, Math.max(0, tolerationSeconds) * 1000);
  }
  return shortest;
}

export const noExecuteTaints = (taints: readonly k8s.Taint[] | undefined): k8s.Taint[] =>
  (taints ?? []).filter(({ effect }) => effect === 'NoExecute');
