/**
 * An nftables table as data. What changes between two of them is found by comparing (`render.ts`), so one that is
 * generated anew from the whole state costs the kernel only what is new in it.
 */
export interface NftTable {
  /** IPv4 only. */
  readonly family: 'ip';
  readonly name: string;
  readonly sets: ReadonlyMap<string, NftSet>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

export interface NftSet {
  readonly kind: 'set' | 'map';
  /** What stands between the braces of its definition; it differs: the set is made anew. */
  readonly declaration: string;
  /**
   * Key to value (maps) or to '' (sets); undefined: packets fill it, and an update leaves its content alone.
   */
  readonly elements: ReadonlyMap<string, string> | undefined;
}

export interface NftChain {
  /** `type nat hook prerouting priority dstnat; policy accept;` for a base chain. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

/** Collects a table. Adding the same chain or set twice is a programmer's error. */
export class TableBuilder {
  readonly #sets = new Map<string, NftSet>();
  readonly #chains = new Map<string, NftChain>();

  chain(name: string, rules: readonly string[], hook?: string): void {
    if (this.#chains.has(name)) throw new Error(`the chain ${name} is there already`);
    this.#chains.set(name, hook === undefined ? { rules } : { rules, hook });
  }

  set(name: string, declaration: string, elements: Iterable<string>): void {
    this.#add(name, { kind: 'set', declaration, elements: new Map([...elements].map((key) => [key, ''])) });
  }

  map(name: string, declaration: string, elements: ReadonlyMap<string, string>): void {
    this.#add(name, { kind: 'map', declaration, elements });
  }

  /** A set that rules fill. */
  dynamicSet(name: string, declaration: string): void {
    this.#add(name, { kind: 'set', declaration, elements: undefined });
  }

  hasChain(name: string): boolean {
    return this.#chains.has(name);
  }

  hasSet(name: string): boolean {
    return this.#sets.has(name);
  }

  build(name: string): NftTable {
    return { family: 'ip', name, sets: this.#sets, chains: this.#chains };
  }

  #add(name: string, set: NftSet): void {
    if (this.#sets.has(name)) throw new Error(`the set ${name} is there already`);
    this.#sets.set(name, set);
  }
}
