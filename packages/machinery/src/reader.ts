import type { KubeObject } from '@sampan/api';

/**
 * The committed objects of one cluster, read in process: no copies (everything is frozen), no waiting, no disk.
 * A collection is named as its resource is in the store: `pods`, `deployments.apps`; objects are in their
 * storage version.
 */
export interface ObjectReader {
  /** `namespace` is '' for cluster-scoped resources. */
  get<T extends KubeObject = KubeObject>(collection: string, namespace: string, name: string): T | undefined;
  /** All objects of a collection, or of one namespace of it, in order of namespace and name. */
  list<T extends KubeObject = KubeObject>(collection: string, namespace?: string): T[];
  /**
   * Changes from now on, in the tick of their commit, in order. `onChange` must not throw and must not block.
   * The returned function ends it and may be called twice.
   */
  watch<T extends KubeObject = KubeObject>(
    collection: string,
    onChange: (change: ObjectChange<T>) => void,
  ): () => void;
}

export interface ObjectChange<T extends KubeObject = KubeObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  /** The object as it is now; for `deleted` its last state. */
  readonly object: T;
  /** The state before; absent for `added`. */
  readonly previous: T | undefined;
}
