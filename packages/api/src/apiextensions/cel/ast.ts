/** The syntax tree of a CEL expression after macro expansion (cel-spec doc/langdef.md). */
export type Expr =
  | ConstExpr
  | IdentExpr
  | SelectExpr
  | CallExpr
  | ListExpr
  | MapExpr
  | StructExpr
  | ComprehensionExpr;

interface Node {
  /** Unique in its tree. */
  readonly id: number;
  /** Offset in the source, in UTF-16 units. */
  readonly pos: number;
}
export type Literal = null | boolean | string | bigint | number | Uint8Array | Uint;

/** A CEL uint; ints are bigint, doubles are number. */
export class Uint {
  readonly value: bigint;
  constructor(value: bigint) {
    this.value = value;
  }
}

export interface ConstExpr extends Node {
  readonly kind: 'const';
  readonly value: Literal;
}
export interface IdentExpr extends Node {
  readonly kind: 'ident';
  readonly name: string;
}
export interface SelectExpr extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(a.b)` */
  readonly test: boolean;
}
export interface CallExpr extends Node {
  readonly kind: 'call';
  readonly fn: string;
  readonly target?: Expr;
  readonly args: readonly Expr[];
}
export interface ListExpr extends Node {
  readonly kind: 'list';
  readonly items: readonly Expr[];
  /** Indices of elements written `[?e]`. */
  readonly optional: ReadonlySet<number>;
}
export interface MapEntry {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}
export interface MapExpr extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}
/** `Name{field: value}`: no type can be made in rules, so there it only ever is an error of the checker. */
export interface StructExpr extends Node {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}
export interface StructField {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}
/** The accumulator of comprehensions; not an identifier that a source could contain. */
export const ACCUMULATOR = '@result';

export interface ComprehensionExpr extends Node {
  readonly kind: 'comprehension';
  readonly range: Expr;
  readonly iterVar: string;
  readonly iterVar2?: string;
  readonly accuVar: string;
  readonly accuInit: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

/** One thing wrong with an expression. */
export interface Issue {
  readonly pos: number;
  readonly message: string;
}

/** An expression that cannot be used; `message` is upstream's display of all issues. */
export class CompileError extends Error {
  readonly code = 'cel-invalid';
  readonly issues: readonly Issue[];

  constructor(source: string, issues: readonly Issue[]) {
    super(display(source, issues));
    this.issues = issues;
  }
}

/** Each issue shows its line: few are shown of a long source. */
const MAX_SHOWN = 100;
const MAX_SHOWN_TEXT = 200_000;

/** cel-go's common.Errors display: each error with its line and a caret under its column. */
function display(source: string, issues: readonly Issue[]): string {
  const lines = source.split('\n');
  const sorted = [...issues].sort((a, b) => a.pos - b.pos);
  const shown = Math.max(1, Math.min(MAX_SHOWN, Math.floor(MAX_SHOWN_TEXT / (source.length + 1))));
  return sorted
    .slice(0, shown)
    .map(({ pos, message }) => {
      let line = 0;
      let start = 0;
      while (line < lines.length - 1 && pos > start + (lines[line]?.length ?? 0)) {
        start += (lines[line]?.length ?? 0) + 1;
        line++;
      }
      const text = (lines[line] ?? '').replaceAll('\t', ' ');
      const before = [...text.slice(0, Math.max(0, pos - start))];
      const dots = before.map((c) => (isWide(c) ? '．' : '.')).join('');
      const caret = isWide([...text.slice(Math.max(0, pos - start))][0] ?? '') ? '＾' : '^';
      return `ERROR: <input>:${line + 1}:${before.length + 1}: ${message}\n | ${text}\n | ${dots}${caret}`;
    })
    .join('\n');
}

const isWide = (c: string): boolean => c.length > 0 && (c.codePointAt(0) ?? 0) > 0x7f;
