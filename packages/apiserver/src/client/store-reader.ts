import type { KubeObject } from '@sampan/api';
import type { ObjectChange, ObjectReader } from '@sampan/machinery';
import type { Change, Store } from '@sampan/store';

/** Reads a cluster's committed objects from its store; see `ObjectReader`. */
export class StoreReader implements ObjectReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get<T extends KubeObject = KubeObject>(collection: string, namespace: string, name: string): T | undefined {
    return this.#store.get(keyOf(collection, namespace, name))?.object<T>();
  }

  list<T extends KubeObject = KubeObject>(collection: string, namespace = ''): T[] {
    const prefix = namespace === '' ? `${collection}/` : `${collection}/${namespace}/`;
    return this.#store.list({ prefix }).entries.map((entry) => entry.object<T>());
  }

  watch<T extends KubeObject = KubeObject>(
    collection: string,
    onChange: (change: ObjectChange<T>) => void,
  ): () => void {
    return this.#store.watch({
      prefix: `${collection}/`,
      onChanges: (changes) => {
        for (const change of changes) onChange(objectChange<T>(change));
      },
    });
  }
}

function keyOf(collection: string, namespace: string, name: string): string {
  return namespace === '' ? `${collection}/${name}` : `${collection}/${namespace}/${name}`;
}

function objectChange<T extends KubeObject>(change: Change): ObjectChange<T> {
  const previous = change.previous?.object<T>();
  if (change.entry) {
    return { type: previous ? 'modified' : 'added', object: change.entry.object<T>(), previous };
  }
  if (!previous) throw new Error(`${change.key}: a deletion needs a previous entry`);
  return { type: 'deleted', object: previous, previous };
}
