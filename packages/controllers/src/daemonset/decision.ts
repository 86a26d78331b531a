import type { DaemonSet, Node, Pod } from '../workloads/objects.ts';
import { isAvailable, isReady, isTerminal, isTerminating, timeOf } from '../workloads/pod-state.ts';
import { eligibility } from './eligibility.ts';
import { isUpdated, targetNode } from './pod-template.ts';
import { rollDaemonSet } from './rolling.ts';

export interface DaemonSetState {
  readonly set: DaemonSet;
  readonly nodes: readonly Node[];
  /** The pods that it controls. */
  readonly pods: readonly Pod[];
  /** Of the present template. */
  readonly hash: string;
  /** Milliseconds until a pod that failed on a node may be replaced; 0: now. */
  readonly failureDelay: (node: string) => number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface DaemonSetDecision {
  /** Names of nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Those of `remove` that ended, to be told of. */
  readonly ended: readonly Pod[];
  /** When to look again at pods that failed, in milliseconds. */
  readonly afterMs: number | undefined;
}

/** The pods of each node; of those that ended only what is not being deleted (getNodesToDaemonPods). */
export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod);
    if (node === undefined || (isTerminal(pod) && isTerminating(pod))) continue;
    byNode.getOrInsertComputed(node, () => []).push(pod);
  }
  return byNode;
}

/** Pods on a node first, then older ones (podByCreationTimestampAndPhase). */
export function oldestFirst(pods: readonly Pod[]): Pod[] {
  const assigned = (pod: Pod) => (pod.spec.nodeName ? 0 : 1);
  return [...pods].sort(
    (a, b) =>
      assigned(a) - assigned(b) ||
      timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
      ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  );
}

/**
 * Which nodes get a pod and which pods go (kubernetes daemon_controller.go manage, then update.go rollingUpdate when
 * nothing else is to be done). Pure.
 */
export function decideDaemonSet(state: DaemonSetState): DaemonSetDecision {
  const byNode = podsByNode(state.pods);
  const managed = new Managing(state, byNode).decide();
  const quiet = managed.create.length + managed.remove.length === 0;
  if (!quiet || state.set.spec.updateStrategy?.type === 'OnDelete') return managed;
  return { ...managed, ...rollDaemonSet(state, byNode) };
}

class Managing {
  readonly #state: DaemonSetState;
  readonly #byNode: ReadonlyMap<string, readonly Pod[]>;
  readonly #create: string[] = [];
  readonly #remove: Pod[] = [];
  readonly #ended: Pod[] = [];
  #afterMs: number | undefined;

  constructor(state: DaemonSetState, byNode: ReadonlyMap<string, readonly Pod[]>) {
    this.#state = state;
    this.#byNode = byNode;
  }

  decide(): DaemonSetDecision {
    const { nodes } = this.#state;
    for (const node of nodes) this.#node(node);
    const known = new Set(nodes.map(({ metadata }) => metadata.name));
    for (const [name, pods] of this.#byNode) {
      // meant for a node that is not there: no scheduler will ever place it
      if (!known.has(name)) this.#drop(pods.filter(({ spec }) => !spec.nodeName));
    }
    return { create: this.#create, remove: this.#remove, ended: this.#ended, afterMs: this.#afterMs };
  }

  #drop(pods: readonly Pod[]): void {
    for (const pod of pods) if (!isTerminating(pod)) this.#remove.push(pod);
  }

  #node(node: Node): void {
    const name = node.metadata.name ?? '';
    const { run, stay } = eligibility(this.#state.set, node);
    const pods = this.#byNode.get(name);
    if (!pods) {
      if (run) this.#create.push(name);
    } else if (stay) this.#tidy(name, pods);
    else this.#drop(pods);
  }

  /** Replaces what ended, and keeps one pod; two only while one takes over from the other. */
  #tidy(node: string, pods: readonly Pod[]): void {
    const living = pods.filter((pod) => !isTerminating(pod));
    for (const pod of living.filter(isTerminal)) this.#replaceEnded(node, pod);
    const running = oldestFirst(living.filter((pod) => !isTerminal(pod)));
    if (running.length <= 1) return;
    if (allowsSurge(this.#state.set)) this.#tidySurge(running);
    else this.#drop(running.slice(1));
  }

  #replaceEnded(node: string, pod: Pod): void {
    const delay = pod.status?.phase === 'Failed' ? this.#state.failureDelay(node) : 0;
    if (delay > 0) {
      this.#afterMs = Math.min(delay, this.#afterMs ?? delay);
      return;
    }
    this.#remove.push(pod);
    this.#ended.push(pod);
  }

  #tidySurge(running: readonly Pod[]): void {
    const { set, hash, now } = this.#state;
    const [fresh, ...moreFresh] = running.filter((pod) => isUpdated(set, pod, hash));
    const [stale, ...moreStale] = running.filter((pod) => !isUpdated(set, pod, hash));
    this.#drop([...moreFresh, ...moreStale]);
    if (!fresh || !stale) return;
    if (!isReady(stale) || isAvailable(fresh, set.spec.minReadySeconds, now)) this.#drop([stale]);
  }
}

export function allowsSurge(set: DaemonSet): boolean {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const { maxSurge = 0 } = rollingUpdate ?? {};
  return type !== 'OnDelete' && maxSurge !== 0 && maxSurge !== '0%';
}
