import { ACCUMULATOR, type Expr } from '../ast.ts';
import type { Checked } from '../check/checker.ts';
import type { DeclType } from '../decl-type.ts';
import { type CelType, DYN, STRING } from '../types.ts';
import { type CostRange, exactly, ONE, UNKNOWN, union, upTo } from './cost-range.ts';

/** Sizes of what a list (indices and elements) or a map (keys and values) holds. */
export interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: CostRange;
  readonly value: CostRange;
}

/** What is known of a variable that a comprehension declares. */
interface LocalVariable {
  readonly path: readonly string[];
  readonly size: CostRange | undefined;
  readonly entry?: EntrySize | undefined;
}

/**
 * What is known of the sizes of an expression's parts: elements of lists and maps, bytes of texts. A part's
 * path says where the schema tells it: `self`, names of fields, and `@items`, `@keys` or `@values`. It is
 * learned as the estimate goes through the expression, from the leaves up. Source: cel-go checker/cost.go,
 * apiserver pkg/apiserver/schema/cel/compilation.go (sizeEstimator).
 */
export class Sizes {
  readonly #types: ReadonlyMap<number, CelType>;
  readonly #root: DeclType;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, CostRange>();
  readonly #entries = new Map<number, EntrySize>();
  readonly #locals = new Map<string, LocalVariable[]>();

  /** `root` is the type of `self`. */
  constructor(checked: Checked, root: DeclType) {
    this.#types = checked.types;
    this.#root = root;
  }

  type(expr: Expr): CelType {
    return this.#types.get(expr.id) ?? DYN;
  }

  /** A variable begins to hide others of its name, until `leave`. */
  enter(name: string, variable: LocalVariable): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(variable);
    else this.#locals.set(name, [variable]);
  }
  leave(name: string): void {
    this.#locals.get(name)?.pop();
  }
  /** A variable that has the value of an expression. */
  asVariable(expr: Expr): LocalVariable {
    return { path: this.path(expr), size: this.size(expr), entry: this.entry(expr) };
  }
  pathOfName(name: string): readonly string[] {
    return this.#local(name)?.path ?? [name];
  }
  #local(name: string): LocalVariable | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  /** Empty: the schema knows nothing of it. */
  path(expr: Expr): readonly string[] {
    const local = expr.kind === 'ident' ? this.#local(expr.name) : undefined;
    return local?.path ?? this.#paths.get(expr.id) ?? [];
  }
  setPath(expr: Expr, path: readonly string[]): void {
    this.#paths.set(expr.id, path);
  }

  size(expr: Expr): CostRange | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr);
    if (known) return known;
    const bySchema = this.#schemaSize(this.path(expr));
    if (bySchema) {
      this.#sizes.set(expr.id, bySchema);
      return bySchema;
    }
    if (isScalar(this.type(expr))) return ONE;
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }
  sizeOf(expr: Expr): CostRange {
    return this.size(expr) ?? UNKNOWN;
  }
  setSize(expr: Expr, size: CostRange | undefined): void {
    if (size) this.#sizes.set(expr.id, size);
  }

  entry(expr: Expr): EntrySize | undefined {
    return this.#entries.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entry : undefined);
  }
  setEntry(expr: Expr, entry: EntrySize | undefined): void {
    if (entry) this.#entries.set(expr.id, entry);
  }
  /** Entries of what is one of two, or both together; undefined when one of them is unknown. */
  commonEntry(a: Expr | undefined, b: Expr | undefined): EntrySize | undefined {
    const one = a && this.entry(a);
    const other = b && this.entry(b);
    if (!one || !other) return undefined;
    return {
      container: one.container,
      key: union(one.key, other.key),
      value: union(one.value, other.value),
    };
  }

  /** `to` has the value of `from`. */
  copy(to: Expr, from: Expr): void {
    this.setSize(to, this.size(from));
    this.setEntry(to, this.entry(from));
  }

  /** What functions of Kubernetes' libraries take a list to hold; undefined: it holds nothing. */
  elementOf(list: Expr): { readonly type: CelType; readonly size: CostRange } | undefined {
    const type = firstParameter(this.type(list));
    if (!type) return undefined;
    const path = this.path(list);
    const isKnown = path.length > 0 && path[0] !== ACCUMULATOR;
    return { type, size: (isKnown && this.#schemaSize([...path, '@items'])) || UNKNOWN };
  }

  /** What the schema says of a path. As upstream's, it takes the first name for `self`, whatever it is. */
  #schemaSize(path: readonly string[]): CostRange | undefined {
    if (path.length === 0) return undefined;
    let node: DeclType | undefined = this.#root;
    for (let i = 1; i < path.length; i++) {
      node = within(node, path[i] ?? '');
      if (!node) return undefined;
    }
    return upTo(node.maxElements);
  }
}

/** Upstream takes keys for empty: only the schema of a text says how large it can be. */
const KEY: DeclType = { type: STRING, maxElements: 0, minSerializedSize: 2 };

function within(node: DeclType, name: string): DeclType | undefined {
  if (name === '@items' || name === '@values') return node.element;
  if (name === '@keys') return node.type.kind === 'map' ? KEY : undefined;
  return node.fields?.get(name);
}

/** A map's are its keys. */
function firstParameter(type: CelType): CelType | undefined {
  if (type.kind === 'list' || type.kind === 'optional') return type.of;
  return type.kind === 'map' ? type.key : undefined;
}

function literalSize(expr: Expr): CostRange | undefined {
  if (expr.kind === 'list') return exactly(expr.items.length);
  if (expr.kind === 'map') return exactly(expr.entries.length);
  if (expr.kind !== 'const') return undefined;
  if (typeof expr.value === 'string') return exactly([...expr.value].length);
  return exactly(expr.value instanceof Uint8Array ? expr.value.length : 1);
}

const SCALARS: ReadonlySet<string> = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

function isScalar(type: CelType): boolean {
  return type.kind === 'optional' ? isScalar(type.of) : SCALARS.has(type.kind);
}
