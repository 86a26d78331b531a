import { collectionOf } from './keys.ts';
import type { Change } from './store.ts';

interface Watcher {
  /** Changes up to this revision are not for it. */
  since: number;
  onChanges: (changes: readonly Change[]) => void;
}

/** The watchers of one collection, by their prefixes. */
interface Group {
  readonly byPrefix: Map<string, Set<Watcher>>;
  /** How many prefixes have each length. */
  readonly lengths: Map<number, number>;
}

/**
 * Finds the watchers of a change by looking up the beginnings of its key, one for each length that a
 * watched prefix has: the cost does not grow with the number of watched namespaces.
 */
export class Watchers {
  readonly #groups = new Map<string, Group>();

  add(prefix: string, since: number, onChanges: Watcher['onChanges']): () => void {
    const watcher: Watcher = { since, onChanges };
    const collection = collectionOf(prefix);
    const group = getOrMake(this.#groups, collection, () => ({ byPrefix: new Map(), lengths: new Map() }));
    const watchers = getOrMake(group.byPrefix, prefix, () => {
      group.lengths.set(prefix.length, (group.lengths.get(prefix.length) ?? 0) + 1);
      return new Set<Watcher>();
    });
    watchers.add(watcher);
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) this.#forget(collection, group, prefix);
    };
  }

  /** Tells the changes of one commit. A watcher that throws does not keep them from the others. */
  tell(changes: readonly Change[]): void {
    const last = changes.at(-1)?.revision ?? 0;
    for (const [watchers, matching] of this.#matches(changes)) {
      for (const watcher of watchers) {
        // One that was added by a callback of this very commit has seen it already.
        if (watcher.since < last) call(watcher, matching);
      }
    }
  }

  clear(): void {
    this.#groups.clear();
  }

  #matches(changes: readonly Change[]): Map<Set<Watcher>, Change[]> {
    const matches = new Map<Set<Watcher>, Change[]>();
    if (this.#groups.size === 0) return matches;
    for (const change of changes) {
      const group = this.#groups.get(collectionOf(change.key));
      if (!group) continue;
      for (const length of group.lengths.keys()) {
        if (length > change.key.length) continue;
        const watchers = group.byPrefix.get(change.key.slice(0, length));
        if (watchers) getOrMake(matches, watchers, () => []).push(change);
      }
    }
    return matches;
  }

  #forget(collection: string, group: Group, prefix: string): void {
    if (!group.byPrefix.delete(prefix)) return;
    const same = (group.lengths.get(prefix.length) ?? 1) - 1;
    if (same > 0) group.lengths.set(prefix.length, same);
    else group.lengths.delete(prefix.length);
    if (group.byPrefix.size === 0) this.#groups.delete(collection);
  }
}

/** A watcher must not throw; if it does, that is a defect to be seen, but not the writers' or other watchers'. */
function call(watcher: Watcher, changes: readonly Change[]): void {
  try {
    watcher.onChanges(changes);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
