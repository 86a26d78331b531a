import type { KubeObject, k8s, OwnerReference } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { formatTime } from '../time.ts';
import { controllerOf } from '../workloads/claim.ts';
import type { Pod } from '../workloads/objects.ts';
import { isReady, isTerminating, timeOf } from '../workloads/pod-state.ts';
import { scaledValue } from '../workloads/scaled.ts';

export interface Budget extends KubeObject {
  spec: k8s.PolicyV1PodDisruptionBudgetSpec;
  status?: k8s.PolicyV1PodDisruptionBudgetStatus;
}

/** A pod that was to be evicted and is still there after this counts again (upstream's DeletionTimeout). */
const DELETION_TIMEOUT_MS = 2 * 60_000;
const ALLOWED = 'DisruptionAllowed';

export interface Expected {
  /** How many pods there should be. */
  readonly pods: number;
  readonly healthy: number;
}

/** Does the budget speak of a share of what the pods' owners want? */
export const needsScale = ({ spec }: Budget): boolean =>
  spec.maxUnavailable !== undefined || typeof spec.minAvailable === 'string';

/** `scale`: what the controllers of the pods want together; only asked for when `needsScale`. Pure. */
export function expectedOf({ spec }: Budget, pods: number, scale: number): Expected {
  const { maxUnavailable, minAvailable } = spec;
  if (maxUnavailable !== undefined)
    return { pods: scale, healthy: Math.max(0, scale - scaledValue(maxUnavailable, scale, true)) };
  if (typeof minAvailable === 'string')
    return { pods: scale, healthy: scaledValue(minAvailable, scale, true) };
  return minAvailable === undefined ? { pods: 0, healthy: 0 } : { pods, healthy: minAvailable };
}

/** The distinct controllers of pods, and the names of pods without one. */
export function controllersOf(pods: readonly Pod[]): {
  controllers: Map<string, { reference: OwnerReference; pod: Pod }>;
  unmanaged: string[];
} {
  const controllers = new Map<string, { reference: OwnerReference; pod: Pod }>();
  const unmanaged: string[] = [];
  for (const pod of pods) {
    const reference = controllerOf(pod);
    if (reference) controllers.getOrInsert(reference.uid, { reference, pod });
    else unmanaged.push(pod.metadata.name ?? '');
  }
  return { controllers, unmanaged };
}

export interface BudgetDecision {
  /** The same object when nothing changes. */
  readonly status: k8s.PolicyV1PodDisruptionBudgetStatus;
  /** When a pod that was to go counts again, in milliseconds from now. */
  readonly afterMs: number | undefined;
  /** Pods that were to go and did not. */
  readonly overdue: readonly Pod[];
}

/** What the budget's status should say (upstream's disruption controller trySync). Pure. */
export function decideBudget(
  budget: Budget,
  pods: readonly Pod[],
  expected: Expected,
  now: number,
): BudgetDecision {
  const { disruptedPods, afterMs, overdue } = disruptedOf(budget, pods, now);
  const currentHealthy = pods.filter(
    (pod) => !isTerminating(pod) && isReady(pod) && !Object.hasOwn(disruptedPods, pod.metadata.name ?? ''),
  ).length;
  // a budget without pods allows nothing: its first pods may come before its status does
  const room = expected.pods > 0 ? currentHealthy - expected.healthy : 0;
  const wanted = {
    observedGeneration: budget.metadata.generation ?? 0,
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    disruptionsAllowed: Math.max(0, room),
    currentHealthy,
    desiredHealthy: expected.healthy,
    expectedPods: expected.pods,
  };
  const reason = room > 0 ? 'SufficientPods' : 'InsufficientPods';
  return { status: withCondition(budget, wanted, reason, '', now), afterMs, overdue };
}

/** When all else fails, nothing may be disrupted. Pure. */
export function failedBudget(
  budget: Budget,
  message: string,
  now: number,
): k8s.PolicyV1PodDisruptionBudgetStatus {
  const status = {
    ...budget.status,
    disruptionsAllowed: 0,
    observedGeneration: budget.metadata.generation ?? 0,
  };
  return withCondition(budget, status, 'SyncFailed', message, now);
}

function withCondition(
  budget: Budget,
  wanted: k8s.PolicyV1PodDisruptionBudgetStatus,
  reason: string,
  message: string,
  now: number,
): k8s.PolicyV1PodDisruptionBudgetStatus {
  const present = budget.status ?? {};
  const conditions = present.conditions ?? [];
  const old = conditions.find(({ type }) => type === ALLOWED);
  const status = reason === 'SufficientPods' ? 'True' : 'False';
  const condition = {
    type: ALLOWED,
    status,
    observedGeneration: wanted.observedGeneration ?? 0,
    lastTransitionTime: old?.status === status ? old.lastTransitionTime : formatTime(now),
    reason,
    message,
  } as k8s.Condition;
  const others = conditions.filter(({ type }) => type !== ALLOWED);
  const next = { ...wanted, conditions: [...others, condition] };
  return deepEqual(withZeros(present), withZeros(next)) ? present : next;
}

/** Counts and generations that are absent are 0; an empty map is none. */
function withZeros(status: k8s.PolicyV1PodDisruptionBudgetStatus) {
  const { disruptedPods = {}, conditions = [] } = status;
  const counts = [
    status.observedGeneration,
    status.disruptionsAllowed,
    status.currentHealthy,
    status.desiredHealthy,
    status.expectedPods,
  ].map((count) => count ?? 0);
  const told = conditions.map(({ observedGeneration = 0, ...rest }) => ({ observedGeneration, ...rest }));
  return [counts, disruptedPods, told];
}

function disruptedOf(budget: Budget, pods: readonly Pod[], now: number) {
  const known = budget.status?.disruptedPods ?? {};
  const kept: [string, string][] = [];
  const overdue: Pod[] = [];
  let afterMs: number | undefined;
  for (const pod of pods) {
    const name = pod.metadata.name ?? '';
    if (isTerminating(pod) || !Object.hasOwn(known, name)) continue;
    const since = known[name] ?? '';
    const remaining = timeOf(since) + DELETION_TIMEOUT_MS - now;
    if (remaining < 0) overdue.push(pod);
    else {
      kept.push([name, since]);
      afterMs = Math.min(afterMs ?? remaining, remaining);
    }
  }
  return { disruptedPods: Object.fromEntries(kept), afterMs, overdue };
}
