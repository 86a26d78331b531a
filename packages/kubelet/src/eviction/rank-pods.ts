import { type k8s, podRequests } from '@sampan/api';
import type { SignalTraits } from './signals.ts';

/** What a pod uses of each thing that may run short. */
export type PodUse = Readonly<Record<SignalTraits['resource'], number>>;

/**
 * Pods in the order in which they go: those that use more than they asked for, then those of less priority, then those
 * that use most beyond what they asked for (eviction/helpers.go rank…Pressure). Pods of which nothing is known go
 * first. Pure.
 */
export function rankPods(
  pods: readonly k8s.Pod[],
  uses: ReadonlyMap<string, PodUse>,
  resource: SignalTraits['resource'],
): k8s.Pod[] {
  const ranked = pods.map((pod) => {
    const use = uses.get(pod.metadata?.uid ?? '')?.[resource];
    const beyond = use === undefined ? Number.POSITIVE_INFINITY : use - requested(pod, resource);
    // nobody asks for processes
    return { pod, beyond, exceeds: resource !== 'pids' && beyond > 0, priority: pod.spec?.priority ?? 0 };
  });
  ranked.sort(
    (a, b) => Number(b.exceeds) - Number(a.exceeds) || a.priority - b.priority || compare(b.beyond, a.beyond),
  );
  return ranked.map(({ pod }) => pod);
}

/** Infinity is equal to itself here. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);

/** Bytes; of inodes and processes nobody can ask for any. */
function requested({ spec }: k8s.Pod, resource: SignalTraits['resource']): number {
  return (
    podRequests(spec ?? {})
      .get(resource)
      ?.value() ?? 0
  );
}

const SYSTEM_PRIORITY = 2_000_000_000;

/** Static pods, and those of system priority, are never evicted (kubelet types.IsCriticalPod). */
export function isCriticalPod({ metadata, spec }: k8s.Pod): boolean {
  const annotations = metadata?.annotations ?? {};
  const source = annotations['kubernetes.io/config.source'];
  const isStatic = source !== undefined && source !== 'api';
  return isStatic || 'kubernetes.io/config.mirror' in annotations || (spec?.priority ?? 0) >= SYSTEM_PRIORITY;
}
