import type { ClusterState } from './cluster-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodClass } from './pod-class.ts';
import type { PodInfo } from './pod-info.ts';
import { findVictims } from './preemption.ts';

/** Room to be made on a node. */
export interface Room {
  readonly node: NodeInfo;
  /** Pods to be told to leave; those that are leaving already are not among them. */
  readonly victims: readonly PodInfo[];
}

/** Decides whether and where room is made for a pod, and remembers who was told to leave. */
export class Preemptor {
  readonly #state: ClusterState;
  /** Pods that are told to leave and whose leaving is not visible yet. */
  readonly #leaving = new Set<string>();
  #start = -1;

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** A pod is gone, or stays after all. */
  forget(uid: string): void {
    this.#leaving.delete(uid);
  }

  /** A pod preempts once: not again while those it told to leave are still leaving. Undefined: it may. */
  whyNot(pod: PodInfo, of: PodClass, nominated: string | undefined): string | undefined {
    if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
    const node = nominated === undefined ? undefined : this.#state.node(nominated);
    // room on that node is of no use any more
    if (node && of.failureOf(node.slot)?.resolvable === false) return undefined;
    for (const other of node?.pods.values() ?? [])
      if (other.priority < pod.priority && this.#isLeaving(other))
        return 'not eligible due to a terminating pod on the nominated node.';
    return undefined;
  }

  /** The room to be made for a pod, or why none can be: upstream's text. Its victims count as leaving from now on. */
  makeRoom(pod: PodInfo, of: PodClass): Room | string {
    if (of.hopeless !== undefined) return of.hopeless;
    this.#start = (this.#start + 1) % Math.max(1, this.#state.slots.length);
    const { candidate, message } = findVictims(pod, of, this.#state, this.#start);
    if (!candidate) {
      of.hopeless = message;
      return message;
    }
    const victims = candidate.victims.filter((victim) => !this.#isLeaving(victim));
    for (const { uid } of victims) this.#leaving.add(uid);
    return { node: candidate.node, victims };
  }

  #isLeaving({ uid, isTerminating }: PodInfo): boolean {
    return isTerminating || this.#leaving.has(uid);
  }
}
