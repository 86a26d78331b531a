import { FakeClock } from '@sampan/base';
import { describe, expect, it } from 'vitest';
import {
  type Change,
  CompactedError,
  createMemoryStore,
  openSqliteStore,
  RevisionMismatchError,
  type Store,
} from '../src/index.ts';
import { type Folder, json, makeFolder, random, valueIn } from './helpers.ts';
import { Model } from './model.ts';

const OPERATIONS = 1500;
const PREFIXES = ['a/', 'a/n/', 'a/n/1', 'b/', 'b/\u{1f600}/'];

const drivers: Record<string, (folder: Folder, clock: FakeClock) => Store> = {
  memory: (_folder, clock) => createMemoryStore({ clock, compaction: { keepChanges: 200 } }),
  SQLite: (folder, clock) =>
    openSqliteStore({ file: folder.file('store.db'), clock, compaction: { keepChanges: 200 } }),
};

/** One run of random operations on a store and the model. */
class Run {
  readonly #pick: (below: number) => number;
  readonly #model = new Model();
  readonly #reopen: (() => Store) | undefined;
  #store: Store;
  #pending: Promise<unknown>[] = [];
  #watched: string[] = [];
  #watchedFrom = 0;

  constructor(seed: number, store: Store, reopen: (() => Store) | undefined) {
    this.#pick = random(seed);
    this.#store = store;
    this.#reopen = reopen;
    this.#watch();
  }

  async all(): Promise<void> {
    const steps = [
      this.#write,
      this.#write,
      this.#write,
      this.#write,
      this.#commit,
      this.#list,
      this.#replay,
    ];
    for (let step = 0; step < OPERATIONS; step++) {
      const rare = this.#pick(150);
      if (rare === 0) await this.#compact();
      else if (rare === 1 && this.#reopen) await this.#restart(this.#reopen);
      else await steps[this.#pick(steps.length)]?.call(this);
    }
    await this.#commit();
    await this.#store.close();
  }

  #key(): string {
    const prefix = PREFIXES[this.#pick(PREFIXES.length)] as string;
    return `${prefix}${['1', '2', 'x', '\uffff', '\u{1f600}'][this.#pick(5)]}${this.#pick(8)}`;
  }

  #write(): void {
    const key = this.#key();
    const current = this.#model.at(Number.POSITIVE_INFINITY).get(key);
    expect(this.#store.latest(key)?.revision).toBe(current?.revision);
    const value = this.#pick(3) === 0 ? undefined : 'v'.repeat(this.#pick(3000)) + this.#pick(1e9);
    const expected = [undefined, current?.revision ?? 0, this.#pick(5)][this.#pick(3)];
    const write = (): Promise<{ revision: number }> =>
      value === undefined
        ? this.#store.delete(key, expected === undefined ? {} : { expected })
        : this.#store.put(key, json(value), expected === undefined ? {} : { expected });
    const allowed = expected === undefined || expected === (current?.revision ?? 0);
    if (!allowed || (value === undefined && !current)) {
      expect(write).toThrow(RevisionMismatchError);
      return;
    }
    const revision = this.#model.revision + 1;
    this.#pending.push(write().then((result) => expect(result.revision).toBe(revision)));
    this.#model.writes.push({ revision, key, value });
  }

  async #commit(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    expect(this.#store.revision).toBe(this.#model.revision);
    this.#model.compacted = this.#store.compacted;
    expect(this.#watched).toEqual(this.#model.changes('a/', this.#watchedFrom));
    expect(this.#store.stats().objects).toBe(this.#model.at(this.#model.revision).size);
  }

  async #list(): Promise<void> {
    await this.#commit();
    const prefix = PREFIXES[this.#pick(PREFIXES.length)] as string;
    const age = this.#pick(2) * this.#pick(250);
    const revision = Math.max(0, this.#model.revision - age);
    if (revision < this.#model.compacted) {
      expect(() => this.#store.list({ prefix, revision })).toThrow(CompactedError);
      return;
    }
    const limit = 1 + this.#pick(10);
    const expected = this.#model.list(prefix, revision);
    if (age === 0) expect(this.#store.count(prefix)).toBe(expected.length);
    let after: string | undefined;
    for (let at = 0; at === 0 || at < expected.length; at += limit) {
      const page = this.#store.list({ prefix, revision, limit, ...(after === undefined ? {} : { after }) });
      const wanted = expected.slice(at, at + limit);
      expect(page.entries.map((entry) => [entry.key, entry.revision, valueIn(entry)])).toEqual(
        wanted.map((write) => [write.key, write.revision, write.value]),
      );
      expect(page.remaining).toBe(Math.max(0, expected.length - at - limit));
      after = wanted.at(-1)?.key;
    }
  }

  async #replay(): Promise<void> {
    await this.#commit();
    const prefix = PREFIXES[this.#pick(PREFIXES.length)] as string;
    const after = Math.max(this.#model.compacted, this.#model.revision - this.#pick(250));
    const seen: string[] = [];
    this.#store.watch({ prefix, after, onChanges: (changes) => seen.push(...names(changes)) })();
    expect(seen).toEqual(this.#model.changes(prefix, after));
  }

  async #compact(): Promise<void> {
    await this.#commit();
    this.#store.compact(Math.max(0, this.#model.revision - this.#pick(100)));
    this.#model.compacted = this.#store.compacted;
  }

  async #restart(reopen: () => Store): Promise<void> {
    await this.#commit();
    await this.#store.close();
    this.#store = reopen();
    expect(this.#store.revision).toBe(this.#model.revision);
    this.#watch();
    await this.#commit();
  }

  #watch(): void {
    this.#watched = [];
    this.#watchedFrom = this.#model.revision;
    this.#store.watch({ prefix: 'a/', onChanges: (changes) => this.#watched.push(...names(changes)) });
  }
}

function names(changes: readonly Change[]): string[] {
  return changes.map(({ type, key, revision }) => `${type} ${key}@${revision}`);
}

describe.each(Object.entries(drivers))('random operations on %s', (name, open) => {
  const fresh = Math.floor(Math.random() * 2 ** 31);

  it.each([1, 2, 3, fresh])('agree with the model, seed %i', async (seed) => {
    const folder = makeFolder();
    const clock = new FakeClock();
    const make = (): Store => open(folder, clock);
    await new Run(seed, make(), name === 'SQLite' ? make : undefined).all();
    folder.remove();
  });
});
