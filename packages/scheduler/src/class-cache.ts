import type { ClusterState } from './cluster-state.ts';
import { PodClass } from './pod-class.ts';
import type { PodInfo } from './pod-info.ts';
import type { PodVolumes } from './pod-volumes.ts';

/** What all kept classes together may know of nodes: some tens of megabytes. */
const MOST_VERDICTS = 1_000_000;

/** The classes that pods were of lately. */
export class ClassCache {
  readonly #state: ClusterState;
  readonly #classes = new Map<string, PodClass>();

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** The class of a pod, as things are now. Pods with claims are each a class of their own. */
  classOf(pod: PodInfo, volumes: PodVolumes | undefined): PodClass {
    if (volumes || pod.constraints.onlyNodes) return new PodClass(pod, pod.key, this.#state, volumes);
    const key = this.#state.classKey(pod);
    const known = this.#classes.get(key);
    this.#classes.delete(key);
    const current = known?.refresh() ? known : new PodClass(pod, key, this.#state, undefined);
    this.#classes.set(key, current);
    const most = Math.max(16, MOST_VERDICTS / Math.max(1, this.#state.slots.length));
    const [oldest] = this.#classes.keys();
    if (this.#classes.size > most && oldest !== undefined) this.#classes.delete(oldest);
    return current;
  }
}
