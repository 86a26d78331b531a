import { type k8s, semanticEqual } from '@sampan/api';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import { timeOf } from '../workloads/pod-state.ts';
import { scaledValue } from '../workloads/scaled.ts';

export const HASH_LABEL = 'pod-template-hash';
/** A deadline or limit of this means none. */
const UNLIMITED = 2 ** 31 - 1;

export const replicasOf = (set: ReplicaSet | Deployment): number => set.spec.replicas ?? 1;

export const isActiveSet = (set: ReplicaSet): boolean => replicasOf(set) > 0;

/**
 * How many pods of a set are available and stay so: what is asked to go first is what is not available, and a set
 * may not have told yet that others have gone.
 */
export const availableOf = (set: ReplicaSet): number =>
  Math.min(replicasOf(set), set.status?.availableReplicas ?? 0);

/** How many pods a set may have: those that it is still to delete count. */
export const podsAtMost = (set: ReplicaSet): number => Math.max(replicasOf(set), set.status?.replicas ?? 0);

/** Has the set's controller acted on its present size? */
export const isSettled = ({ metadata, status }: ReplicaSet): boolean =>
  (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);

export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number =>
  sets.reduce((total, set) => total + count(set), 0);

/** Oldest first (ReplicaSetsByCreationTimestamp). */
export function oldestFirst(sets: readonly ReplicaSet[]): ReplicaSet[] {
  return [...sets].sort(byAge);
}

export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [a, b].map(({ metadata }) => timeOf(metadata.creationTimestamp)) as [number, number];
  if (left !== right) return left - right;
  return (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1;
}

/** Are the templates the same but for the hash of them (EqualIgnoreHash)? */
export function sameTemplate(
  a: k8s.PodTemplateSpec | undefined,
  b: k8s.PodTemplateSpec | undefined,
): boolean {
  return semanticEqual(a?.spec, b?.spec) && semanticEqual(metadataWithoutHash(a), metadataWithoutHash(b));
}

function metadataWithoutHash(template: k8s.PodTemplateSpec | undefined): k8s.ObjectMeta {
  const { labels = {}, ...rest } = template?.metadata ?? {};
  const { [HASH_LABEL]: _, ...others } = labels;
  return { ...rest, labels: others };
}

/** The oldest set that has the Deployment's template; rarely there are several. */
export function findNew(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return oldestFirst(sets).find((set) => sameTemplate(set.spec.template, deployment.spec.template));
}

export const isRolling = (deployment: Deployment): boolean =>
  deployment.spec.strategy?.type === 'RollingUpdate';

/** Both limits as numbers of pods; never both 0, since nothing could move then (ResolveFenceposts). */
export function fenceposts(deployment: Deployment): { surge: number; unavailable: number } {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const { maxSurge, maxUnavailable } = deployment.spec.strategy?.rollingUpdate ?? {};
  const desired = replicasOf(deployment);
  const surge = scaledValue(maxSurge, desired, true);
  const unavailable = scaledValue(maxUnavailable, desired, false);
  return { surge, unavailable: Math.min(desired, surge === 0 && unavailable === 0 ? 1 : unavailable) };
}

/** The most pods there may be. */
export const mostReplicas = (deployment: Deployment): number =>
  replicasOf(deployment) + fenceposts(deployment).surge;

/** The fewest pods that must be available. */
export const leastAvailable = (deployment: Deployment): number =>
  replicasOf(deployment) - fenceposts(deployment).unavailable;

/** Seconds; undefined: none. */
export function progressDeadline(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === UNLIMITED ? undefined : seconds;
}

/** How many old sets stay; undefined: all. */
export function historyLimit(deployment: Deployment): number | undefined {
  const limit = deployment.spec.revisionHistoryLimit;
  return limit === UNLIMITED ? undefined : limit;
}
