import type { KubeObject } from '@sampan/api';
import type { ObjectChange } from './reader.ts';
import { Reflector, type ReflectorOptions, type ReflectorSink } from './reflector.ts';
import { keyOf } from './refs.ts';

export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

/** Most have no index, and a process holds the informers of thousands of clusters. */
const NONE: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * The objects of a resource in memory, always soon the present ones, with indexes and change handlers (client-go
 * SharedIndexInformer without resyncs). Objects are the client's: do not change them. Choose selectors that keep it
 * small.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: ReadonlyMap<string, (object: T) => readonly string[]>;
  readonly #indexes: ReadonlyMap<string, Map<string, Set<string>>>;
  readonly #handlers = new Set<(change: ObjectChange<T>) => void>();
  readonly #reflector: Reflector<T>;
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  /** What the running list has shown. */
  #seen: Set<string> | undefined;

  constructor(options: ReflectorOptions, indexers: Indexers<T> = {}) {
    const entries = Object.entries(indexers);
    this.#indexers = entries.length === 0 ? NONE : new Map(entries);
    this.#indexes = entries.length === 0 ? NONE : new Map(entries.map(([name]) => [name, new Map()]));
    const sink: ReflectorSink<T> = {
      beginList: () => {
        this.#seen = new Set();
      },
      endList: () => this.#endList(),
      put: (object) => this.#put(object),
      remove: (object) => this.#remove(keyOf(object), object),
    };
    this.#reflector = new Reflector<T>(options, sink);
  }

  /** Calls `handler` with each change from now on, and with what is there already as added. */
  onChange(handler: (change: ObjectChange<T>) => void): () => void {
    this.#handlers.add(handler);
    for (const object of this.#objects.values()) handler({ type: 'added', object, previous: undefined });
    return () => this.#handlers.delete(handler);
  }

  start(): void {
    this.#reflector.start();
  }

  stop(): void {
    this.#reflector.stop();
  }

  /** Resolves when the first list is complete; never when the informer is stopped before. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(namespace === '' ? name : `${namespace}/${name}`);
  }

  list(): IterableIterator<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  byIndex(index: string, value: string): T[] {
    const keys = this.#index(index).get(value);
    return keys ? [...keys].flatMap((key) => this.#objects.get(key) ?? []) : [];
  }

  #index(name: string): Map<string, Set<string>> {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index ${name}`);
    return index;
  }

  #endList(): void {
    for (const [key, object] of this.#objects) if (!this.#seen?.has(key)) this.#remove(key, object);
    this.#seen = undefined;
    if (this.#isSynced) return;
    this.#isSynced = true;
    this.#synced.resolve();
  }

  #put(object: T): void {
    const key = keyOf(object);
    this.#seen?.add(key);
    const previous = this.#objects.get(key);
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion && previous) return;
    if (previous && previous.metadata.uid !== object.metadata.uid) {
      // deleted and made again while nobody looked
      this.#remove(key, previous);
      this.#put(object);
      return;
    }
    this.#objects.set(key, object);
    this.#reindex(key, previous, object);
    this.#tell({ type: previous ? 'modified' : 'added', object, previous });
  }

  #remove(key: string, object: T): void {
    const previous = this.#objects.get(key);
    if (!previous) return;
    this.#objects.delete(key);
    this.#reindex(key, previous, undefined);
    this.#tell({ type: 'deleted', object, previous });
  }

  #reindex(key: string, before: T | undefined, after: T | undefined): void {
    for (const [name, values] of this.#indexers) {
      const index = this.#index(name);
      for (const value of before ? values(before) : []) {
        const keys = index.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(value);
      }
      for (const value of after ? values(after) : []) {
        index.getOrInsertComputed(value, () => new Set()).add(key);
      }
    }
  }

  #tell(change: ObjectChange<T>): void {
    for (const handler of this.#handlers) handler(change);
  }
}
