import type { StoredEntry } from './entry.ts';
import { keyBefore } from './keys.ts';

/** A place between two entries: before the entry `at` of the chunk, `rank` entries from the start. */
export interface Position {
  chunk: number;
  at: number;
  rank: number;
}

const LARGEST_CHUNK = 512;

/**
 * The entries of one collection in the order of their keys: a list of short sorted arrays, so that an
 * insert moves at most a chunk and a page of a list is a few slices.
 */
export class SortedIndex {
  #chunks: StoredEntry[][] = [];
  #size = 0;

  /** Takes entries that are in order already. */
  static of(sorted: readonly StoredEntry[]): SortedIndex {
    const index = new SortedIndex();
    for (let at = 0; at < sorted.length; at += LARGEST_CHUNK) {
      index.#chunks.push(sorted.slice(at, at + LARGEST_CHUNK));
    }
    index.#size = sorted.length;
    return index;
  }

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    const chunk = this.#chunks[this.#chunkOf(key)] ?? [];
    return chunk[lowerBound(chunk, key)]?.key === key;
  }

  /** Adds the entry, or puts it in the place of the one with its key. */
  set(entry: StoredEntry): void {
    const number = this.#chunkOf(entry.key);
    const chunk = this.#chunks[number];
    if (!chunk) {
      this.#chunks.push([entry]);
      this.#size = 1;
      return;
    }
    const at = lowerBound(chunk, entry.key);
    if (chunk[at]?.key === entry.key) {
      chunk[at] = entry;
      return;
    }
    this.#size++;
    if (at === chunk.length) chunk.push(entry);
    else chunk.splice(at, 0, entry);
    if (chunk.length > LARGEST_CHUNK) this.#split(number, chunk);
  }

  delete(key: string): void {
    const number = this.#chunkOf(key);
    const chunk = this.#chunks[number];
    if (!chunk) return;
    const at = lowerBound(chunk, key);
    if (chunk[at]?.key !== key) return;
    chunk.splice(at, 1);
    this.#size--;
    this.#join(number, chunk);
  }

  /** The place of the first key that is not before `key`. */
  from(key: string): Position {
    return this.#find((other) => keyBefore(other, key));
  }

  /** The place of the first key after `key`. */
  after(key: string): Position {
    return this.#find((other) => !keyBefore(key, other));
  }

  /** The place after the last key that starts with `prefix`. */
  afterPrefix(prefix: string): Position {
    return this.#find((other) => keyBefore(other, prefix) || other.startsWith(prefix));
  }

  /** The entries between two places, at most `limit` of them. */
  slice(start: Position, end: Position, limit: number): StoredEntry[] {
    const wanted = Math.min(end.rank - start.rank, limit);
    const entries: StoredEntry[] = [];
    let at = start.at;
    for (let number = start.chunk; entries.length < wanted; number++, at = 0) {
      const chunk = this.#chunks[number];
      if (!chunk) break;
      const stop = Math.min(chunk.length, at + wanted - entries.length);
      for (; at < stop; at++) entries.push(chunk[at] as StoredEntry);
    }
    return entries;
  }

  /** The entries from a place on, until the caller stops. */
  *iterate(start: Position): Generator<StoredEntry> {
    let at = start.at;
    for (let number = start.chunk; number < this.#chunks.length; number++, at = 0) {
      const chunk = this.#chunks[number] ?? [];
      for (; at < chunk.length; at++) yield chunk[at] as StoredEntry;
    }
  }

  /** The place of the first key for which `before` is false; `before` holds for a beginning of the index. */
  #find(before: (key: string) => boolean): Position {
    const chunks = this.#chunks;
    let chunk = firstIndex(chunks.length, (number) => !before(firstKey(chunks[number])));
    if (chunk > 0) chunk--;
    const entries = chunks[chunk] ?? [];
    const at = firstIndex(entries.length, (index) => !before((entries[index] as StoredEntry).key));
    let rank = at;
    for (let number = 0; number < chunk; number++) rank += chunks[number]?.length ?? 0;
    return { chunk, at, rank };
  }

  /** The chunk that has the key or would get it. */
  #chunkOf(key: string): number {
    const last = this.#chunks.length - 1;
    // Most writes of a busy collection are to its end or find it short.
    if (last <= 0 || !keyBefore(key, firstKey(this.#chunks[last]))) return Math.max(0, last);
    const next = firstIndex(last, (number) => keyBefore(key, firstKey(this.#chunks[number])));
    return Math.max(0, next - 1);
  }

  #split(number: number, chunk: StoredEntry[]): void {
    // Keys that come in order fill the chunks instead of leaving each half empty.
    const last = number === this.#chunks.length - 1;
    const rest = chunk.splice(last ? LARGEST_CHUNK : LARGEST_CHUNK >> 1);
    this.#chunks.splice(number + 1, 0, rest);
  }

  #join(number: number, chunk: StoredEntry[]): void {
    if (chunk.length > LARGEST_CHUNK >> 2) return;
    if (chunk.length === 0) {
      this.#chunks.splice(number, 1);
      return;
    }
    const next = this.#chunks[number + 1];
    if (!next || chunk.length + next.length > LARGEST_CHUNK >> 1) return;
    this.#chunks.splice(number, 2, chunk.concat(next));
  }
}

function firstKey(chunk: readonly StoredEntry[] | undefined): string {
  return chunk?.[0]?.key ?? '';
}

/** The first of `count` indexes that passes; those that pass are at the end. */
function firstIndex(count: number, passes: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lowerBound(chunk: readonly StoredEntry[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyBefore((chunk[middle] as StoredEntry).key, key)) low = middle + 1;
    else high = middle;
  }
  return low;
}
