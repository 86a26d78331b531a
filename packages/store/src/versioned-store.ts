import type { Clock } from '@sampan/base';
import { ChangeLog, type StoredChange } from './change-log.ts';
import { Alarm, type CompactionPolicy, dueByAge, dueBySize } from './compaction.ts';
import type { Contents, Driver, Removal, Row } from './driver.ts';
import { StoredEntry } from './entry.ts';
import {
  CompactedError,
  FutureRevisionError,
  RevisionMismatchError,
  StoreClosedError,
  StoreWriteError,
} from './errors.ts';
import { assertKey, collectionOf } from './keys.ts';
import { LiveState } from './live-state.ts';
import { countPrefix, readOldPage, readPage } from './snapshot.ts';
import type {
  Encode,
  Entry,
  IsFleeting,
  Listing,
  ListOptions,
  PutOptions,
  Store,
  StoreStats,
  WatchOptions,
} from './store.ts';
import { Watchers } from './watchers.ts';

interface Write {
  change: StoredChange;
  resolve(): void;
  reject(error: StoreWriteError): void;
}

/** Superseded rows ride with a commit once there are so many: each commit touches few old pages. */
const REMOVAL_BATCH = 128;
/** Compaction without superseded rows (a store that only grows) is written down once it got so far. */
const COMPACTION_BATCH = 4096;
/** Rows that one removal takes at most, unless the commit itself is larger. */
const REMOVAL_LIMIT = 512;
/** Between two steps of clearing up. */
const STEP_MS = 5;
/** After clearing up failed, for example on a full disk. */
const RETRY_MS = 30_000;
/**
 * A store with fleeting writes goes on with revisions so far beyond those on disk: the ones that were given to fleeting
 * writes are not given again. A fleeting write goes to disk when half of them are used up, and as the first one after
 * a start.
 */
const REVISION_GAP = 100_000;

/** The store, over any driver. All state that reads need is in memory; the driver is written to and loaded. */
export class VersionedStore implements Store {
  readonly #driver: Driver;
  readonly #policy: CompactionPolicy;
  readonly #live = new LiveState();
  readonly #log: ChangeLog;
  readonly #watchers = new Watchers();
  readonly #alarm: Alarm;

  #revision = 0;
  #compacted = 0;
  /** The compaction that the driver knows of. */
  #compactedStored = 0;
  /** The newest revision given to a write, committed or not. */
  #assigned = 0;
  /** The writes of this tick, and the newest version of each key that they make. */
  #writes: Write[] = [];
  readonly #pending = new Map<string, StoredEntry | undefined>();
  /** Revisions of rows that the driver can remove. */
  #superseded: number[] = [];
  readonly #isFleeting: IsFleeting | undefined;
  /** Versions that the driver does not have, with the revision of what it has in their place; undefined: nothing. */
  readonly #fleeting = new WeakMap<StoredEntry, number | undefined>();
  /** The newest revision that the driver has. */
  #storedRevision = 0;
  /** The driver knows of no compaction of changes that it has. */
  #isCompactionDue = false;
  /** Between these (exclusive) are revisions that another process may have given to fleeting writes. */
  #lost: readonly [from: number, to: number] | undefined;
  readonly #backups = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(driver: Driver, policy: CompactionPolicy, clock: Clock, isFleeting?: IsFleeting) {
    this.#driver = driver;
    this.#isFleeting = isFleeting;
    this.#policy = policy;
    this.#log = new ChangeLog(clock);
    this.#alarm = new Alarm(clock, () => this.#clearUp());
    this.#load();
    this.#armForAge();
  }

  get revision(): number {
    return this.#revision;
  }

  get compacted(): number {
    return this.#compacted;
  }

  get(key: string): Entry | undefined {
    this.#assertOpen();
    return this.#live.get(key);
  }

  latest(key: string): Entry | undefined {
    this.#assertOpen();
    return this.#newest(key);
  }

  list(options: ListOptions): Listing {
    this.#assertOpen();
    const { prefix, after } = options;
    const revision = options.revision ?? this.#revision;
    this.#assertReadable(revision);
    const range = { prefix, after, limit: options.limit || Number.POSITIVE_INFINITY };
    const index = this.#live.index(collectionOf(prefix));
    const page =
      revision === this.#revision
        ? readPage(index, range)
        : readOldPage(index, range, this.#replacedSince(revision, prefix));
    return { ...page, revision };
  }

  count(prefix: string): number {
    this.#assertOpen();
    return countPrefix(this.#live.index(collectionOf(prefix)), prefix);
  }

  put(key: string, encode: Encode, options?: PutOptions): Promise<Entry> {
    const current = this.#expect(key, options?.expected);
    if (!current) assertKey(key);
    const revision = ++this.#assigned;
    const { bytes, object } = encode(revision);
    if (this.#assigned !== revision) throw new Error('encode must not write to the store');
    const entry = new StoredEntry(key, revision, current?.created ?? revision, bytes);
    if (object !== undefined) entry.adopt(object);
    const change: StoredChange = { type: 'put', revision, key, entry, previous: current };
    if (this.#mayStayInMemory(change)) this.#fleeting.set(entry, current && this.#rowOf(current));
    return this.#write(change, entry);
  }

  delete(key: string, options?: PutOptions): Promise<{ revision: number; previous: Entry }> {
    const previous = this.#expect(key, options?.expected);
    if (!previous) throw new RevisionMismatchError(key, options?.expected, undefined);
    const revision = ++this.#assigned;
    return this.#write({ type: 'delete', revision, key, entry: undefined, previous }, { revision, previous });
  }

  watch(options: WatchOptions): () => void {
    this.#assertOpen();
    const { prefix, onChanges } = options;
    const after = options.after ?? this.#revision;
    this.#assertReadable(after);
    collectionOf(prefix);
    if (after < this.#revision) {
      const missed = this.#log.after(after).filter((change) => change.key.startsWith(prefix));
      if (missed.length > 0) onChanges(missed);
    }
    return this.#watchers.add(prefix, this.#revision, onChanges);
  }

  compact(revision: number): void {
    this.#assertOpen();
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision <= this.#compacted) return;
    this.#forget(revision);
    this.#alarm.arm(0);
  }

  backup(file: string): Promise<void> {
    this.#assertOpen();
    const done = this.#driver.backup(file, this.#contents()).finally(() => this.#backups.delete(done));
    this.#backups.add(done);
    return done;
  }

  stats(): StoreStats {
    this.#assertOpen();
    return {
      revision: this.#revision,
      compacted: this.#compacted,
      objects: this.#live.size,
      bytes: this.#live.bytes,
      fileBytes: this.#driver.fileBytes(),
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // First, so that no watcher answers the last commit with a write.
    this.#watchers.clear();
    this.#flush();
    this.#alarm.disarm();
    await Promise.allSettled(this.#backups);
    this.#driver.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreClosedError();
  }

  #assertReadable(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    const [from, to] = this.#lost ?? [revision, revision];
    if (revision > from && revision < to) throw new CompactedError(revision, to);
  }

  #mayStayInMemory(change: StoredChange): boolean {
    if (!this.#isFleeting || change.revision - this.#storedRevision > REVISION_GAP / 2) return false;
    return this.#isFleeting(change);
  }

  /** The revision of the driver's row for a version; undefined: it has none. */
  #rowOf(entry: StoredEntry): number | undefined {
    const isFleeting = this.#isFleeting && this.#fleeting.has(entry);
    return isFleeting ? this.#fleeting.get(entry) : entry.revision;
  }

  /** Whether the driver is told of a change: it knows nothing of what came and went in memory. */
  #isStored({ entry, previous }: StoredChange): boolean {
    if (!this.#isFleeting) return true;
    if (entry) return !this.#fleeting.has(entry);
    return previous !== undefined && this.#rowOf(previous) !== undefined;
  }

  #newest(key: string): StoredEntry | undefined {
    if (this.#pending.size > 0 && this.#pending.has(key)) return this.#pending.get(key);
    return this.#live.get(key);
  }

  #expect(key: string, expected: number | undefined): StoredEntry | undefined {
    this.#assertOpen();
    const current = this.#newest(key);
    if (expected !== undefined && expected !== (current?.revision ?? 0)) {
      throw new RevisionMismatchError(key, expected, current);
    }
    return current;
  }

  /** Joins the commit of this tick. It runs after all sockets that are ready now have been read. */
  #write<T>(change: StoredChange, result: T): Promise<T> {
    if (this.#writes.length === 0) setImmediate(() => this.#flush());
    this.#pending.set(change.key, change.entry);
    return new Promise<T>((resolve, reject) => {
      this.#writes.push({ change, resolve: () => resolve(result), reject });
    });
  }

  #flush(): void {
    const writes = this.#writes;
    if (writes.length === 0) return;
    this.#writes = [];
    this.#pending.clear();
    const changes = writes.map((write) => write.change);
    const removal = this.#isRemovalWorthwhile() ? this.#removal(writes.length) : undefined;
    try {
      this.#commit(changes, removal);
    } catch (error) {
      const failure = new StoreWriteError(error);
      for (const write of writes) write.reject(failure);
      return;
    }
    for (const write of writes) write.resolve();
    this.#watchers.tell(changes);
  }

  #commit(changes: readonly StoredChange[], removal: Removal | undefined): void {
    const stored = this.#isFleeting ? changes.filter((change) => this.#isStored(change)) : changes;
    if (stored.length > 0 || removal) this.#driver.commit(stored, removal);
    this.#storedRevision = stored.at(-1)?.revision ?? this.#storedRevision;
    if (removal) {
      this.#isCompactionDue = false;
      this.#superseded = this.#superseded.slice(removal.revisions.length);
      this.#compactedStored = removal.compacted;
    }
    if (changes.length === 0) return;
    for (const change of changes) this.#live.apply(change);
    this.#log.push(changes);
    this.#revision = changes.at(-1)?.revision ?? this.#revision;
    this.#forgetBySize();
    this.#armForAge();
  }

  #forgetBySize(): void {
    const due = dueBySize(this.#log, this.#policy);
    if (due !== undefined) this.#forget(due);
  }

  /** Forgets the log up to a revision; the rows that nothing needs any more go in later commits. */
  #forget(revision: number): void {
    this.#compacted = revision;
    for (const change of this.#log.drop(revision)) this.#supersede(change);
  }

  #supersede(change: StoredChange): void {
    const { previous } = change;
    if (previous) this.#live.release(previous);
    // what the driver has is needed until it has something newer
    if (!this.#isStored(change)) return;
    this.#isCompactionDue = true;
    const row = previous && this.#rowOf(previous);
    if (row !== undefined) this.#superseded.push(row);
    if (change.type === 'delete') this.#superseded.push(change.revision);
  }

  #isRemovalWorthwhile(): boolean {
    const ahead = this.#compacted - this.#compactedStored;
    return this.#superseded.length >= REMOVAL_BATCH || ahead >= COMPACTION_BATCH;
  }

  #removal(least: number): Removal {
    const count = Math.max(REMOVAL_LIMIT, 2 * least);
    return { compacted: this.#compacted, revisions: this.#superseded.slice(0, count) };
  }

  #armForAge(): void {
    const due = this.#log.dueIn(this.#policy.keepMs);
    if (due !== undefined) this.#alarm.arm(due);
  }

  /** One step; the alarm calls again while there is more to do. */
  #clearUp(): void {
    const due = dueByAge(this.#log, this.#policy);
    if (due !== undefined) this.#forget(due);
    try {
      if (this.#isCompactionDue || this.#superseded.length > 0) {
        this.#commit([], this.#removal(0));
      }
      const more = this.#superseded.length > 0 || this.#driver.tidy();
      if (more) this.#alarm.arm(STEP_MS);
      else this.#armForAge();
    } catch {
      // Nothing is lost: the rows stay until a later step. A lasting fault shows in the next write.
      this.#alarm.arm(RETRY_MS);
    }
  }

  /** What was there at a revision, for the keys that have changed since. */
  #replacedSince(revision: number, prefix: string): Map<string, StoredEntry | undefined> {
    const replaced = new Map<string, StoredEntry | undefined>();
    this.#log.backTo(revision, (change) => {
      if (change.key.startsWith(prefix)) replaced.set(change.key, change.previous);
    });
    return replaced;
  }

  #load(): void {
    const { compacted, rows } = this.#driver.load();
    this.#compacted = compacted;
    this.#compactedStored = compacted;
    this.#revision = compacted;
    const log: StoredChange[] = [];
    const state = this.#live.loader();
    for (const row of rows) {
      const change = state.take(row);
      this.#revision = Math.max(this.#revision, row.revision);
      if (row.revision <= compacted) this.#supersede(change);
      else if (change.entry || change.previous) log.push(change);
      else throw new Error(`revision ${row.revision} deletes ${row.key}, which does not exist`);
    }
    state.done();
    this.#isCompactionDue = false;
    this.#log.push(log);
    this.#storedRevision = this.#revision;
    if (this.#isFleeting && this.#revision > 0) {
      this.#lost = [this.#revision, this.#revision + REVISION_GAP];
      this.#revision += REVISION_GAP;
    }
    this.#assigned = this.#revision;
    this.#forgetBySize();
    if (this.#superseded.length > 0) this.#alarm.arm(0);
  }

  #contents(): Contents {
    return { compacted: this.#compacted, rows: () => this.#rows() };
  }

  *#rows(): Generator<Row> {
    const base = [...this.#live.entries()].filter((entry) => entry.revision <= this.#compacted);
    const log = this.#log.after(this.#compacted);
    for (const { previous } of log) if (previous && previous.revision <= this.#compacted) base.push(previous);
    base.sort((a, b) => a.revision - b.revision);
    for (const { revision, key, created, bytes } of base) yield { revision, key, created, value: bytes };
    for (const { revision, key, entry } of log) {
      yield { revision, key, created: entry?.created ?? 0, value: entry?.bytes };
    }
  }
}
