/**
 * The versioned object store: keys to values, each write numbered by one revision that grows for the
 * whole store. It knows nothing of Kubernetes; `packages/apiserver` keeps one cluster in one store.
 *
 * Keys are `COLLECTION/REST` (for example `apps.deployments/default/web`): the text before the first
 * slash is the collection, the unit of listing and watching. Keys of a list are in the order of their UTF-8
 * bytes. A key or prefix without a slash, or a key with a lone surrogate, is a programmer's error and throws.
 */

/** One version of a value. Immutable; the same instance is given to every reader. */
export interface Entry {
  readonly key: string;
  /** The revision of the write that made this version; the key's `resourceVersion`. */
  readonly revision: number;
  /** The revision of the write that created the key. */
  readonly created: number;
  /** The value's bytes as stored. Never written to. */
  readonly bytes: Uint8Array;
  /**
   * The bytes parsed as JSON and deeply frozen: one instance for all readers for as long as somebody holds
   * it. The store itself holds only the most recent ones, so a later call may parse again.
   */
  object<T>(): T;
}

/**
 * Makes the bytes of a value once its revision is known, so that the revision can be part of them.
 * Called once, synchronously, inside `put`. The object, when given, becomes `Entry.object()`:
 * it is frozen by the store and must not be written to any more. The store copies the bytes at the commit.
 * What it throws, `put` throws; the revision is then skipped.
 */
export type Encode = (revision: number) => { bytes: Uint8Array; object?: unknown };

export interface PutOptions {
  /**
   * The revision that the key must have: 0 = must not exist, absent = any.
   * Otherwise `RevisionMismatchError`, with the entry that is there.
   */
  expected?: number;
}

export interface Change {
  readonly type: 'put' | 'delete';
  readonly revision: number;
  readonly key: string;
  /** The version written; absent for a delete. */
  readonly entry: Entry | undefined;
  /** The version that was there before; absent for a create. */
  readonly previous: Entry | undefined;
}

/**
 * Whether a write is kept in memory alone: read, listed and watched as any other, and lost with the process, after which
 * the last version on disk is there again, if any. Deletes follow what they delete. Must be quick and pure.
 */
export type IsFleeting = (change: Pick<Change, 'key' | 'entry' | 'previous'>) => boolean;

export interface ListOptions {
  /** Only keys that start with it; must begin with a whole collection name and a slash. */
  prefix: string;
  /** The snapshot to read: default the newest. Older than the last compaction: `CompactedError`. */
  revision?: number;
  /** Keys after this one (exclusive). */
  after?: string;
  /** At most so many entries; default and 0: all. */
  limit?: number;
}

export interface Listing {
  readonly entries: readonly Entry[];
  /** The revision of the snapshot. */
  readonly revision: number;
  /** How many entries follow the last one of this page in the snapshot. */
  readonly remaining: number;
}

export interface WatchOptions {
  /** Only keys that start with it; must begin with a whole collection name and a slash. */
  prefix: string;
  /** Changes after this revision; older than the last compaction: `CompactedError`. Default: from now on. */
  after?: number;
  /**
   * Called with the changes of one commit that the prefix matches, in order of revision, in the tick of
   * the commit. Changes that are already there when the watch starts are delivered before `watch`
   * returns. Must not throw and must not block.
   */
  onChanges(changes: readonly Change[]): void;
}

export interface StoreStats {
  readonly revision: number;
  readonly compacted: number;
  readonly objects: number;
  /** Sum of the bytes of all live values. */
  readonly bytes: number;
  /** Size of the database file, its write-ahead log included; 0 in memory. */
  readonly fileBytes: number;
}

/**
 * A store. Reads see committed writes only and never touch the disk. All writes of one tick are one commit; a
 * write's promise settles after its commit is on disk. Writes are checked against what is pending, so that two
 * writers in one tick cannot both win. All methods throw `StoreClosedError` after `close`.
 */
export interface Store {
  /** The revision of the last committed write; 0 in an empty store. */
  readonly revision: number;
  /** Changes at or before this revision are forgotten. */
  readonly compacted: number;

  /** The committed version of a key. */
  get(key: string): Entry | undefined;
  /**
   * The newest version, pending writes included: what a read-modify-write starts from. Must not be
   * shown to a client, since its commit may still fail.
   */
  latest(key: string): Entry | undefined;
  list(options: ListOptions): Listing;
  /** How many committed keys start with the prefix, without building a list. */
  count(prefix: string): number;

  /**
   * Throws `RevisionMismatchError` at once; rejects with `StoreWriteError` when the commit fails, as then all
   * writes of the tick do. Revisions of failed writes are not given again.
   */
  put(key: string, encode: Encode, options?: PutOptions): Promise<Entry>;
  /**
   * Settles with the version that was deleted; the delete has a revision of its own. Throws and rejects as
   * `put`; a key that is not there is a `RevisionMismatchError`, whatever was expected.
   */
  delete(key: string, options?: PutOptions): Promise<{ revision: number; previous: Entry }>;

  /** Starts a watch; the returned function ends it and may be called twice. */
  watch(options: WatchOptions): () => void;
  /**
   * Forgets the changes at or before `revision`; keeps the live version of every key. At once for readers;
   * disk space is freed in small steps later. Stores also compact by themselves, see `CompactionPolicy`.
   */
  compact(revision: number): void;
  /**
   * Copies a consistent snapshot with its history to a new file (mode 0600) while serving; it has at least
   * what was committed at the call, and opens with `openSqliteStore`. Rejects with `BackupExistsError`.
   */
  backup(file: string): Promise<void>;
  stats(): StoreStats;
  /**
   * Commits what is pending, waits for running backups and closes; may be called twice. Watches end without
   * a word, before that last commit.
   */
  close(): Promise<void>;
}
