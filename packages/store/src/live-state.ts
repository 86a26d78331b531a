import type { StoredChange } from './change-log.ts';
import type { Row } from './driver.ts';
import { StoredEntry } from './entry.ts';
import { collectionOf, keyBefore } from './keys.ts';
import { Slabs } from './slabs.ts';
import { SortedIndex } from './sorted-index.ts';

/** Takes the history in order; `done` makes the result readable. */
export interface Loader {
  take(row: Row): StoredChange;
  done(): void;
}

/** The newest committed version of each key, and the memory of all versions that are kept. */
export class LiveState {
  readonly #byKey = new Map<string, StoredEntry>();
  readonly #collections = new Map<string, SortedIndex>();
  readonly #slabs = new Slabs();
  #bytes = 0;

  get size(): number {
    return this.#byKey.size;
  }

  /** Sum of the bytes of the live values. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): StoredEntry | undefined {
    return this.#byKey.get(key);
  }

  entries(): Iterable<StoredEntry> {
    return this.#byKey.values();
  }

  index(collection: string): SortedIndex | undefined {
    return this.#collections.get(collection);
  }

  apply(change: StoredChange): void {
    if (change.entry) this.#slabs.add(change.entry);
    this.#take(change);
    const collection = collectionOf(change.key);
    let index = this.#collections.get(collection);
    if (!index) {
      index = new SortedIndex();
      this.#collections.set(collection, index);
    }
    if (change.entry) index.set(change.entry);
    else index.delete(change.key);
    if (index.size === 0) this.#collections.delete(collection);
  }

  /** Gives up the memory of a version that is neither live nor in the log any more. */
  release(entry: StoredEntry): void {
    this.#slabs.release(entry);
  }

  /** For an empty state: sorts each collection once instead of inserting key by key. */
  loader(): Loader {
    return {
      take: ({ key, revision, created, value }) => {
        const entry = value && new StoredEntry(key, revision, created, value);
        const previous = this.#byKey.get(key);
        const change: StoredChange = { type: entry ? 'put' : 'delete', revision, key, entry, previous };
        if (entry) this.#slabs.adopt(entry);
        this.#take(change);
        return change;
      },
      done: () => this.#sort(),
    };
  }

  #take({ key, entry, previous }: StoredChange): void {
    this.#bytes += (entry?.length ?? 0) - (previous?.length ?? 0);
    if (entry) this.#byKey.set(key, entry);
    else this.#byKey.delete(key);
  }

  #sort(): void {
    const collections = new Map<string, StoredEntry[]>();
    for (const entry of this.#byKey.values()) {
      const collection = collectionOf(entry.key);
      const entries = collections.get(collection);
      if (entries) entries.push(entry);
      else collections.set(collection, [entry]);
    }
    for (const [collection, entries] of collections) {
      entries.sort((a, b) => (keyBefore(a.key, b.key) ? -1 : 1));
      this.#collections.set(collection, SortedIndex.of(entries));
    }
  }
}
