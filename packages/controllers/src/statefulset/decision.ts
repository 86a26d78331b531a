import type { k8s } from '@sampan/api';
import type { Claim } from '@sampan/machinery';
import type { Pod, StatefulSet } from '../workloads/objects.ts';
import { isAvailable, isReady, isTerminal, isTerminating } from '../workloads/pod-state.ts';
import { scaledValue } from '../workloads/scaled.ts';
import { claimsOf, isStale, retained } from './claims.ts';
import {
  hasIdentity,
  hasStorage,
  isInRange,
  newPod,
  ordinalOf,
  replicasOf,
  revisionOf,
  startOrdinal,
  withIdentity,
  withStorage,
} from './identity.ts';

/** How many pods are made in one go when they are made in parallel (MaxBatchSize). */
const MOST_AT_ONCE = 500;

/** A template and the name of the revision that remembers it. */
export interface NamedTemplate {
  readonly name: string;
  readonly template: k8s.PodTemplateSpec;
}

export interface StatefulSetState {
  readonly set: StatefulSet;
  /** The pods that it controls. */
  readonly pods: readonly Pod[];
  /** What pods were made of before the present update. */
  readonly current: NamedTemplate;
  readonly update: NamedTemplate;
  /** The claim of a name in the set's namespace. */
  readonly claim: (name: string) => Claim | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type StatefulSetAction =
  /** Make those of its claims that are not there, then the pod. */
  | { readonly type: 'create'; readonly pod: Pod; readonly claims: readonly Claim[] }
  | { readonly type: 'update'; readonly pod: Pod; readonly claims: readonly Claim[] }
  | { readonly type: 'delete'; readonly pod: Pod }
  | { readonly type: 'claims'; readonly pod: Pod; readonly claims: readonly Claim[] }
  | { readonly type: 'updateClaim'; readonly claim: Claim }
  /** The pod cannot be made before this claim is gone. */
  | { readonly type: 'blocked'; readonly pod: Pod; readonly claim: Claim };

/**
 * What is to be done now for a StatefulSet (kubernetes stateful_set_control.go updateStatefulSet). In order: one pod
 * at a time, upwards when pods are made and downwards when they go, and only while all others are available; in
 * parallel: all at once, only updates keep to `maxUnavailable`. Pure.
 */
export function decideStatefulSet(state: StatefulSetState): StatefulSetAction[] {
  const { set } = state;
  if (set.metadata.deletionTimestamp !== undefined) return [];
  const step = new Step(state);
  const settled = step.replicas() && step.retention() && step.condemned();
  if (settled && set.spec.updateStrategy?.type !== 'OnDelete') step.update();
  return step.actions;
}

class Step {
  readonly actions: StatefulSetAction[] = [];
  readonly #state: StatefulSetState;
  /** One at a time. */
  readonly #ordered: boolean;
  /** Those that are wanted and there, lowest ordinal first. A set may ask for more than could ever be listed. */
  readonly #replicas: readonly Pod[];
  /** Those whose ordinals are not wanted, highest first. */
  readonly #condemned: readonly Pod[];

  constructor(state: StatefulSetState) {
    const { set, pods } = state;
    this.#state = state;
    this.#ordered = set.spec.podManagementPolicy !== 'Parallel';
    const ordinal = (pod: Pod) => ordinalOf(set, pod);
    const known = pods.filter((pod) => ordinal(pod) >= 0);
    const wanted = (pod: Pod) => isInRange(set, ordinal(pod));
    this.#replicas = known.filter(wanted).sort((a, b) => ordinal(a) - ordinal(b));
    this.#condemned = known.filter((pod) => !wanted(pod)).sort((a, b) => ordinal(b) - ordinal(a));
  }

  /** Each of these says whether to go on. */
  replicas(): boolean {
    const { set } = this.#state;
    const start = startOrdinal(set);
    const present = new Map(this.#replicas.map((pod) => [ordinalOf(set, pod), pod]));
    let made = 0;
    for (let ordinal = start; ordinal < start + replicasOf(set) && made < MOST_AT_ONCE; ordinal++) {
      const pod = present.get(ordinal);
      if (!pod) made++;
      const goesOn = pod ? this.#keep(pod) : this.#make(ordinal);
      if (!goesOn && this.#ordered) return false;
    }
    return true;
  }

  #make(ordinal: number): boolean {
    const { set, current, update, claim } = this.#state;
    const { name, template } = this.#needsCurrent(ordinal) ? current : update;
    const pod = newPod(set, template, name, ordinal);
    const claims = claimsOf(set, pod);
    const present = claims.flatMap(({ metadata }) => claim(metadata.name ?? '') ?? []);
    const leaving = present.find(
      (found) => found.metadata.deletionTimestamp !== undefined || isStale(found, pod),
    );
    if (leaving) this.actions.push({ type: 'blocked', pod, claim: leaving });
    else this.actions.push({ type: 'create', pod, claims });
    return false;
  }

  /** Below the partition pods stay as they were, also when they are made anew. */
  #needsCurrent(ordinal: number): boolean {
    const { set } = this.#state;
    const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
    if (type === 'OnDelete') return false;
    const kept = rollingUpdate ? (rollingUpdate.partition ?? 0) : (set.status?.currentReplicas ?? 0);
    return ordinal < startOrdinal(set) + kept;
  }

  #keep(pod: Pod): boolean {
    const { set } = this.#state;
    if (isTerminal(pod)) {
      // a pod that ended, however it ended, is made anew when it is gone
      if (!isTerminating(pod)) this.actions.push({ type: 'delete', pod });
      return false;
    }
    if (pod.status?.phase === 'Pending' && !isTerminating(pod)) this.#mendClaims(pod);
    if (this.#ordered && (isTerminating(pod) || !this.#isUp(pod))) return false;
    if (!hasIdentity(pod) || !hasStorage(set, pod)) {
      const mended = withStorage(set, withIdentity(set, pod));
      this.actions.push({ type: 'update', pod: mended, claims: claimsOf(set, pod) });
    }
    this.#retain(pod);
    return true;
  }

  #mendClaims(pod: Pod): void {
    const { set, claim } = this.#state;
    const missing = claimsOf(set, pod).filter(({ metadata }) => !claim(metadata.name ?? ''));
    if (missing.length > 0) this.actions.push({ type: 'claims', pod, claims: missing });
  }

  #retain(pod: Pod): void {
    const { set, claim } = this.#state;
    for (const { metadata } of claimsOf(set, pod)) {
      const present = claim(metadata.name ?? '');
      const next = present && retained(set, pod, present);
      if (next) this.actions.push({ type: 'updateClaim', claim: next });
    }
  }

  retention(): boolean {
    for (const pod of this.#condemned) this.#retain(pod);
    return true;
  }

  condemned(): boolean {
    const broken = this.#firstUnavailable();
    for (const pod of this.#condemned) {
      if (!this.#ordered) {
        if (!isTerminating(pod)) this.actions.push({ type: 'delete', pod });
        continue;
      }
      // one that ended will never be ready: it does not hold up the others
      const waits = !this.#isUp(pod) && !isTerminal(pod) && pod !== broken;
      if (isTerminating(pod) || waits) return false;
      this.actions.push({ type: 'delete', pod });
      return false;
    }
    return true;
  }

  /** Replaces pods of other revisions, highest ordinals first, as far as availability allows. */
  update(): void {
    const { set, update } = this.#state;
    const { partition = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
    const allowed = Math.max(1, scaledValue(maxUnavailable, replicasOf(set), false));
    const up = this.#replicas.filter((pod) => !this.#isUnavailable(pod)).length;
    let spare = allowed - (replicasOf(set) - up);
    for (const pod of this.#replicas.toReversed()) {
      if (ordinalOf(set, pod) < startOrdinal(set) + partition) return;
      if (isTerminating(pod) || revisionOf(pod) === update.name || isTerminal(pod)) continue;
      // one that is not available anyway costs nothing, and may be what keeps the others waiting
      if (!this.#isUnavailable(pod) && spare-- <= 0) continue;
      this.actions.push({ type: 'delete', pod });
    }
  }

  #firstUnavailable(): Pod | undefined {
    const replica = this.#replicas.find((pod) => this.#isUnavailable(pod));
    return replica ?? this.#condemned.findLast((pod) => this.#isUnavailable(pod));
  }

  #isUp(pod: Pod): boolean {
    const { set, now } = this.#state;
    return pod.status?.phase === 'Running' && isReady(pod) && isAvailable(pod, set.spec.minReadySeconds, now);
  }

  #isUnavailable(pod: Pod): boolean {
    return !this.#isUp(pod) || isTerminating(pod);
  }
}
