import {
  ACCUMULATOR,
  type CallExpr,
  CompileError,
  type ConstExpr,
  type Expr,
  type Issue,
  type Literal,
  type MapEntry,
  type StructField,
} from './ast.ts';
import { type Token, tokenize } from './lexer.ts';
import { expandMacro } from './macros.ts';

/** Limits of cel-go's parser: nesting, and code points of the source. */
export const MAX_DEPTH = 250;
export const MAX_CODE_POINTS = 100_000;
/** Tokens of an expression; operator chains of any length stay below it. */
const MAX_NODES = 100_000;

const RESERVED: ReadonlySet<string> = new Set([
  'as',
  'break',
  'const',
  'continue',
  'else',
  'false',
  'for',
  'function',
  'if',
  'import',
  'in',
  'let',
  'loop',
  'namespace',
  'null',
  'package',
  'return',
  'true',
  'var',
  'void',
  'while',
]);
const PRIMARY =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

const BINARY: readonly (readonly string[])[] = [
  ['*', '/', '%'],
  ['+', '-'],
];
const RELATIONS: ReadonlySet<string> = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const OPERATOR_NAMES: Readonly<Record<string, string>> = {
  '+': '_+_',
  '-': '_-_',
  '*': '_*_',
  '/': '_/_',
  '%': '_%_',
  '<': '_<_',
  '<=': '_<=_',
  '>=': '_>=_',
  '>': '_>_',
  '==': '_==_',
  '!=': '_!=_',
  in: '@in',
  '&&': '_&&_',
  '||': '_||_',
};

class ParseFailure extends Error {
  readonly issue: Issue;
  constructor(pos: number, message: string) {
    super(message);
    this.issue = { pos, message };
  }
}

/** Makes nodes with ids of their own; macros use it too. */
export class NodeFactory {
  #next = 0;

  #id(pos: number): { id: number; pos: number } {
    if (++this.#next > MAX_NODES) throw new ParseFailure(pos, 'expression is too large');
    return { id: this.#next, pos };
  }
  constant(pos: number, value: Literal): ConstExpr {
    return { kind: 'const', ...this.#id(pos), value };
  }
  ident(pos: number, name: string): Expr {
    return { kind: 'ident', ...this.#id(pos), name };
  }
  select(pos: number, operand: Expr, field: string, test = false): Expr {
    return { kind: 'select', ...this.#id(pos), operand, field, test };
  }
  call(pos: number, fn: string, args: readonly Expr[], target?: Expr): CallExpr {
    return { kind: 'call', ...this.#id(pos), fn, args, ...(target ? { target } : {}) };
  }
  list(pos: number, items: readonly Expr[], optional: ReadonlySet<number> = new Set()): Expr {
    return { kind: 'list', ...this.#id(pos), items, optional };
  }
  map(pos: number, entries: readonly MapEntry[]): Expr {
    return { kind: 'map', ...this.#id(pos), entries };
  }
  struct(pos: number, name: string, fields: readonly StructField[]): Expr {
    return { kind: 'struct', ...this.#id(pos), name, fields };
  }
  comprehension(
    pos: number,
    parts: {
      range: Expr;
      iterVar: string;
      iterVar2?: string;
      accuInit: Expr;
      condition: Expr;
      step: Expr;
      result: Expr;
      accuVar?: string;
    },
  ): Expr {
    return { kind: 'comprehension', ...this.#id(pos), accuVar: ACCUMULATOR, ...parts };
  }
  fail(pos: number, message: string): never {
    throw new ParseFailure(pos, message);
  }
}

/** Parses an expression and expands its macros. Throws CompileError. */
export function parse(source: string): Expr {
  const size = codePoints(source);
  if (size > MAX_CODE_POINTS) {
    throw new CompileError('', [
      {
        pos: 0,
        message: `expression code point size exceeds limit: size: ${size}, limit ${MAX_CODE_POINTS}`,
      },
    ]);
  }
  const { tokens, issues } = tokenize(source);
  try {
    const expr = new Parser(tokens).parse();
    if (issues.length === 0) return expr;
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    issues.push(error.issue);
  }
  throw new CompileError(source, issues);
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #make = new NodeFactory();
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Expr {
    const expr = this.#expression();
    const token = this.#peek();
    if (token.type !== 'eof') {
      this.#make.fail(
        token.pos,
        `Syntax error: ${token.type === 'op' && ')]}'.includes(token.text) ? 'extraneous' : 'mismatched'} input '${token.text}' expecting <EOF>`,
      );
    }
    return expr;
  }

  #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }
  #isOp(text: string): boolean {
    const token = this.#peek();
    return token.type === 'op' && token.text === text;
  }
  #accept(text: string): Token | undefined {
    if (!this.#isOp(text)) return undefined;
    return this.#tokens[this.#at++];
  }
  #expect(text: string): Token {
    const token = this.#accept(text);
    if (token) return token;
    const found = this.#peek();
    return this.#make.fail(found.pos, `Syntax error: missing '${text}' at '${found.text}'`);
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.#make.fail(this.#peek().pos, `expression recursion limit exceeded: ${MAX_DEPTH}`);
    }
    const result = read();
    this.#depth--;
    return result;
  }

  #expression(): Expr {
    return this.#nested(() => {
      const condition = this.#logical('||', () => this.#logical('&&', () => this.#relation()));
      const op = this.#accept('?');
      if (!op) return condition;
      const truthy = this.#logical('||', () => this.#logical('&&', () => this.#relation()));
      this.#expect(':');
      const falsy = this.#expression();
      return this.#make.call(op.pos, '_?_:_', [condition, truthy, falsy]);
    });
  }

  /** Chains of && and || become balanced trees, as cel-go's do: no deep recursion. */
  #logical(op: string, operand: () => Expr): Expr {
    const terms = [operand()];
    const positions: number[] = [];
    for (let token = this.#accept(op); token; token = this.#accept(op)) {
      positions.push(token.pos);
      terms.push(operand());
    }
    return this.#balance(OPERATOR_NAMES[op] ?? op, terms, positions, 0, positions.length - 1);
  }

  #balance(
    fn: string,
    terms: readonly Expr[],
    positions: readonly number[],
    low: number,
    high: number,
  ): Expr {
    if (positions.length === 0) return terms[0] as Expr;
    const middle = Math.floor((low + high + 1) / 2);
    const left =
      middle === low ? (terms[middle] as Expr) : this.#balance(fn, terms, positions, low, middle - 1);
    const right =
      middle === high ? (terms[middle + 1] as Expr) : this.#balance(fn, terms, positions, middle + 1, high);
    return this.#make.call(positions[middle] ?? 0, fn, [left, right]);
  }

  #relation(): Expr {
    let left = this.#arithmetic(1);
    let chain = 0;
    while (this.#peek().type === 'op' && RELATIONS.has(this.#peek().text)) {
      const op = this.#tokens[this.#at++] as Token;
      this.#limitChain(++chain, op.pos);
      const right = this.#arithmetic(1);
      left = this.#make.call(op.pos, OPERATOR_NAMES[op.text] ?? op.text, [left, right]);
    }
    return left;
  }

  #arithmetic(level: number): Expr {
    const next = (): Expr => (level === 0 ? this.#unary() : this.#arithmetic(level - 1));
    let left = next();
    let chain = 0;
    while (this.#peek().type === 'op' && BINARY[level]?.includes(this.#peek().text)) {
      const op = this.#tokens[this.#at++] as Token;
      this.#limitChain(++chain, op.pos);
      left = this.#make.call(op.pos, OPERATOR_NAMES[op.text] ?? op.text, [left, next()]);
    }
    return left;
  }

  /** A long chain of operators makes a deep tree, which later stages walk recursively. */
  #limitChain(length: number, pos: number): void {
    if (length > 1_000) this.#make.fail(pos, `expression recursion limit exceeded: ${MAX_DEPTH}`);
  }

  #unary(): Expr {
    const nots = this.#run('!');
    if (nots.length > 0) {
      const operand = this.#member();
      return nots.length % 2 === 0 ? operand : this.#make.call(nots[0] ?? 0, '!_', [operand]);
    }
    const token = this.#peek();
    if (token.type === 'op' && token.text === '-') {
      const next = this.#tokens[this.#at + 1];
      if (next?.type === 'literal' && (typeof next.value === 'bigint' || typeof next.value === 'number')) {
        return this.#negativeLiteral(token, next);
      }
      const minuses = this.#run('-');
      const operand = this.#member();
      return minuses.length % 2 === 0 ? operand : this.#make.call(minuses[0] ?? 0, '-_', [operand]);
    }
    return this.#member();
  }

  #negativeLiteral(minus: Token, literal: Token): Expr {
    this.#at += 2;
    const value = literal.value as bigint | number;
    const negated: Literal = typeof value === 'bigint' ? -value : -value;
    return this.#suffixes(this.#make.constant(minus.pos, negated));
  }

  #run(op: string): number[] {
    const positions: number[] = [];
    for (let token = this.#accept(op); token; token = this.#accept(op)) positions.push(token.pos);
    return positions;
  }

  #member(): Expr {
    return this.#suffixes(this.#primary());
  }

  #suffixes(start: Expr): Expr {
    let operand = start;
    let chain = 0;
    for (;;) {
      const token = this.#peek();
      if (token.type !== 'op') return operand;
      this.#limitChain(++chain, token.pos);
      if (token.text === '.' || token.text === '.?') operand = this.#dot(operand, token);
      else if (token.text === '[' || token.text === '[?') {
        this.#at++;
        const index = this.#expression();
        this.#expect(']');
        operand = this.#make.call(token.pos, token.text === '[' ? '_[_]' : '_[?_]', [operand, index]);
      } else if (token.text === '{' && qualifiedName(operand) !== undefined) {
        operand = this.#struct(operand, token);
      } else return operand;
    }
  }

  #dot(operand: Expr, dot: Token): Expr {
    this.#at++;
    const token = this.#peek();
    const quoted = token.type === 'quoted-ident';
    if (token.type !== 'ident' && !quoted) {
      this.#make.fail(
        token.pos,
        `Syntax error: no viable alternative at input '.${token.type === 'eof' ? '' : token.text}'`,
      );
    }
    this.#at++;
    const name = quoted ? token.text.slice(1, -1) : token.text;
    if (dot.text === '.?') {
      return this.#make.call(dot.pos, '_?._', [operand, this.#make.constant(token.pos, name)]);
    }
    const open = quoted ? undefined : this.#accept('(');
    if (!open) return this.#make.select(dot.pos, operand, name);
    const args = this.#arguments(')');
    return (
      expandMacro(this.#make, open.pos, name, operand, args) ?? this.#make.call(open.pos, name, args, operand)
    );
  }

  #struct(operand: Expr, open: Token): Expr {
    this.#at++;
    const fields: StructField[] = [];
    while (!this.#isOp('}')) {
      const optional = this.#accept('?') !== undefined;
      const token = this.#peek();
      if (token.type !== 'ident' && token.type !== 'quoted-ident') {
        this.#make.fail(
          token.pos,
          `Syntax error: mismatched input '${token.text}' expecting {'}', ',', IDENTIFIER}`,
        );
      }
      this.#at++;
      this.#expect(':');
      const name = token.type === 'quoted-ident' ? token.text.slice(1, -1) : token.text;
      fields.push({ name, value: this.#expression(), optional });
      if (!this.#accept(',')) break;
    }
    this.#expect('}');
    return this.#make.struct(open.pos, qualifiedName(operand) ?? '', fields);
  }

  #arguments(close: string): Expr[] {
    const args: Expr[] = [];
    if (this.#accept(close)) return args;
    do args.push(this.#expression());
    while (this.#accept(','));
    this.#expect(close);
    return args;
  }

  #primary(): Expr {
    const token = this.#peek();
    if (token.type === 'literal') {
      this.#at++;
      const value = token.value as Literal;
      if (typeof value === 'bigint' && value >= 2n ** 63n) this.#make.fail(token.pos, 'invalid int literal');
      return this.#make.constant(token.pos, value);
    }
    if (token.type === 'ident') return this.#identifier(token, '');
    if (token.type === 'op') {
      switch (token.text) {
        case '.': {
          this.#at++;
          const name = this.#peek();
          if (name.type !== 'ident') return this.#unexpected(name);
          return this.#identifier(name, '.');
        }
        case '(': {
          this.#at++;
          const expr = this.#expression();
          this.#expect(')');
          return expr;
        }
        case '[':
        case '[?':
          return this.#list(token);
        case '{':
        case '{?':
          return this.#map(token);
      }
    }
    return this.#unexpected(token);
  }

  #unexpected(token: Token): never {
    return this.#make.fail(token.pos, `Syntax error: mismatched input '${token.text}' expecting ${PRIMARY}`);
  }

  #identifier(token: Token, prefix: string): Expr {
    this.#at++;
    if (RESERVED.has(token.text)) this.#make.fail(token.pos, `reserved identifier: ${token.text}`);
    const open = this.#accept('(');
    if (!open) return this.#make.ident(token.pos, prefix + token.text);
    const args = this.#arguments(')');
    return (
      expandMacro(this.#make, open.pos, token.text, undefined, args) ??
      this.#make.call(open.pos, prefix + token.text, args)
    );
  }

  #list(open: Token): Expr {
    this.#at++;
    const items: Expr[] = [];
    const optional = new Set<number>();
    let marked = open.text === '[?';
    while (marked || !this.#isOp(']')) {
      if (marked || this.#accept('?')) optional.add(items.length);
      marked = false;
      items.push(this.#expression());
      if (!this.#accept(',')) break;
    }
    this.#expect(']');
    return this.#make.list(open.pos, items, optional);
  }

  #map(open: Token): Expr {
    this.#at++;
    const entries: MapEntry[] = [];
    let marked = open.text === '{?';
    while (marked || !this.#isOp('}')) {
      const optional = marked || this.#accept('?') !== undefined;
      marked = false;
      const key = this.#expression();
      this.#expect(':');
      entries.push({ key, value: this.#expression(), optional });
      if (!this.#accept(',')) break;
    }
    this.#expect('}');
    return this.#make.map(open.pos, entries);
  }
}

/** `a.b.c` when the expression is nothing but names. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name;
  if (expr.kind !== 'select' || expr.test) return undefined;
  const operand = qualifiedName(expr.operand);
  return operand === undefined ? undefined : `${operand}.${expr.field}`;
}
