import type { Clock } from '@sampan/base';
import type { StoredEntry } from './entry.ts';
import type { Change } from './store.ts';

export interface StoredChange extends Change {
  readonly entry: StoredEntry | undefined;
  readonly previous: StoredEntry | undefined;
}

/** Changes that count as one when it comes to their age. Times are `Clock.monotonic`. */
interface Mark {
  /** The newest of them. */
  revision: number;
  /** When the oldest came. */
  since: number;
  /** When the newest came. */
  until: number;
}

/** The time that a mark spans at most: under steady load, compaction by age comes so often. */
const MARK_MS = 30_000;

/** The changes after the last compaction, oldest first. */
export class ChangeLog {
  #clock: Clock;
  #changes: StoredChange[] = [];
  #start = 0;
  #marks: Mark[] = [];
  #retained = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#changes.length - this.#start;
  }

  /** Sum of the bytes of the versions that only the log keeps: those that its changes replaced. */
  get retainedBytes(): number {
    return this.#retained;
  }

  push(changes: readonly StoredChange[]): void {
    const newest = changes.at(-1);
    if (!newest) return;
    for (const change of changes) {
      this.#changes.push(change);
      this.#retained += change.previous?.length ?? 0;
    }
    this.#mark(newest.revision);
  }

  /** The changes after a revision, in order. */
  after(revision: number): StoredChange[] {
    return this.#changes.slice(this.#indexAfter(revision));
  }

  /** Calls `visit` with the changes after a revision, newest first. */
  backTo(revision: number, visit: (change: StoredChange) => void): void {
    const end = this.#indexAfter(revision);
    for (let at = this.#changes.length - 1; at >= end; at--) visit(this.#changes[at] as StoredChange);
  }

  /** Drops the changes at or before a revision and returns them. */
  drop(revision: number): StoredChange[] {
    const end = this.#indexAfter(revision);
    const dropped = this.#changes.slice(this.#start, end);
    for (const change of dropped) this.#retained -= change.previous?.length ?? 0;
    this.#changes.fill(undefined as never, this.#start, end);
    this.#start = end;
    if (this.#start > 64 && this.#start * 2 > this.#changes.length) {
      this.#changes = this.#changes.slice(this.#start);
      this.#start = 0;
    }
    const kept = this.#marks.findIndex((mark) => mark.revision > revision);
    this.#marks.splice(0, kept < 0 ? this.#marks.length : kept);
    return dropped;
  }

  /** The revision of the change that has `count` changes after it; undefined: there are no more than that. */
  revisionBefore(count: number): number | undefined {
    return this.size > count ? this.#changes[this.#changes.length - count - 1]?.revision : undefined;
  }

  /** The newest revision that must go so that no more than `bytes` are retained. */
  revisionBeyond(bytes: number): number | undefined {
    let excess = this.#retained - bytes;
    let revision: number | undefined;
    for (let at = this.#start; excess > 0 && at < this.#changes.length; at++) {
      excess -= this.#changes[at]?.previous?.length ?? 0;
      revision = this.#changes[at]?.revision;
    }
    return revision;
  }

  /** The newest revision that is at least so old. */
  revisionOlder(ms: number): number | undefined {
    const limit = this.#clock.monotonic() - ms;
    return this.#marks.findLast((mark) => mark.until <= limit)?.revision;
  }

  /** Milliseconds until the oldest change is so old; undefined: there is none. */
  dueIn(ms: number): number | undefined {
    const oldest = this.#marks[0];
    return oldest && Math.max(0, oldest.until + ms - this.#clock.monotonic());
  }

  #mark(revision: number): void {
    const time = this.#clock.monotonic();
    const last = this.#marks.at(-1);
    if (last && time - last.since < MARK_MS) {
      last.revision = revision;
      last.until = time;
    } else {
      this.#marks.push({ revision, since: time, until: time });
    }
  }

  #indexAfter(revision: number): number {
    let low = this.#start;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#changes[middle] as StoredChange).revision > revision) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
