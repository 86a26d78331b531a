import type { OwnerReference } from '@sampan/api';
import type { Facts } from './facts.ts';

/** What a change of the graph asks for: objects to look at, by uid. */
export interface Work {
  /** May have to be deleted, or wait for no dependent any more. */
  readonly check: ReadonlySet<string>;
  /** Its dependents are to be freed. */
  readonly orphan: ReadonlySet<string>;
}

/**
 * Who owns whom, by uid. Pure: it only remembers, and says what to look at. Objects without owners are not in it
 * unless their deletion waits for dependents.
 */
export class OwnerGraph {
  readonly #items = new Map<string, Facts>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): Facts | undefined {
    return this.#items.get(uid);
  }

  get size(): number {
    return this.#items.size;
  }

  items(): IterableIterator<Facts> {
    return this.#items.values();
  }

  dependentsOf(uid: string): Facts[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap((dependent) => this.#items.get(dependent) ?? []);
  }

  /** Dependents that say that their owner must not go before them. */
  blockingDependentsOf(uid: string): Facts[] {
    return this.dependentsOf(uid).filter(({ owners }) =>
      owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
  }

  /** An object is there, in this state; `facts` undefined: it matters no more. */
  put(uid: string, facts: Facts | undefined): Work {
    const old = this.#items.get(uid);
    const check = new Set<string>();
    const orphan = new Set<string>();
    const before = old?.owners ?? [];
    const after = facts?.owners ?? [];
    if (facts) this.#items.set(uid, facts);
    else this.#items.delete(uid);
    this.#relink(uid, before, after);
    for (const owner of unblocked(before, after)) if (this.#items.has(owner)) check.add(owner);
    if (facts && !sameOwners(before, after) && !facts.beingDeleted) check.add(uid);
    if (facts?.orphaning && !old?.orphaning) orphan.add(uid);
    else if (facts?.foreground && !old?.foreground) {
      check.add(uid);
      for (const { uid: dependent } of this.dependentsOf(uid)) check.add(dependent);
    }
    return { check, orphan };
  }

  /** An object is gone. */
  remove(uid: string): Work {
    const old = this.#items.get(uid);
    const check = new Set<string>();
    if (old) {
      this.#items.delete(uid);
      this.#relink(uid, old.owners, []);
      for (const owner of old.owners) if (this.#items.get(owner.uid)?.foreground) check.add(owner.uid);
    }
    for (const dependent of this.#dependents.get(uid) ?? []) check.add(dependent);
    return { check, orphan: new Set() };
  }

  #relink(uid: string, before: readonly OwnerReference[], after: readonly OwnerReference[]): void {
    const kept = new Set(after.map((owner) => owner.uid));
    for (const owner of before) {
      if (kept.has(owner.uid)) continue;
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
    for (const owner of kept) this.#dependents.getOrInsertComputed(owner, () => new Set()).add(uid);
  }
}

/** Owners that were held up by this dependent and are no more. */
function unblocked(before: readonly OwnerReference[], after: readonly OwnerReference[]): string[] {
  const blocking = new Set(
    after.filter((owner) => owner.blockOwnerDeletion === true).map((owner) => owner.uid),
  );
  return before
    .filter((owner) => owner.blockOwnerDeletion === true && !blocking.has(owner.uid))
    .map((owner) => owner.uid);
}

function sameOwners(before: readonly OwnerReference[], after: readonly OwnerReference[]): boolean {
  return (
    before.length === after.length &&
    before.every((owner, index) => {
      const other = after[index];
      return (
        other?.uid === owner.uid &&
        other.name === owner.name &&
        other.kind === owner.kind &&
        other.apiVersion === owner.apiVersion
      );
    })
  );
}
