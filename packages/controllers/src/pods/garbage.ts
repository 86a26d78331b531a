import type { Node, Pod } from '../workloads/objects.ts';
import { isTerminal, isTerminating, timeOf } from '../workloads/pod-state.ts';

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';

/** Ended pods that are more than `most`, the oldest first, evicted ones before others. Pure (podgc gcTerminated). */
export function surplusEnded(pods: Iterable<Pod>, most: number): Pod[] {
  const ended = [...pods].filter((pod) => isTerminal(pod) && !isTerminating(pod));
  if (ended.length <= most) return [];
  const evicted = (pod: Pod): number => (pod.status?.reason === 'Evicted' ? 0 : 1);
  const created = (pod: Pod): number => timeOf(pod.metadata.creationTimestamp);
  const name = (pod: Pod): string => pod.metadata.name ?? '';
  ended.sort((a, b) => evicted(a) - evicted(b) || created(a) - created(b) || (name(a) < name(b) ? -1 : 1));
  return ended.slice(0, ended.length - most);
}

/** Deleted before it came to a node: nobody will end it. */
export const isStrandedUnscheduled = (pod: Pod): boolean =>
  isTerminating(pod) && !pod.spec.nodeName && !isForced(pod);

/** Deleted on a node that is known to be off for good (KEP-2268, non-graceful node shutdown). */
export function isStrandedOutOfService(pod: Pod, node: Node | undefined): boolean {
  if (!node || !isTerminating(pod) || isForced(pod)) return false;
  const conditions: { type: string; status: string }[] = node.status?.conditions ?? [];
  const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
  return !ready && (node.spec.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE);
}

/** What could be done has been done: the rest is up to who holds its finalizers. */
const isForced = (pod: Pod): boolean => pod.metadata.deletionGracePeriodSeconds === 0 && isTerminal(pod);
