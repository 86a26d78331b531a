import { deepEqual } from '@sampan/base';
import type { Deployment, ReplicaSet } from '../workloads/objects.ts';
import {
  type Annotations,
  maxRevision,
  newSetAnnotations,
  REVISION,
  sizeAnnotations,
} from './annotations.ts';
import { type Condition, type Conditions, conditionOf, newCondition, withCondition } from './conditions.ts';
import { newReplicaSet } from './new-replica-set.ts';
import {
  byAge,
  findNew,
  historyLimit,
  isRolling,
  isSettled,
  mostReplicas,
  podsAtMost,
  progressDeadline,
  replicasOf,
  sum,
} from './replica-sets.ts';

export interface ScaleEvent {
  readonly up: boolean;
  readonly from: number;
  readonly to: number;
}

/** What is to be written, in this order. */
export type SetAction =
  | { readonly type: 'create'; readonly set: ReplicaSet }
  | { readonly type: 'update'; readonly set: ReplicaSet; readonly scaled: ScaleEvent | undefined }
  | { readonly type: 'delete'; readonly set: ReplicaSet };

/**
 * A Deployment and its ReplicaSets while it is decided what becomes of them: as they will be when the actions noted
 * so far are done. Counts of pods stay those that were observed.
 */
export class Rollout {
  readonly deployment: Deployment;
  /** Milliseconds since the epoch. */
  readonly now: number;
  conditions: Conditions;
  /** Of the Deployment. */
  annotations: Annotations;
  readonly actions: SetAction[] = [];
  /** The set with the present template. */
  newSet: ReplicaSet | undefined;
  /** The others, oldest first. */
  oldSets: readonly ReplicaSet[];
  readonly #observed: readonly ReplicaSet[];

  constructor(deployment: Deployment, sets: readonly ReplicaSet[], now: number) {
    this.deployment = deployment;
    this.now = now;
    this.conditions = deployment.status?.conditions ?? [];
    this.annotations = deployment.metadata.annotations ?? {};
    this.newSet = findNew(deployment, sets);
    this.oldSets = sets.filter((set) => set !== this.newSet).sort(byAge);
    this.#observed = sets;
  }

  get allSets(): readonly ReplicaSet[] {
    return this.newSet ? [...this.oldSets, this.newSet] : this.oldSets;
  }

  /** As they were before; in `deployment.status` only these count. */
  get observed(): readonly ReplicaSet[] {
    return this.#observed;
  }

  setCondition(
    type: string,
    status: Condition['status'] & ('True' | 'False' | 'Unknown'),
    reason: string,
    message: string,
  ) {
    this.conditions = withCondition(this.conditions, newCondition(type, status, reason, message, this.now));
  }

  /** Brings the new set's annotations and the Deployment's revision up to date; makes the set when asked to. */
  syncNewSet(create: boolean): ReplicaSet | undefined {
    const revision = maxRevision(this.oldSets) + 1n;
    if (this.newSet) this.#refreshNewSet(this.newSet, revision);
    else if (create) this.#createNewSet(revision);
    return this.newSet;
  }

  #refreshNewSet(set: ReplicaSet, revision: bigint): void {
    const annotations = newSetAnnotations(this.deployment, set, revision);
    const { minReadySeconds = 0 } = this.deployment.spec;
    if (
      !deepEqual(annotations, set.metadata.annotations ?? {}) ||
      (set.spec.minReadySeconds ?? 0) !== minReadySeconds
    ) {
      this.#replace({
        ...set,
        metadata: { ...set.metadata, annotations },
        spec: { ...set.spec, minReadySeconds },
      });
    }
    this.#tellRevision(annotations[REVISION]);
    if (progressDeadline(this.deployment) !== undefined && !conditionOf(this.conditions, 'Progressing')) {
      const message = `Found new replica set "${set.metadata.name}"`;
      this.setCondition('Progressing', 'True', 'FoundNewReplicaSet', message);
    }
  }

  #createNewSet(revision: bigint): void {
    const empty = newReplicaSet(this.deployment, revision);
    const replicas = this.newReplicas(empty);
    const set = { ...empty, spec: { ...empty.spec, replicas } };
    this.newSet = set;
    this.actions.push({ type: 'create', set });
    this.#tellRevision(String(revision));
    if (progressDeadline(this.deployment) !== undefined) {
      const message = `Created new replica set "${set.metadata.name}"`;
      this.setCondition('Progressing', 'True', 'NewReplicaSetCreated', message);
    }
  }

  /**
   * How large the new set may be now: never more pods in all than surging allows (NewRSNewReplicas). Stricter than
   * upstream's: pods that old sets are still to delete count, so that the limit holds for pods and not only for the
   * sizes that were asked for.
   */
  newReplicas(set: ReplicaSet): number {
    const desired = replicasOf(this.deployment);
    const size = replicasOf(set);
    if (!isRolling(this.deployment)) return desired;
    if (!this.oldSets.every(isSettled)) return size;
    const room = mostReplicas(this.deployment) - sum(this.oldSets, podsAtMost) - size;
    return room <= 0 ? size : size + Math.min(room, desired - size);
  }

  /** True when its size changes. */
  scale(set: ReplicaSet, to: number): boolean {
    const from = replicasOf(set);
    if (from === to) return false;
    this.resize(set, to);
    return true;
  }

  /** Like `scale`, and brings the remembered sizes up to date even when the size stays. */
  resize(set: ReplicaSet, to: number): void {
    const from = replicasOf(set);
    const sizes = sizeAnnotations(replicasOf(this.deployment), mostReplicas(this.deployment));
    const annotations = { ...set.metadata.annotations, ...sizes };
    if (from === to && deepEqual(annotations, set.metadata.annotations)) return;
    const next = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: to } };
    this.#replace(next, from === to ? undefined : { up: from < to, from, to });
  }

  /** Deletes the oldest empty sets that are more than the history may hold. */
  cleanUp(): void {
    const limit = historyLimit(this.deployment);
    if (limit === undefined) return;
    const alive = this.oldSets.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    for (const set of alive.slice(0, Math.max(0, alive.length - limit))) {
      if (isSettled(set) && podsAtMost(set) === 0) this.actions.push({ type: 'delete', set });
    }
  }

  #tellRevision(revision: string | undefined): void {
    if (revision === undefined || this.annotations[REVISION] === revision) return;
    this.annotations = { ...this.annotations, [REVISION]: revision };
  }

  /** Several changes of one set are one write. */
  #replace(set: ReplicaSet, scaled?: ScaleEvent): void {
    const same = (other: ReplicaSet) => other.metadata.name === set.metadata.name;
    if (this.newSet && same(this.newSet)) this.newSet = set;
    else this.oldSets = this.oldSets.map((other) => (same(other) ? set : other));
    const index = this.actions.findIndex((action) => action.type !== 'delete' && same(action.set));
    const before = this.actions[index];
    if (before?.type === 'create') this.actions[index] = { type: 'create', set };
    else if (before?.type === 'update') {
      const both = scaled && before.scaled ? { ...scaled, from: before.scaled.from } : scaled;
      this.actions[index] = { type: 'update', set, scaled: both ?? before.scaled };
    } else this.actions.push({ type: 'update', set, scaled });
  }
}
