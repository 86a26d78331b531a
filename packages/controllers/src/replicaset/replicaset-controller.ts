import type { KubeObject } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { type Informer, keyOf, REFS, type ResourceRef, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { allOf, slowStart } from '../workloads/batch.ts';
import { claim, controllerOf, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import { type Pod, type ReplicaSet, WORKLOADS } from '../workloads/objects.ts';
import { isActive, isTerminal, isTerminating, nextAvailability } from '../workloads/pod-state.ts';
import { candidatesOf, type SharedInformers } from '../workloads/shared-informers.ts';
import {
  again,
  failureOf,
  runWorkload,
  uidOf,
  type WorkloadShell,
  workloadShell,
  writeStatus,
} from '../workloads/workload-shell.ts';
import { decideReplicas } from './replicas.ts';
import { replicationControllerAsSet } from './replication-controller.ts';
import { replicaStatus, sameReplicaStatus } from './status.ts';

/** What differs between ReplicaSets and ReplicationControllers. */
interface ReplicaKind {
  readonly name: string;
  readonly ref: ResourceRef;
  readonly read: (object: KubeObject) => ReplicaSet;
  readonly tellsTerminating: boolean;
}

const REPLICA_SETS: ReplicaKind = {
  name: 'replicaset-controller',
  ref: WORKLOADS.replicaSets,
  read: (object) => object as ReplicaSet,
  tellsTerminating: true,
};

const REPLICATION_CONTROLLERS: ReplicaKind = {
  name: 'replication-controller',
  ref: WORKLOADS.replicationControllers,
  read: replicationControllerAsSet,
  tellsTerminating: false,
};

/** Keeps as many pods of each ReplicaSet as it asks for (kubernetes pkg/controller/replicaset). */
export function startReplicaSets(context: ControllerContext, informers: SharedInformers): Controller {
  return startReplicas(context, informers, REPLICA_SETS);
}

/** The same for ReplicationControllers. */
export function startReplicationControllers(
  context: ControllerContext,
  informers: SharedInformers,
): Controller {
  return startReplicas(context, informers, REPLICATION_CONTROLLERS);
}

function startReplicas(
  context: ControllerContext,
  informers: SharedInformers,
  kind: ReplicaKind,
): Controller {
  const shell = workloadShell(context, informers, kind.name);
  const { expectations } = shell;
  const sets = informers.of(kind.ref);
  const pods = informers.of<Pod>(REFS.pods);
  const controller = new ReplicaController(shell, kind, sets, pods);
  return runWorkload(
    shell,
    kind.name,
    (key) => controller.reconcile(key),
    (reconciler) => {
      sets.onChange(({ type, object }) => {
        if (type === 'deleted') expectations.forget(uidOf(object));
        reconciler.enqueue(keyOf(object));
      });
      followDependents({
        owners: sets,
        ownerRef: kind.ref,
        dependents: pods,
        matches: (set, pod) => matcherOf(kind.read(set).spec.selector).matches(pod.metadata.labels),
        onChange: (set) => reconciler.enqueue(keyOf(set)),
        onOwned: (uid, { type, object }) => {
          expectations.createdSeen(uid, uidOf(object));
          if (type === 'deleted' || isTerminating(object)) expectations.deletedSeen(uid, uidOf(object));
        },
      });
    },
  );
}

class ReplicaController {
  readonly #shell: WorkloadShell;
  readonly #kind: ReplicaKind;
  readonly #sets: Informer;
  readonly #pods: Informer<Pod>;

  constructor(shell: WorkloadShell, kind: ReplicaKind, sets: Informer, pods: Informer<Pod>) {
    this.#shell = shell;
    this.#kind = kind;
    this.#sets = sets;
    this.#pods = pods;
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const object = this.#sets.get(namespace, name);
    if (!object) return undefined;
    const set = this.#kind.read(object);
    const { expectations, client, context } = this.#shell;
    // asked before the cache is read: what is seen by now is in what is read then
    const mayAct = expectations.satisfied(uidOf(set));
    const matcher = matcherOf(set.spec.selector);
    const candidates = candidatesOf(this.#pods, set);
    const active = await claim(
      { client, ownerRef: this.#kind.ref, ref: REFS.pods },
      set,
      candidates.filter(isActive),
      (pod) => matcher.matches(pod.metadata.labels),
    );
    const leaving = candidates.filter(
      (pod) => isTerminating(pod) && !isTerminal(pod) && controllerOf(pod)?.uid === set.metadata.uid,
    ).length;
    let failure: unknown;
    if (mayAct && set.metadata.deletionTimestamp === undefined) {
      failure = await failureOf(this.#manage(set, active));
    }
    const now = context.clock.now();
    await this.#writeStatus(object, set, active, leaving, failure);
    if (failure !== undefined) throw failure;
    return again(
      nextAvailability(active, set.spec.minReadySeconds, now),
      expectations.remainingMs(uidOf(set)),
    );
  }

  async #manage(set: ReplicaSet, active: readonly Pod[]): Promise<void> {
    const { pods, context } = this.#shell;
    const crowds = new Map<string, number>();
    if (active.length > (set.spec.replicas ?? 1)) this.#countCrowds(set, crowds);
    const crowd = (node: string) => crowds.get(node) ?? 0;
    const { create, remove } = decideReplicas(set, active, crowd, context.clock.now());
    const template = set.spec.template ?? {};
    await slowStart(Array.from({ length: create }, () => () => pods.create(set, template)));
    await allOf(remove.map((pod) => () => pods.delete(set, pod)));
  }

  /** Active pods per node of all sets that the same owner controls, so that scaling down thins out crowded nodes. */
  #countCrowds(set: ReplicaSet, crowds: Map<string, number>): void {
    const owner = controllerOf(set);
    const siblings = owner ? this.#sets.byIndex('owner', owner.uid) : [set];
    for (const sibling of siblings) {
      for (const pod of this.#pods.byIndex('owner', uidOf(sibling))) {
        const node = pod.spec.nodeName ?? '';
        if (isActive(pod)) crowds.set(node, (crowds.get(node) ?? 0) + 1);
      }
    }
  }

  async #writeStatus(
    object: KubeObject,
    set: ReplicaSet,
    active: readonly Pod[],
    leaving: number,
    failure: unknown,
  ): Promise<void> {
    const { client, context } = this.#shell;
    const status = replicaStatus(set, {
      active,
      terminating: this.#kind.tellsTerminating ? leaving : undefined,
      failure: failure === undefined ? undefined : messageOf(failure),
      now: context.clock.now(),
    });
    if (sameReplicaStatus(set.status ?? {}, status)) return;
    await writeStatus(client, this.#kind.ref, { ...object, status });
  }
}
