import { type Informer, keyOf, REFS, splitKey } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { allOf, slowStart } from '../workloads/batch.ts';
import { claim, matcherOf } from '../workloads/claim.ts';
import { followDependents } from '../workloads/follow-dependents.ts';
import {
  type ControllerRevision,
  type DaemonSet,
  type Node,
  type Pod,
  WORKLOADS,
} from '../workloads/objects.ts';
import { isTerminating, nextAvailability } from '../workloads/pod-state.ts';
import {
  applyRevisionPlan,
  deleteRevisions,
  planRevision,
  REVISION_LABEL,
  surplusRevisions,
} from '../workloads/revisions.ts';
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
import { type DaemonSetDecision, decideDaemonSet } from './decision.ts';
import { eligibility } from './eligibility.ts';
import { FailureBackoff } from './failure-backoff.ts';
import { targetNode, templateFor } from './pod-template.ts';
import { daemonSetStatus, sameDaemonSetStatus } from './status.ts';

const NAME = 'daemonset-controller';
const DEFAULT_HISTORY = 10;
/** At most so many pods are made, and as many deleted, in one go (BurstReplicas). */
const BURST_REPLICAS = 250;

/** Keeps a pod on every node that is meant (kubernetes pkg/controller/daemon). */
export function startDaemonSets(context: ControllerContext, informers: SharedInformers): Controller {
  const shell = workloadShell(context, informers, NAME);
  const { expectations } = shell;
  const sets = informers.of<DaemonSet>(WORKLOADS.daemonSets);
  const nodes = informers.of<Node>(REFS.nodes);
  const pods = informers.of<Pod>(REFS.pods);
  const controller = new DaemonSetController(shell, sets, nodes, pods);
  return runWorkload(
    shell,
    NAME,
    (key) => controller.reconcile(key),
    (reconciler) => {
      sets.onChange(({ type, object }) => {
        if (type === 'deleted') expectations.forget(uidOf(object));
        reconciler.enqueue(keyOf(object));
      });
      nodes.onChange(({ type, object, previous }) => {
        for (const set of sets.list()) {
          const before = previous && eligibility(set, previous);
          const after = type === 'deleted' ? undefined : eligibility(set, object);
          const same = before?.run === after?.run && before?.stay === after?.stay;
          if (!same) reconciler.enqueue(keyOf(set));
        }
      });
      followDependents({
        owners: sets,
        ownerRef: WORKLOADS.daemonSets,
        dependents: pods,
        matches: (set, pod) => matcherOf(set.spec.selector).matches(pod.metadata.labels),
        onChange: (set) => reconciler.enqueue(keyOf(set)),
        onOwned: (uid, { type, object }) => {
          expectations.createdSeen(uid, uidOf(object));
          if (type === 'deleted' || isTerminating(object)) expectations.deletedSeen(uid, uidOf(object));
        },
      });
    },
  );
}

class DaemonSetController {
  readonly #shell: WorkloadShell;
  readonly #sets: Informer<DaemonSet>;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #failures = new FailureBackoff();

  constructor(shell: WorkloadShell, sets: Informer<DaemonSet>, nodes: Informer<Node>, pods: Informer<Pod>) {
    this.#shell = shell;
    this.#sets = sets;
    this.#nodes = nodes;
    this.#pods = pods;
    this.#revisions = shell.informers.of(WORKLOADS.controllerRevisions);
  }

  async reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = splitKey(key);
    const set = this.#sets.get(namespace, name);
    if (!set || set.metadata.deletionTimestamp !== undefined) return undefined;
    const { client, context, expectations } = this.#shell;
    // asked before the cache is read: what is seen by now is in what is read then
    const mayAct = expectations.satisfied(uidOf(set));
    const { revisions, pods } = await this.#claim(set);
    const { revision, collisionCount } = await applyRevisionPlan(
      client,
      { owner: set, hashLabel: REVISION_LABEL, collisionCount: set.status?.collisionCount },
      planRevision(set.spec.template, revisions),
    );
    const hash = revision.metadata.labels?.[REVISION_LABEL] ?? '';
    const now = context.clock.now();
    const state = { set, nodes: [...this.#nodes.list()], pods, hash, now };
    let failureCheck: number | undefined;
    let failure: unknown;
    if (mayAct) {
      const failureDelay = (node: string) => this.#failures.delay(failureKey(set, node), now);
      const decision = decideDaemonSet({ ...state, failureDelay });
      failureCheck = decision.afterMs;
      failure = await failureOf(this.#act(set, hash, decision, now));
    }
    const status = daemonSetStatus(state, collisionCount, mayAct);
    if (!sameDaemonSetStatus(set.status ?? {}, status)) {
      await writeStatus(client, WORKLOADS.daemonSets, { ...set, status });
    }
    if (failure !== undefined) throw failure;
    await this.#truncate(set, pods, revisions, revision);
    return again(
      failureCheck,
      nextAvailability(pods, set.spec.minReadySeconds, now),
      expectations.remainingMs(uidOf(set)),
    );
  }

  async #claim(set: DaemonSet): Promise<{ revisions: ControllerRevision[]; pods: Pod[] }> {
    const { client } = this.#shell;
    const ownerRef = WORKLOADS.daemonSets;
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
      candidatesOf(this.#pods, set),
      (pod) => matcher.matches(pod.metadata.labels),
    );
    return { revisions, pods };
  }

  async #act(set: DaemonSet, hash: string, decision: DaemonSetDecision, now: number): Promise<void> {
    const { pods } = this.#shell;
    for (const pod of decision.ended) this.#tellEnded(set, pod, now);
    const creations = decision.create
      .slice(0, BURST_REPLICAS)
      .map((node) => () => pods.create(set, templateFor(set, hash, node)));
    const deletions = decision.remove.slice(0, BURST_REPLICAS).map((pod) => () => pods.delete(set, pod));
    await allOf([() => slowStart(creations), () => allOf(deletions)]);
  }

  #tellEnded(set: DaemonSet, pod: Pod, now: number): void {
    const node = targetNode(pod) ?? '';
    const which = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`;
    if (pod.status?.phase === 'Failed') {
      this.#failures.next(failureKey(set, node), now);
      const note = `Found failed ${which}, will try to kill it`;
      this.#shell.events.record(set, { type: 'Warning', reason: 'FailedDaemonPod', note });
    } else {
      const note = `Found succeeded ${which}, will try to delete it`;
      this.#shell.events.record(set, { type: 'Normal', reason: 'SucceededDaemonPod', note });
    }
  }

  async #truncate(
    set: DaemonSet,
    pods: readonly Pod[],
    revisions: readonly ControllerRevision[],
    present: ControllerRevision,
  ): Promise<void> {
    const live = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_LABEL]));
    const limit = set.spec.revisionHistoryLimit ?? DEFAULT_HISTORY;
    const isLive = ({ metadata }: ControllerRevision) =>
      metadata.name === present.metadata.name || live.has(metadata.labels?.[REVISION_LABEL]);
    await deleteRevisions(this.#shell.client, surplusRevisions(revisions, isLive, limit));
  }
}

/** A new template is a new chance. */
const failureKey = (set: DaemonSet, node: string): string =>
  `${uidOf(set)}/${set.status?.observedGeneration ?? 0}/${node}`;
