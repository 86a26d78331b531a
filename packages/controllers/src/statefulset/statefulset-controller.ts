import { StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { type Informer, keyOf, REFS, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore } from '../controller.ts';
import { allOf, slowStart } from '../workloads/batch.ts';
import { claim, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import {
  type Claim,
  type ControllerRevision,
  type Pod,
  type StatefulSet,
  WORKLOADS,
} from '../workloads/objects.ts';
import { nextAvailability } from '../workloads/pod-state.ts';
import {
  applyRevisionPlan,
  deleteRevisions,
  planRevision,
  surplusRevisions,
  templateOf,
} from '../workloads/revisions.ts';
import { candidatesOf, type SharedInformers } from '../workloads/shared-informers.ts';
import { again, runWorkload, type WorkloadShell, workloadShell } from '../workloads/workload-shell.ts';
import { hasOtherController } from './claims.ts';
import { decideStatefulSet, type StatefulSetAction } from './decision.ts';
import { isMember, revisionOf } from './identity.ts';
import { sameStatefulSetStatus, statefulSetStatus } from './status.ts';

const NAME = 'statefulset-controller';
const HASH_LABEL = 'controller.kubernetes.io/hash';
const DEFAULT_HISTORY = 10;

/** Keeps pods with an identity (kubernetes pkg/controller/statefulset). */
export function startStatefulSets(context: ControllerContext, informers: SharedInformers): Controller {
  const shell = workloadShell(context, informers, NAME);
  const sets = informers.of<StatefulSet>(WORKLOADS.statefulSets);
  const controller = new StatefulSetController(shell, sets);
  return runWorkload(
    shell,
    NAME,
    (key) => controller.reconcile(key),
    (reconciler) => {
      sets.onChange(({ object }) => reconciler.enqueue(keyOf(object)));
      followDependents({
        owners: sets,
        ownerRef: WORKLOADS.statefulSets,
        dependents: controller.pods,
        matches: (set, pod) =>
          matcherOf(set.spec.selector).matches(pod.metadata.labels) && isMember(set, pod),
        onChange: (set) => reconciler.enqueue(keyOf(set)),
      });
      controller.claims.onChange(({ type, object, previous }) => {
        // a pod may have waited for it to go
        const owned = object.metadata.ownerReferences?.length !== previous?.metadata.ownerReferences?.length;
        if (type === 'added' || (type === 'modified' && !owned)) return;
        for (const set of sets.byIndex('namespace', object.metadata.namespace ?? '')) {
          if (mayUse(set, object)) reconciler.enqueue(keyOf(set));
        }
      });
    },
  );
}

function mayUse(set: StatefulSet, { metadata: { name = '' } }: Claim): boolean {
  return (set.spec.volumeClaimTemplates ?? []).some((template) =>
    name.startsWith(`${template.metadata?.name}-${set.metadata.name}-`),
  );
}

class StatefulSetController {
  readonly pods: Informer<Pod>;
  readonly claims: Informer<Claim>;
  readonly #shell: WorkloadShell;
  readonly #sets: Informer<StatefulSet>;
  readonly #revisions: Informer<ControllerRevision>;

  constructor(shell: WorkloadShell, sets: Informer<StatefulSet>) {
    this.#shell = shell;
    this.#sets = sets;
    this.pods = shell.informers.of(REFS.pods);
    this.claims = shell.informers.of(WORKLOADS.claims);
    this.#revisions = shell.informers.of(WORKLOADS.controllerRevisions);
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const set = this.#sets.get(namespace, name);
    if (!set) return undefined;
    const { client, context } = this.#shell;
    const ownerRef = WORKLOADS.statefulSets;
    const matcher = matcherOf(set.spec.selector);
    const revisions = await claim(
      { client, ownerRef, ref: WORKLOADS.controllerRevisions },
      set,
      candidatesOf(this.#revisions, set),
      ({ metadata }) => matcher.matches(metadata.labels),
    );
    const pods = await claim(
      { client, ownerRef, ref: REFS.pods },
      set,
      candidatesOf(this.pods, set),
      (pod) => matcher.matches(pod.metadata.labels) && isMember(set, pod),
    );
    const { revision: update, collisionCount } = await applyRevisionPlan(
      client,
      { owner: set, hashLabel: HASH_LABEL, collisionCount: set.status?.collisionCount ?? 0 },
      planRevision(set.spec.template, revisions),
    );
    const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    const now = context.clock.now();
    const actions = decideStatefulSet({
      set,
      pods,
      current: named(current),
      update: named(update),
      claim: (claimName) => this.claims.get(namespace, claimName),
      now,
    });
    const failure = await this.#act(set, actions).then(
      () => undefined,
      (error: unknown) => error,
    );
    const status = statefulSetStatus(set, {
      pods,
      current: named(current).name,
      update: named(update).name,
      collisionCount,
      now,
    });
    if (!sameStatefulSetStatus(set.status ?? {}, status)) {
      await client.update(ownerRef, { ...set, status }, { subresource: 'status' });
    }
    if (failure !== undefined) throw failure;
    await this.#truncate(set, pods, revisions, [current, update]);
    return again(nextAvailability(pods, set.spec.minReadySeconds, now));
  }

  /** One after the other when order matters; else claims first, then pods in growing batches. */
  async #act(set: StatefulSet, actions: readonly StatefulSetAction[]): Promise<void> {
    const tasks = (wanted: (action: StatefulSetAction) => boolean) =>
      actions.filter(wanted).map((action) => () => this.#do(set, action));
    await slowStart(tasks(({ type }) => type !== 'delete'));
    await allOf(tasks(({ type }) => type === 'delete'));
  }

  async #do(set: StatefulSet, action: StatefulSetAction): Promise<void> {
    const { client, events } = this.#shell;
    if (action.type === 'blocked') {
      const what = `pvc ${action.claim.metadata.name} is being deleted`;
      const note = `create Pod ${action.pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${what}`;
      events.record(set, { type: 'Warning', reason: 'FailedCreate', note });
    } else if (action.type === 'updateClaim') {
      await client.update(WORKLOADS.claims, action.claim).catch(ignore('NotFound'));
    } else if (action.type === 'delete') {
      const { namespace, name = '', uid = '' } = action.pod.metadata;
      await this.#told(set, action.pod, 'delete', () =>
        client
          .delete(REFS.pods, namespace, name, { preconditions: { uid } })
          .catch(ignore('NotFound', 'Conflict')),
      );
    } else {
      await this.#makeClaims(set, action.pod, action.claims);
      if (action.type === 'create') {
        await this.#told(set, action.pod, 'create', () => client.create(REFS.pods, action.pod));
      } else if (action.type === 'update') {
        await this.#told(set, action.pod, 'update', () => client.update(REFS.pods, action.pod));
      }
    }
  }

  async #makeClaims(set: StatefulSet, pod: Pod, claims: readonly Claim[]): Promise<void> {
    const { client, events } = this.#shell;
    for (const wanted of claims) {
      const { namespace = '', name = '' } = wanted.metadata;
      const present = this.claims.get(namespace, name);
      if (present) {
        this.#warnOfOtherController(set, pod, present);
        continue;
      }
      try {
        await client.create(WORKLOADS.claims, wanted);
        const note = `create Claim ${name} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} success`;
        events.record(set, { type: 'Normal', reason: 'SuccessfulCreate', note });
      } catch (error) {
        if (isExisting(error)) continue;
        const note = `create Claim ${name} for Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${messageOf(error)}`;
        events.record(set, { type: 'Warning', reason: 'FailedCreate', note });
        throw error;
      }
    }
  }

  #warnOfOtherController(set: StatefulSet, pod: Pod, present: Claim): void {
    if (!hasOtherController(set, pod, present.metadata.ownerReferences ?? [])) return;
    const note = `PersistentVolumeClaim ${present.metadata.name} has a conflicting OwnerReference that acts as a managing controller, the retention policy is ignored for this claim`;
    this.#shell.events.record(set, { type: 'Warning', reason: 'ConflictingController', note });
  }

  /** Does it and tells how it went. */
  async #told(
    set: StatefulSet,
    pod: Pod,
    verb: 'create' | 'update' | 'delete',
    task: () => Promise<unknown>,
  ): Promise<void> {
    const { events } = this.#shell;
    const what = `${verb} Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name}`;
    const suffix = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`;
    try {
      await task();
      events.record(set, { type: 'Normal', reason: `Successful${suffix}`, note: `${what} successful` });
    } catch (error) {
      if (!isExisting(error)) {
        const note = `${what} failed error: ${messageOf(error)}`;
        events.record(set, { type: 'Warning', reason: `Failed${suffix}`, note });
      }
      throw error;
    }
  }

  async #truncate(
    set: StatefulSet,
    pods: readonly Pod[],
    revisions: readonly ControllerRevision[],
    inUse: readonly ControllerRevision[],
  ): Promise<void> {
    const live = new Set([...inUse.map(({ metadata }) => metadata.name), ...pods.map(revisionOf)]);
    const limit = set.spec.revisionHistoryLimit ?? DEFAULT_HISTORY;
    const surplus = surplusRevisions(revisions, ({ metadata }) => live.has(metadata.name), limit);
    await deleteRevisions(this.#shell.client, surplus);
  }
}

const named = (revision: ControllerRevision) => ({
  name: revision.metadata.name ?? '',
  template: templateOf(revision),
});

const isExisting = (error: unknown): boolean =>
  error instanceof StatusError && error.reason === 'AlreadyExists';
