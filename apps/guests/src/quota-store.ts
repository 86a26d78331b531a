import { errors } from '@sampan/api';
import type { Encode, Entry, ListOptions, PutOptions, Store, WatchOptions } from '@sampan/store';

/** What a cluster may store; absent: as much as there is room. */
export interface StoreQuota {
  readonly objects?: number;
  /** Of all values. */
  readonly bytes?: number;
}

/**
 * A store that takes no more than a quota: what would go beyond is Forbidden, while deletes and what makes things
 * smaller always go. Writes under way count.
 */
export class QuotaStore implements Store {
  readonly #store: Store;
  /** Absent: nothing is bounded yet. May be replaced at any time. */
  quota: StoreQuota = {};
  #pendingObjects = 0;
  #pendingBytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  get revision(): number {
    return this.#store.revision;
  }

  get compacted(): number {
    return this.#store.compacted;
  }

  put(key: string, encode: Encode, options?: PutOptions): Promise<Entry> {
    const { objects, bytes } = this.quota;
    if (objects === undefined && bytes === undefined) return this.#store.put(key, encode, options);
    const present = this.#store.latest(key);
    if (!present) this.#checkObjects(objects);
    let growth = 0;
    const written = this.#store.put(
      key,
      (revision) => {
        const encoded = encode(revision);
        growth = encoded.bytes.length - (present?.bytes.length ?? 0);
        if (growth > 0) this.#checkBytes(bytes, growth);
        return encoded;
      },
      options,
    );
    return this.#counted(written, present ? 0 : 1, Math.max(0, growth));
  }

  get = (key: string): Entry | undefined => this.#store.get(key);
  latest = (key: string): Entry | undefined => this.#store.latest(key);
  list = (options: ListOptions): ReturnType<Store['list']> => this.#store.list(options);
  count = (prefix: string): number => this.#store.count(prefix);
  delete = (key: string, options?: PutOptions): ReturnType<Store['delete']> =>
    this.#store.delete(key, options);
  watch = (options: WatchOptions): (() => void) => this.#store.watch(options);
  compact = (revision: number): void => this.#store.compact(revision);
  backup = (file: string): Promise<void> => this.#store.backup(file);
  stats = (): ReturnType<Store['stats']> => this.#store.stats();
  close = (): Promise<void> => this.#store.close();

  /** Until it is committed, or not, the store does not count it. */
  async #counted(written: Promise<Entry>, objects: number, bytes: number): Promise<Entry> {
    this.#pendingObjects += objects;
    this.#pendingBytes += bytes;
    try {
      return await written;
    } finally {
      this.#pendingObjects -= objects;
      this.#pendingBytes -= bytes;
    }
  }

  #checkObjects(limit: number | undefined): void {
    if (limit === undefined) return;
    const used = this.#store.stats().objects + this.#pendingObjects;
    if (used >= limit) throw exceeded('objects', limit, used);
  }

  #checkBytes(limit: number | undefined, growth: number): void {
    if (limit === undefined) return;
    const used = this.#store.stats().bytes + this.#pendingBytes;
    if (used + growth > limit) throw exceeded('bytes', limit, used);
  }
}

const exceeded = (what: keyof StoreQuota, limit: number, used: number): Error =>
  errors.forbidden(
    { group: '', resource: '' },
    '',
    `the cluster may store ${limit} ${what} (spec.quota.${what} of its Cluster) and has ${used}: delete some first`,
  );
