import type { Claim } from '@sampan/machinery';
import { type Informer, keyOf, REFS, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { claim, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import { type ControllerRevision, type Pod, type StatefulSet, WORKLOADS } from '../workloads/objects.ts';
import { nextAvailability } from '../workloads/pod-state.ts';
import {
  applyRevisionPlan,
  deleteRevisions,
  planRevision,
  surplusRevisions,
  templateOf,
} from '../workloads/revisions.ts';
import { candidatesOf, type SharedInformers } from '../workloads/shared-informers.ts';
import {
  again,
  failureOf,
  runWorkload,
  type WorkloadShell,
  workloadShell,
  writeStatus,
} from '../workloads/workload-shell.ts';
import { decideStatefulSet } from './decision.ts';
import { isMember, revisionOf } from './identity.ts';
import { PodWriter } from './pod-writer.ts';
import { type StatusFacts, sameStatefulSetStatus, statefulSetStatus } from './status.ts';

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
  readonly #writer: PodWriter;

  constructor(shell: WorkloadShell, sets: Informer<StatefulSet>) {
    this.#shell = shell;
    this.#sets = sets;
    this.pods = shell.informers.of(REFS.pods);
    this.claims = shell.informers.of(WORKLOADS.claims);
    this.#revisions = shell.informers.of(WORKLOADS.controllerRevisions);
    this.#writer = new PodWriter(shell, this.claims);
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const set = this.#sets.get(namespace, name);
    if (!set) return undefined;
    const { client, context } = this.#shell;
    const { revisions, pods } = await this.#claim(set);
    const plan = planRevision(set.spec.template, revisions);
    // a revision made now would only hold up the set's own deletion
    if (set.metadata.deletionTimestamp !== undefined && plan.type !== 'keep') return undefined;
    const { revision: update, collisionCount } = await applyRevisionPlan(
      client,
      { owner: set, hashLabel: HASH_LABEL, collisionCount: set.status?.collisionCount ?? 0 },
      plan,
    );
    const present = ({ metadata }: ControllerRevision) => metadata.name === set.status?.currentRevision;
    const current = revisions.find(present) ?? update;
    const now = context.clock.now();
    const actions = decideStatefulSet({
      set,
      pods,
      current: { name: nameOf(current), template: templateOf(current) },
      update: { name: nameOf(update), template: templateOf(update) },
      claim: (claimName) => this.claims.get(namespace, claimName),
      now,
    });
    const failure = await failureOf(this.#writer.act(set, actions));
    await this.#tell(set, { pods, current: nameOf(current), update: nameOf(update), collisionCount, now });
    if (failure !== undefined) throw failure;
    await this.#truncate(set, pods, revisions, [current, update]);
    return again(nextAvailability(pods, set.spec.minReadySeconds, now));
  }

  async #claim(set: StatefulSet): Promise<{ revisions: ControllerRevision[]; pods: Pod[] }> {
    const { client } = this.#shell;
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
    return { revisions, pods };
  }

  async #tell(set: StatefulSet, facts: StatusFacts): Promise<void> {
    const status = statefulSetStatus(set, facts);
    if (sameStatefulSetStatus(set.status ?? {}, status)) return;
    await writeStatus(this.#shell.client, WORKLOADS.statefulSets, { ...set, status });
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

const nameOf = ({ metadata }: ControllerRevision): string => metadata.name ?? '';
