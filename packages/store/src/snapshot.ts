import type { StoredEntry } from './entry.ts';
import { keyBefore } from './keys.ts';
import { type Position, SortedIndex } from './sorted-index.ts';

export interface Page {
  entries: StoredEntry[];
  remaining: number;
}

export interface Range {
  prefix: string;
  after: string | undefined;
  limit: number;
}

const EMPTY = new SortedIndex();

/** How many keys start with the prefix. */
export function countPrefix(index: SortedIndex = EMPTY, prefix: string): number {
  return index.afterPrefix(prefix).rank - index.from(prefix).rank;
}

/** A page of the newest state. */
export function readPage(index: SortedIndex = EMPTY, range: Range): Page {
  const end = index.afterPrefix(range.prefix);
  const start = startOf(index, range);
  if (start.rank >= end.rank) return { entries: [], remaining: 0 };
  const entries = index.slice(start, end, range.limit);
  return { entries, remaining: end.rank - start.rank - entries.length };
}

/**
 * A page of an older state: the newest state and, for the keys that changed since, what was there
 * (undefined: nothing).
 */
export function readOldPage(
  index: SortedIndex = EMPTY,
  range: Range,
  old: ReadonlyMap<string, StoredEntry | undefined>,
): Page {
  const changed = [...old.keys()].filter((key) => range.after === undefined || keyBefore(range.after, key));
  changed.sort((a, b) => (a === b ? 0 : keyBefore(a, b) ? -1 : 1));
  const start = startOf(index, range);
  const end = index.afterPrefix(range.prefix);
  const entries: StoredEntry[] = [];
  let live = Math.max(0, end.rank - start.rank);
  let next = 0;
  // Keys that are gone now come in between the live ones.
  const takeChangedBefore = (key: string | undefined): void => {
    for (; next < changed.length && entries.length < range.limit; next++) {
      const candidate = changed[next] as string;
      if (key !== undefined && !keyBefore(candidate, key)) return;
      const was = old.get(candidate);
      if (was) entries.push(was);
    }
  };
  for (const entry of index.iterate(start)) {
    if (live === 0 || entries.length >= range.limit) break;
    takeChangedBefore(entry.key);
    if (entries.length >= range.limit) break;
    live--;
    if (changed[next] !== entry.key) {
      entries.push(entry);
      continue;
    }
    next++;
    const was = old.get(entry.key);
    if (was) entries.push(was);
  }
  if (live === 0) takeChangedBefore(undefined);
  return { entries, remaining: live + difference(index, changed.slice(next), old) };
}

/** How many more of the changed keys existed then than exist now. */
function difference(
  index: SortedIndex,
  changed: readonly string[],
  old: ReadonlyMap<string, StoredEntry | undefined>,
): number {
  let more = 0;
  for (const key of changed) more += Number(old.get(key) !== undefined) - Number(index.has(key));
  return more;
}

/** After the last key of the page before, but not before the prefix. */
function startOf(index: SortedIndex, range: Range): Position {
  const { prefix, after } = range;
  return after === undefined || keyBefore(after, prefix) ? index.from(prefix) : index.after(after);
}
