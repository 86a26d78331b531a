import type { NftChain, NftSet, NftTable } from './table.ts';

/** The chains and sets of a table in the kernel whose content is not known. */
export interface FoundTable {
  readonly chains: readonly string[];
  readonly sets: readonly { readonly name: string; readonly kind: 'set' | 'map' }[];
}

/** The kernel takes long lists of elements, the parser likes them in pieces. */
const ELEMENTS_PER_COMMAND = 500;

/**
 * Commands for one `nft -f` (which is one transaction) that make the table in the kernel, which is `previous`, into
 * `next`. '' when nothing differs. Sets that packets fill keep what is in them. Pure.
 */
export function renderUpdate(previous: NftTable | undefined, next: NftTable): string {
  return new Update(next, previous).commands();
}

/** As `renderUpdate`, for a table that another process left: all is written again except what packets filled. Pure. */
export function renderTakeover(found: FoundTable, next: NftTable): string {
  const chains = new Map(found.chains.map((name): [string, NftChain] => [name, UNKNOWN_CHAIN]));
  const sets = new Map(
    found.sets.map(({ name, kind }): [string, NftSet] => [name, unknownSet(next.sets.get(name), kind)]),
  );
  return new Update(next, { ...next, chains, sets }).commands();
}

/** The whole table in the place of whatever there is. Pure. */
export function renderReplace(next: NftTable): string {
  const table = `${next.family} ${next.name}`;
  return `add table ${table}\ndelete table ${table}\n${renderUpdate(undefined, next)}`;
}

const UNKNOWN_CHAIN: NftChain = { rules: ['unknown'] };
/** Elements that differ from all others, so that they are flushed. */
const UNKNOWN_ELEMENTS: ReadonlyMap<string, string> = new Map([['unknown', '']]);
const unknownSet = (wanted: NftSet | undefined, kind: 'set' | 'map'): NftSet =>
  wanted?.kind === kind
    ? { ...wanted, elements: wanted.elements && UNKNOWN_ELEMENTS }
    : { kind, declaration: 'unknown', elements: UNKNOWN_ELEMENTS };

class Update {
  readonly #next: NftTable;
  readonly #before: NftTable | undefined;
  readonly #at: string;

  constructor(next: NftTable, before: NftTable | undefined) {
    this.#next = next;
    this.#before = before;
    this.#at = `${next.family} ${next.name}`;
  }

  /**
   * The order matters: what is referred to must be there, and what goes must not be referred to. Elements of maps
   * refer to chains; rules refer to chains and sets.
   */
  commands(): string {
    const lines = [
      ...this.#emptyChains(),
      ...this.#emptySets(),
      ...this.#dropSets(),
      ...this.#declareChains(),
      ...this.#declareSets(),
      ...this.#fillSets(),
      ...this.#fillChains(),
      ...this.#dropChains(),
    ];
    if (this.#before && lines.length === 0) return '';
    return `${[`add table ${this.#at}`, ...lines].join('\n')}\n`;
  }

  *#emptyChains(): Iterable<string> {
    for (const [name, chain] of this.#before?.chains ?? [])
      if (!sameChain(chain, this.#next.chains.get(name))) yield `flush chain ${this.#at} ${name}`;
  }

  *#emptySets(): Iterable<string> {
    for (const [name, set] of this.#before?.sets ?? []) {
      const next = this.#next.sets.get(name);
      if (!isKept(set, next) || isRewritten(set, next)) yield `flush ${set.kind} ${this.#at} ${name}`;
      else if (set.elements && next?.elements) {
        const gone = [...set.elements].filter(([key, value]) => next.elements?.get(key) !== value);
        yield* this.#elements(
          'delete',
          name,
          gone.map(([key]) => key),
        );
      }
    }
  }

  *#dropSets(): Iterable<string> {
    for (const [name, set] of this.#before?.sets ?? [])
      if (!isKept(set, this.#next.sets.get(name))) yield `delete ${set.kind} ${this.#at} ${name}`;
  }

  *#declareChains(): Iterable<string> {
    for (const [name, { hook }] of this.#next.chains) {
      const before = this.#before?.chains.get(name);
      // of a chain that is there already the kernel says whether it is the same one
      if (!before || before.hook !== hook)
        yield `add chain ${this.#at} ${name}${hook === undefined ? '' : ` { ${hook} }`}`;
    }
  }

  *#declareSets(): Iterable<string> {
    for (const [name, set] of this.#next.sets)
      if (!isKept(this.#before?.sets.get(name), set))
        yield `add ${set.kind} ${this.#at} ${name} { ${set.declaration}; }`;
  }

  *#fillSets(): Iterable<string> {
    for (const [name, set] of this.#next.sets) {
      const found = this.#before?.sets.get(name);
      const present = isKept(found, set) && !isRewritten(found, set) ? found?.elements : undefined;
      const added = [...(set.elements ?? [])].filter(([key, value]) => present?.get(key) !== value);
      yield* this.#elements(
        'add',
        name,
        added.map(([key, value]) => (value === '' ? key : `${key} : ${value}`)),
      );
    }
  }

  *#fillChains(): Iterable<string> {
    for (const [name, chain] of this.#next.chains) {
      if (sameChain(chain, this.#before?.chains.get(name))) continue;
      for (const rule of chain.rules) yield `add rule ${this.#at} ${name} ${rule}`;
    }
  }

  *#dropChains(): Iterable<string> {
    for (const name of this.#before?.chains.keys() ?? [])
      if (!this.#next.chains.has(name)) yield `delete chain ${this.#at} ${name}`;
  }

  *#elements(verb: 'add' | 'delete', name: string, elements: readonly string[]): Iterable<string> {
    for (let i = 0; i < elements.length; i += ELEMENTS_PER_COMMAND)
      yield `${verb} element ${this.#at} ${name} { ${elements.slice(i, i + ELEMENTS_PER_COMMAND).join(', ')} }`;
  }
}

/** May the set stay, whatever its elements? */
const isKept = (before: NftSet | undefined, next: NftSet | undefined): boolean =>
  before !== undefined && before.kind === next?.kind && before.declaration === next.declaration;

/** Ranges may overlap with old ones until those are gone: such a set is emptied and filled. */
function isRewritten(before: NftSet | undefined, next: NftSet | undefined): boolean {
  if (!before?.elements || !next?.elements) return false;
  if (before.elements === UNKNOWN_ELEMENTS) return true;
  return next.declaration.includes('interval') && !sameElements(before.elements, next.elements);
}

function sameElements(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

function sameChain(a: NftChain | undefined, b: NftChain | undefined): boolean {
  if (!a || !b || a.rules.length !== b.rules.length) return false;
  return a.rules.every((rule, i) => rule === b.rules[i]);
}
