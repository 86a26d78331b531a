import type { ClusterState } from './cluster-state.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Which node room is made on for which pod (`status.nominatedNodeName`). A pod has one at most. */
export class Nominations {
  readonly #state: ClusterState;
  readonly #gaveBack: (node: NodeInfo) => void;
  readonly #nodes = new Map<string, string>();

  /** `gaveBack`: room on a node is for everybody now. */
  constructor(state: ClusterState, gaveBack: (node: NodeInfo) => void) {
    this.#state = state;
    this.#gaveBack = gaveBack;
  }

  /** The node's name, by the key of the pod. */
  nodeOf(key: string): string | undefined {
    return this.#nodes.get(key);
  }

  set(pod: PodInfo, node: string): void {
    this.#nodes.set(pod.key, node);
    this.#state.nominate(pod, node);
  }

  /** While a pod is judged, the room made for it is room; `set` or `forget` follows. Returns the node's name. */
  lift(pod: PodInfo): string | undefined {
    const node = this.#nodes.get(pod.key);
    if (node !== undefined) this.#state.denominate(pod, node);
    return node;
  }

  /** The pod got a node: nothing need be given back here. */
  forget(key: string): void {
    this.#nodes.delete(key);
  }

  clear(key: string): void {
    const name = this.#nodes.get(key);
    if (name === undefined) return;
    this.#nodes.delete(key);
    for (const pod of this.#state.node(name)?.nominated.values() ?? [])
      if (pod.key === key) this.#state.denominate(pod, name);
    this.giveBack(name);
  }

  /** The pod is described anew. */
  replace(before: PodInfo, after: PodInfo): void {
    const node = this.lift(before);
    if (node !== undefined) this.#state.nominate(after, node);
  }

  giveBack(name: string): void {
    const node = this.#state.node(name);
    if (node) this.#gaveBack(node);
  }
}
