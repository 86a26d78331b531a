import type { k8s } from '@sampan/api';
import { isAvailable, isReady } from '../workloads/pod-state.ts';
import { type DaemonSetState, oldestFirst, podsByNode } from './decision.ts';
import { eligibility } from './eligibility.ts';
import { isUpdated } from './pod-template.ts';

/** What the status says of these nodes and pods (updateDaemonSetStatus). Pure. */
export function daemonSetStatus(
  state: Omit<DaemonSetState, 'failureDelay'>,
  collisionCount: number | undefined,
  observed: boolean,
): k8s.DaemonSetStatus {
  const { set, nodes, pods, hash, now } = state;
  const byNode = podsByNode(pods);
  const { conditions, observedGeneration = 0 } = set.status ?? {};
  const counts = { desired: 0, current: 0, wrong: 0, ready: 0, updated: 0, available: 0 };
  for (const node of nodes) {
    const [pod] = oldestFirst(byNode.get(node.metadata.name ?? '') ?? []);
    if (!eligibility(set, node).run) {
      if (pod) counts.wrong++;
      continue;
    }
    counts.desired++;
    if (!pod) continue;
    counts.current++;
    if (isReady(pod)) counts.ready++;
    if (isAvailable(pod, set.spec.minReadySeconds, now)) counts.available++;
    if (isUpdated(set, pod, hash)) counts.updated++;
  }
  return {
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.wrong,
    desiredNumberScheduled: counts.desired,
    numberReady: counts.ready,
    observedGeneration: observed ? (set.metadata.generation ?? 0) : observedGeneration,
    updatedNumberScheduled: counts.updated,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions && conditions.length > 0 ? { conditions } : {}),
  };
}

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

/** Counts that are not there are 0. */
export function sameDaemonSetStatus(a: Partial<k8s.DaemonSetStatus>, b: k8s.DaemonSetStatus): boolean {
  return COUNTS.every((name) => (a[name] ?? 0) === (b[name] ?? 0));
}
