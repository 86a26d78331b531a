import type { KubeObject, LabelMatcher } from '@sampan/api';
import { type Informer, keyOf, type ObjectChange } from '@sampan/machinery';
import type { Pod } from '../workloads/objects.ts';

export interface SelectedPodsOptions<O extends KubeObject> {
  readonly owners: Informer<O>;
  readonly pods: Informer<Pod>;
  /** What an owner selects in its namespace; the same matcher for the same selector. Undefined: nothing. */
  readonly matcherOf: (owner: O) => LabelMatcher | undefined;
  /** All of a pod that owners care for, as one text that is compared. */
  readonly traitsOf: (pod: Pod) => string;
}

/**
 * Which pods each of some owners (Services, budgets …) selects by labels, kept up as both change, so that a change of
 * one pod costs what its owners need and not a look at every pod of the namespace.
 */
export class SelectedPods<O extends KubeObject> {
  readonly #options: SelectedPodsOptions<O>;
  readonly #selected = new Map<string, { matcher: LabelMatcher; pods: Map<string, Pod> }>();
  readonly #handlers: ((owner: string) => void)[] = [];

  constructor(options: SelectedPodsOptions<O>) {
    this.#options = options;
    options.owners.onChange((change) => this.#ownerChanged(change));
    options.pods.onChange((change) => this.#podChanged(change));
  }

  /** Calls `handler` with the key of each owner that changed, or whose pods did. */
  onChange(handler: (owner: string) => void): void {
    this.#handlers.push(handler);
  }

  /** The pods that an owner selects. */
  of(owner: string): Iterable<Pod> {
    return this.#selected.get(owner)?.pods.values() ?? [];
  }

  #tell(owner: string): void {
    for (const handler of this.#handlers) handler(owner);
  }

  #ownerChanged({ type, object, previous }: ObjectChange<O>): void {
    const key = keyOf(object);
    const { matcherOf, pods } = this.#options;
    const matcher = type === 'deleted' ? undefined : matcherOf(object);
    if (!matcher) this.#selected.delete(key);
    else if (!previous || !this.#selected.has(key) || !sameMatcher(matcher, matcherOf(previous))) {
      const members = new Map<string, Pod>();
      for (const pod of pods.byIndex('namespace', object.metadata.namespace ?? '')) {
        if (matcher.matches(pod.metadata.labels)) members.set(keyOf(pod), pod);
      }
      this.#selected.set(key, { matcher, pods: members });
    }
    this.#tell(key);
  }

  #podChanged({ type, object, previous }: ObjectChange<Pod>): void {
    const { owners, traitsOf } = this.#options;
    let same: boolean | undefined;
    const key = keyOf(object);
    for (const owner of owners.byIndex('namespace', object.metadata.namespace ?? '')) {
      const selected = this.#selected.get(keyOf(owner));
      if (!selected) continue;
      const was = selected.pods.has(key);
      const is = type !== 'deleted' && selected.matcher.matches(object.metadata.labels);
      if (is) selected.pods.set(key, object);
      else selected.pods.delete(key);
      if (is && was) same ??= previous !== undefined && traitsOf(previous) === traitsOf(object);
      if (was !== is || (is && !same)) this.#tell(keyOf(owner));
    }
  }
}

const sameMatcher = (a: LabelMatcher, b: LabelMatcher | undefined): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);
