import type { KubeObject } from '@sampan/api';
import type { ObjectChange, ObjectReader } from '@sampan/machinery';

/** An ObjectReader over a plain map, for tests of what reads roles, pods and secrets. */
export class TestReader implements ObjectReader {
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  readonly #watchers = new Map<string, Set<(change: ObjectChange) => void>>();

  get<T extends KubeObject>(collection: string, namespace: string, name: string): T | undefined {
    return this.#collections.get(collection)?.get(`${namespace}/${name}`) as T | undefined;
  }

  list<T extends KubeObject>(collection: string, namespace?: string): T[] {
    const all = [...(this.#collections.get(collection)?.values() ?? [])] as T[];
    return namespace === undefined
      ? all
      : all.filter((object) => (object.metadata.namespace ?? '') === namespace);
  }

  watch<T extends KubeObject>(collection: string, onChange: (change: ObjectChange<T>) => void): () => void {
    const watchers = this.#watchers.get(collection) ?? new Set();
    this.#watchers.set(collection, watchers);
    const watcher = onChange as (change: ObjectChange) => void;
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }

  put(collection: string, object: { metadata: KubeObject['metadata']; [field: string]: unknown }): void {
    const full = { apiVersion: 'v1', kind: 'Any', ...object } as KubeObject;
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
    const objects = this.#collections.get(collection) ?? new Map<string, KubeObject>();
    this.#collections.set(collection, objects);
    const previous = objects.get(key);
    objects.set(key, full);
    this.#emit(collection, { type: previous ? 'modified' : 'added', object: full, previous });
  }

  remove(collection: string, namespace: string, name: string): void {
    const object = this.get(collection, namespace, name);
    if (!object) return;
    this.#collections.get(collection)?.delete(`${namespace}/${name}`);
    this.#emit(collection, { type: 'deleted', object, previous: object });
  }

  #emit(collection: string, change: ObjectChange): void {
    for (const watcher of this.#watchers.get(collection) ?? []) watcher(change);
  }
}
