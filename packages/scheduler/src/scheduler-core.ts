import { messageOf } from '@sampan/base';
import { ClassCache } from './class-cache.ts';
import { ClusterState } from './cluster-state.ts';
import type { BindDecision, Decision, FailDecision } from './decision.ts';
import type { ClusterEvent } from './events.ts';
import type { Plugin } from './failure.ts';
import { helps } from './hints.ts';
import type { NodeInfo } from './node-info.ts';
import { Nominations } from './nominations.ts';
import type { PodClass } from './pod-class.ts';
import { MOST_CONDITIONS, PodInfo } from './pod-info.ts';
import { PodQueue, type QueuedPod } from './pod-queue.ts';
import { PodVolumes } from './pod-volumes.ts';
import { Preemptor } from './preemptor.ts';
import type { Budget, Claim, CSINode, Namespace, Node, Pod, StorageClass, Volume } from './types.ts';

export interface CoreOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Pods that name another scheduler are left alone. Default `default-scheduler`. */
  readonly schedulerName?: string;
}

/** A pod that has a node, or that a decision gave one. */
interface Placed {
  readonly info: PodInfo;
  readonly node: string;
  /** Until the API shows the pod on its node: what to go back to when binding fails. */
  readonly queued: QueuedPod | undefined;
  /** Volume → claim. */
  readonly promised: ReadonlyMap<string, string>;
}

/** Events are forgotten after an hour; who looks should find a recent one. */
const REMIND_MS = 4 * 60_000;
const NO_NODES = 'no nodes available to schedule pods';
const NO_PROMISES: ReadonlyMap<string, string> = new Map();
const NO_PLUGINS: ReadonlySet<Plugin> = new Set();

/**
 * Decides which pod goes to which node. A pure state machine: told of objects as they come, change and go, asked
 * for the next decision, told how that went. Does no I/O, keeps no timers, never waits.
 */
export class SchedulerCore {
  readonly #now: () => number;
  readonly #schedulerName: string;
  readonly #state = new ClusterState();
  readonly #queue = new PodQueue();
  readonly #placed = new Map<string, Placed>();
  readonly #nominations = new Nominations(this.#state, (node) =>
    this.#happened({ kind: 'node', node, topology: false }),
  );
  readonly #preemptor = new Preemptor(this.#state);
  readonly #classes: ClassCache;

  constructor({ now, schedulerName = 'default-scheduler' }: CoreOptions) {
    this.#now = now;
    this.#schedulerName = schedulerName;
    this.#classes = new ClassCache(this.#state);
  }

  /**
   * The next decision; undefined: nothing to do until something happens or `wake` says so. Pods of which there is
   * nothing new to say are only told of now and then.
   */
  next(): Decision | undefined {
    for (;;) {
      const queued = this.#queue.take();
      if (queued === undefined) return undefined;
      queued.attempts++;
      queued.triedAt = this.#now();
      const decision = this.#tryToDecide(queued);
      if (decision.kind === 'bind' || this.#isNews(queued, decision)) return decision;
    }
  }

  #tryToDecide(queued: QueuedPod): Decision {
    try {
      return this.#decide(queued);
    } catch (error) {
      // one pod that this code cannot cope with must not keep all others waiting
      return { ...this.#fail(queued, `internal error: ${messageOf(error)}`, NO_PLUGINS, undefined), error };
    }
  }

  #isNews(queued: QueuedPod, { message, nominatedNode, victims, displaced }: FailDecision): boolean {
    const now = this.#now();
    const text = `${nominatedNode} ${message}`;
    const { said } = queued;
    const isOld = said?.text === text && now - said.at < REMIND_MS;
    if (isOld && victims.length === 0 && displaced.length === 0) return false;
    queued.said = { text, at: now };
    return true;
  }

  /** Takes up pods whose pause is over; returns when to call again, in milliseconds since the epoch. */
  wake(): number | undefined {
    return this.#queue.wake(this.#now());
  }

  /** Is a decision to bind still good? A node may have gone in the meantime. */
  isCurrent(decision: BindDecision): boolean {
    const placed = this.#placed.get(keyOfPod(decision.pod));
    return (
      placed?.node === decision.node &&
      placed.info.uid === decision.pod.metadata.uid &&
      this.#state.node(decision.node)?.object !== undefined
    );
  }

  /** The pod was not bound: it is tried again after a pause. (That it was bound shows in the pod.) */
  unbound(pod: Pod): void {
    const key = keyOfPod(pod);
    const placed = this.#placed.get(key);
    if (!placed?.queued || placed.info.uid !== pod.metadata.uid) return;
    this.#unplace(placed);
    this.#queue.retry(placed.queued, this.#now());
  }

  /** Not all victims of a decision could be told to leave: the room is not to be counted on. */
  notPreempted({ pod, victims }: FailDecision): void {
    for (const { metadata } of victims) this.#preemptor.forget(metadata.uid ?? '');
    const key = keyOfPod(pod);
    this.#nominations.clear(key);
    this.#retry(key);
  }

  #retry(key: string): void {
    const queued = this.#queue.get(key);
    if (queued?.place === 'waiting') this.#queue.retry(queued, this.#now());
  }

  putNode(object: Node): void {
    const { node, change, isNew } = this.#state.putNode(object);
    if (!isNew && !change.labels && !change.taints && !change.amounts) return;
    this.#retryNominated(node);
    this.#happened({ kind: 'node', node, topology: isNew || change.labels || change.taints });
  }

  removeNode(name: string): void {
    const node = this.#state.node(name);
    this.#state.removeNode(name);
    if (!node) return;
    this.#retryNominated(node);
    // a domain less may mean less skew
    this.#happened({ kind: 'node', node, topology: true });
  }

  /** Room that is of no use to whom it was made for is given back. */
  #retryNominated(node: NodeInfo): void {
    for (const { key } of node.nominated.values()) this.#retry(key);
  }

  putNamespace(namespace: Namespace): void {
    if (this.#state.putNamespace(namespace)) this.#happened({ kind: 'namespace' });
  }

  removeNamespace(name: string): void {
    this.#state.removeNamespace(name);
  }

  putClaim(claim: Claim): void {
    const { namespace = '', name = '' } = claim.metadata;
    this.#state.volumes.claims.set(`${namespace}/${name}`, claim);
    this.#happened({ kind: 'claim', namespace, name });
  }

  removeClaim(namespace: string, name: string): void {
    this.#state.volumes.claims.delete(`${namespace}/${name}`);
  }

  putVolume(volume: Volume): void {
    const { name = '' } = volume.metadata;
    this.#state.volumes.volumes.set(name, volume);
    // from now on everybody sees whose it is
    if (volume.spec?.claimRef) this.#state.volumes.promised.delete(name);
    this.#happened({ kind: 'storage' });
  }

  removeVolume(name: string): void {
    this.#state.volumes.volumes.delete(name);
  }

  putStorageClass(storageClass: StorageClass): void {
    this.#state.volumes.classes.set(storageClass.metadata.name ?? '', storageClass);
    this.#happened({ kind: 'storage' });
  }

  removeStorageClass(name: string): void {
    this.#state.volumes.classes.delete(name);
  }

  putCSINode(node: CSINode): void {
    this.#state.volumes.csiNodes.set(node.metadata.name ?? '', node);
    this.#happened({ kind: 'storage' });
  }

  removeCSINode(name: string): void {
    this.#state.volumes.csiNodes.delete(name);
  }

  putBudget(budget: Budget): void {
    this.#state.budgets.set(`${budget.metadata.namespace}/${budget.metadata.name}`, budget);
  }

  removeBudget(namespace: string, name: string): void {
    this.#state.budgets.delete(`${namespace}/${name}`);
  }

  /** A pod is there or is another; may come again unchanged. */
  putPod(pod: Pod): void {
    const key = keyOfPod(pod);
    const known = this.#placed.get(key)?.info ?? this.#queue.get(key)?.info;
    if (known && known.uid !== (pod.metadata.uid ?? key)) this.removePod(known.pod);
    const { phase } = pod.status ?? {};
    if (phase === 'Succeeded' || phase === 'Failed') this.removePod(pod);
    else if (pod.spec?.nodeName) this.#putPlaced(key, pod, pod.spec.nodeName);
    else this.#putWaiting(key, pod);
  }

  removePod(pod: Pod): void {
    const key = keyOfPod(pod);
    const queued = this.#queue.get(key);
    if (queued) this.#queue.remove(queued);
    this.#nominations.clear(key);
    const placed = this.#placed.get(key);
    if (placed) this.#unplace(placed);
  }

  #putPlaced(key: string, pod: Pod, nodeName: string): void {
    const info = new PodInfo(pod, this.#state.names);
    const before = this.#placed.get(key);
    const queued = this.#queue.get(key);
    if (queued) this.#queue.remove(queued);
    this.#nominations.clear(key);
    if (before?.node === nodeName && before.info.isLike(info)) {
      before.info.adopt(pod);
      if (before.queued) this.#placed.set(key, { ...before, queued: undefined });
      return;
    }
    if (before) this.#unplace(before);
    const node = this.#state.addPod(info, nodeName);
    this.#placed.set(key, { info, node: nodeName, queued: undefined, promised: NO_PROMISES });
    this.#happened({ kind: 'pod-there', node, pod: info });
  }

  #putWaiting(key: string, pod: Pod): void {
    const placed = this.#placed.get(key);
    if (placed?.queued) {
      placed.info.adopt(pod);
      return;
    }
    const isOurs = (pod.spec?.schedulerName ?? 'default-scheduler') === this.#schedulerName;
    if (!isOurs || pod.metadata.deletionTimestamp !== undefined) {
      this.removePod(pod);
      return;
    }
    const gated = (pod.spec?.schedulingGates?.length ?? 0) > 0;
    const before = this.#queue.get(key);
    const info = new PodInfo(pod, this.#state.names);
    if (!before) this.#enqueue(info, gated);
    else if (before.place === 'gated' && gated) before.info = info;
    else if (before.place === 'gated') {
      before.info = info;
      this.#queue.activate(before);
    } else if (before.info.isLike(info) && before.info.shape === info.shape) before.info.adopt(pod);
    else {
      // it asks for something else now
      this.#nominations.replace(before.info, info);
      before.info = info;
      if (before.place === 'waiting') this.#queue.retry(before, this.#now());
    }
  }

  #enqueue(info: PodInfo, gated: boolean): void {
    const queued = this.#queue.add(info, this.#now());
    if (info.nominatedNode) this.#nominations.set(info, info.nominatedNode);
    if (!gated) this.#queue.activate(queued);
  }

  #unplace(placed: Placed): void {
    this.#placed.delete(placed.info.key);
    this.#preemptor.forget(placed.info.uid);
    this.#forgetPromises(placed);
    const node = this.#state.node(placed.node);
    this.#state.removePod(placed.info, placed.node);
    if (node) this.#happened({ kind: 'pod-gone', node, pod: placed.info });
  }

  #forgetPromises({ promised }: Placed): void {
    const present = this.#state.volumes.promised;
    for (const [volume, claim] of promised) if (present.get(volume) === claim) present.delete(volume);
  }

  /** Wakes the pods that an event can help, a class at a time. */
  #happened(event: ClusterEvent): void {
    const now = this.#now();
    for (const pods of [...this.#queue.waiting()]) {
      const [first] = pods;
      if (!first || !helps(event, first.info, first.failedBy, this.#state)) continue;
      for (const pod of [...pods]) this.#queue.retry(pod, now);
    }
  }

  #decide(queued: QueuedPod): Decision {
    const { info } = queued;
    const nominated = this.#nominations.lift(info);
    if (this.#state.nodeCount === 0) return this.#fail(queued, NO_NODES, NO_PLUGINS, nominated);
    const refused = whyNever(info);
    if (refused) return this.#fail(queued, hopeless(refused, this.#state.nodeCount), NO_PLUGINS, undefined);
    const volumes = info.claims.length > 0 ? new PodVolumes(info, this.#state.volumes) : undefined;
    if (volumes?.problem !== undefined) {
      const message = hopeless(volumes.problem, this.#state.nodeCount);
      return this.#fail(queued, message, new Set<Plugin>(['VolumeBinding']), undefined);
    }
    const of = this.#classes.classOf(info, volumes);
    const node = this.#choose(of, nominated);
    const decision = node ? this.#bind(queued, node, volumes) : this.#preempt(queued, of, nominated);
    const room = decision.kind === 'bind' ? decision.node : decision.nominatedNode;
    if (nominated !== undefined && nominated !== room) this.#nominations.giveBack(nominated);
    return decision;
  }

  #choose(of: PodClass, nominated: string | undefined): NodeInfo | undefined {
    const promised = nominated === undefined ? undefined : this.#state.node(nominated);
    if (promised?.object && of.failureOf(promised.slot) === undefined) return promised;
    const slot = of.best();
    return slot === undefined ? undefined : this.#state.slots[slot];
  }

  #bind(queued: QueuedPod, node: NodeInfo, volumes: PodVolumes | undefined): BindDecision {
    const { info } = queued;
    const plan = volumes?.plan(node);
    const promised = new Map(
      (plan?.bind ?? []).map(({ volume, claim }) => [
        volume.metadata.name ?? '',
        `${claim.metadata.namespace}/${claim.metadata.name}`,
      ]),
    );
    for (const [volume, claim] of promised) this.#state.volumes.promised.set(volume, claim);
    this.#nominations.forget(info.key);
    this.#queue.hold(queued, 'busy');
    this.#state.addPod(info, node.name);
    this.#placed.set(info.key, { info, node: node.name, queued, promised });
    this.#happened({ kind: 'pod-there', node, pod: info });
    return { kind: 'bind', pod: info.pod, node: node.name, volumes: plan };
  }

  #preempt(queued: QueuedPod, of: PodClass, nominated: string | undefined): FailDecision {
    const { info } = queued;
    const { message, failedBy } = of.explain();
    queued.classKey = of.key;
    const ineligible = this.#preemptor.whyNot(info, of, nominated);
    if (ineligible) return this.#fail(queued, `${message} preemption: ${ineligible}`, failedBy, nominated);
    const room = this.#preemptor.makeRoom(info, of);
    if (typeof room === 'string') return this.#fail(queued, `${message} ${room}`, failedBy, undefined);
    const displaced = this.#displace(info, room.node);
    const failed = this.#fail(queued, message, failedBy, room.node.name);
    return { ...failed, victims: room.victims.map(({ pod }) => pod), displaced };
  }

  /** Less important pods must look elsewhere. */
  #displace(info: PodInfo, node: NodeInfo): Pod[] {
    const displaced = [...node.nominated.values()].filter(({ priority }) => priority < info.priority);
    for (const { key } of displaced) {
      this.#nominations.clear(key);
      this.#retry(key);
    }
    return displaced.map(({ pod }) => pod);
  }

  #fail(
    queued: QueuedPod,
    message: string,
    failedBy: ReadonlySet<Plugin>,
    nominated: string | undefined,
  ): FailDecision {
    const { info } = queued;
    queued.failedBy = failedBy;
    // pods that wait for the same things are woken together
    const key = info.claims.length > 0 || failedBy.size === 0 ? info.key : queued.classKey;
    queued.classKey = `${key} ${[...failedBy].sort().join()}`;
    if (nominated === undefined) this.#nominations.clear(info.key);
    else this.#nominations.set(info, nominated);
    this.#queue.wait(queued);
    return {
      kind: 'fail',
      pod: info.pod,
      message,
      nominatedNode: nominated ?? '',
      victims: [],
      displaced: [],
    };
  }
}

const keyOfPod = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name ?? ''}`;

/** Why a pod is on no node ever. */
function whyNever({ spec, constraints }: PodInfo): string | undefined {
  if ((spec.resourceClaims?.length ?? 0) > 0) return 'resource claims are not supported';
  if (constraints.isTooComplex)
    return `more than ${MOST_CONDITIONS} terms, requirements and tolerations are not supported`;
  return undefined;
}

const hopeless = (problem: string, nodes: number): string =>
  `0/${nodes} nodes are available: ${problem}. preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`;
