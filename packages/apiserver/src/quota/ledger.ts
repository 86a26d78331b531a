import type { KubeObject } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { type Amounts, amountsOf, NONE, raiseTo } from './amounts.ts';
import { collectionCounted, type Evaluator, evaluatorFor } from './evaluators.ts';
import { type ScopeRequirement, scopesOf } from './scopes.ts';

const ZERO = Quantity.of(0);
const NO_NAMES: readonly string[] = [];

function namesByCollection(names: Iterable<string>): Map<string, string[]> {
  const byCollection = new Map<string, string[]>();
  for (const name of names) {
    const collection = collectionCounted(name);
    if (collection === undefined) continue;
    const list = byCollection.get(collection);
    if (list) list.push(name);
    else byCollection.set(collection, [name]);
  }
  return byCollection;
}

/** A write on its way: what its object will use. */
export interface Pending {
  readonly collection: string;
  readonly object: KubeObject;
}

/** What one object uses: as stored, and as writes on their way would have it. */
interface Use {
  stored: Amounts;
  readonly pending: Map<Pending, Amounts>;
}

/**
 * One ResourceQuota and what is used of it, exactly: stored objects and writes on their way, each object by its
 * uid and at the most that it may come to use. Pure bookkeeping; `ResourceQuotas` feeds it.
 */
export class Ledger {
  readonly namespace: string;
  readonly name: string;
  readonly hard: Amounts;
  /** Which names of `hard` count which collection. */
  readonly #names: ReadonlyMap<string, readonly string[]>;
  readonly #scopes: readonly ScopeRequirement[];
  readonly #uses = new Map<string, Use>();
  readonly #used: Amounts = new Map();

  /** Counts the stored objects, and the pending ones of the ledger it replaces. */
  constructor(quota: KubeObject, reader: ObjectReader, pending: readonly Pending[]) {
    this.namespace = quota.metadata.namespace ?? '';
    this.name = quota.metadata.name ?? '';
    this.hard = amountsOf(quota.spec?.hard);
    this.#scopes = scopesOf(quota);
    this.#names = namesByCollection(this.hard.keys());
    for (const name of this.hard.keys()) this.#used.set(name, ZERO);
    for (const collection of this.#names.keys()) this.recount(collection, reader);
    for (const each of pending) this.hold(each);
  }

  /** Collections that are counted. */
  get collections(): Iterable<string> {
    return this.#names.keys();
  }

  counts(collection: string): boolean {
    return this.#names.has(collection);
  }

  /** Takes what is stored now; for a collection that was not followed. */
  recount(collection: string, reader: ObjectReader): void {
    if (!this.counts(collection)) return;
    for (const object of reader.list(collection, this.namespace)) this.store(collection, object);
  }

  /** The names of `hard` that the object counts under; none when it is out of scope. */
  namesFor(collection: string, object: KubeObject): readonly string[] {
    const names = this.#names.get(collection);
    return names && this.#inScope(evaluatorFor(collection), object) ? names : NO_NAMES;
  }

  #inScope(evaluator: Evaluator, object: KubeObject): boolean {
    return this.#scopes.every((requirement) => evaluator.inScope?.(requirement, object) ?? false);
  }

  used(name: string): Quantity {
    return this.#used.get(name) ?? ZERO;
  }

  /** The use by all names of `hard`. */
  get total(): Amounts {
    return new Map([...this.hard.keys()].map((name) => [name, this.used(name)]));
  }

  /** What the object uses now under the quota, at most. */
  useOf(uid: string): Amounts {
    const use = this.#uses.get(uid);
    return use ? most(use) : NONE;
  }

  pending(): Pending[] {
    return [...this.#uses.values()].flatMap((use) => [...use.pending.keys()]);
  }

  /** The object is stored so. */
  store(collection: string, object: KubeObject): void {
    if (!this.counts(collection)) return;
    this.#change(object.metadata.uid ?? '', (use) => {
      use.stored = this.#amounts(collection, object);
    });
  }

  /** The object is gone. */
  remove(collection: string, object: KubeObject): void {
    if (!this.counts(collection)) return;
    this.#change(object.metadata.uid ?? '', (use) => {
      use.stored = NONE;
    });
  }

  /** A write is on its way: its use counts until `settle`. */
  hold(pending: Pending): void {
    if (!this.counts(pending.collection)) return;
    this.#change(pending.object.metadata.uid ?? '', (use) => {
      use.pending.set(pending, this.#amounts(pending.collection, pending.object));
    });
  }

  /** The write is stored, or will never be. */
  settle(pending: Pending): void {
    this.#change(pending.object.metadata.uid ?? '', (use) => {
      use.pending.delete(pending);
    });
  }

  #amounts(collection: string, object: KubeObject): Amounts {
    const names = this.namesFor(collection, object);
    if (names.length === 0) return NONE;
    const usage = evaluatorFor(collection).usage(object);
    const amounts: Amounts = new Map();
    for (const name of names) {
      const quantity = usage.get(name);
      if (quantity && !quantity.isZero()) amounts.set(name, quantity);
    }
    return amounts;
  }

  #change(uid: string, change: (use: Use) => void): void {
    const use = this.#uses.get(uid) ?? { stored: NONE, pending: new Map() };
    const before = most(use);
    change(use);
    const after = most(use);
    if (use.stored.size === 0 && use.pending.size === 0) this.#uses.delete(uid);
    else this.#uses.set(uid, use);
    for (const [name, quantity] of before) {
      if (after.get(name) !== quantity) this.#used.set(name, this.used(name).sub(quantity));
    }
    for (const [name, quantity] of after) {
      if (before.get(name) !== quantity) this.#used.set(name, this.used(name).add(quantity));
    }
  }
}

/** The most that an object may use, whichever of its writes are stored. */
function most({ stored, pending }: Use): Amounts {
  if (pending.size === 0) return stored;
  const result = new Map(stored);
  for (const amounts of pending.values()) raiseTo(result, amounts);
  return result;
}
