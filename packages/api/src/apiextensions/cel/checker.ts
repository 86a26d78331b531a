import { compilePattern } from '../patterns.ts';
import {
  type CallExpr,
  CompileError,
  type ComprehensionExpr,
  type ConstExpr,
  type Expr,
  type Issue,
  type SelectExpr,
  Uint,
} from './ast.ts';
import { parseDuration, parseTime } from './functions/conversions.ts';
import type { Overload } from './functions/row.ts';
import { FUNCTIONS } from './functions.ts';
import { qualifiedName } from './parser.ts';
import {
  BOOL,
  type CelType,
  DYN,
  ERROR,
  formatType,
  INT,
  listOf,
  mapOf,
  optionalOf,
  readType,
  STRING,
  sameType,
  simple,
} from './types.ts';

/** What the checker found about each node, by its id. */
export interface Checked {
  readonly expr: Expr;
  readonly types: ReadonlyMap<number, CelType>;
  /** The overloads that a call may be; several when arguments are dynamic. */
  readonly overloads: ReadonlyMap<number, readonly Overload[]>;
  /** Member calls that are calls of a function with a dotted name (`sets.contains`). */
  readonly functions: ReadonlyMap<number, string>;
  /** Names of the variables used. */
  readonly variables: ReadonlySet<string>;
  /** Identifiers and selections that name a type (`string`, `google.protobuf.Duration`). */
  readonly typeNames: ReadonlyMap<number, string>;
}

const TYPE_NAMES: ReadonlyMap<string, CelType> = new Map(
  [
    'bool',
    'int',
    'uint',
    'double',
    'string',
    'bytes',
    'duration',
    'timestamp',
    'quantity',
    'ip',
    'cidr',
    'url',
    'semver',
    'format',
  ].map((name) => {
    const type = readType(name);
    return [formatType(type), type] as const;
  }),
);
const OTHER_TYPE_NAMES: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ['list', listOf(DYN)],
  ['map', mapOf(DYN, DYN)],
  ['null_type', simple('null')],
  ['dyn', DYN],
  ['type', { kind: 'type', of: DYN }],
  ['optional_type', optionalOf(DYN)],
]);

/**
 * Checks types of an expression with these variables. Throws CompileError with all that is wrong, in
 * cel-go's words. Source: cel-go checker.
 */
export function check(source: string, expr: Expr, variables: ReadonlyMap<string, CelType>): Checked {
  const checker = new Checker(variables);
  checker.check(expr);
  if (checker.issues.length > 0) throw new CompileError(source, checker.issues);
  return checker.finish(expr);
}

class Checker {
  readonly issues: Issue[] = [];
  readonly #types = new Map<number, CelType>();
  readonly #overloads = new Map<number, readonly Overload[]>();
  readonly #functions = new Map<number, string>();
  readonly #typeNames = new Map<number, string>();
  readonly #used = new Set<string>();
  readonly #scopes: Map<string, CelType>[] = [];
  readonly #variables: ReadonlyMap<string, CelType>;
  /** Lists whose elements may be of several types: arguments of `format`. */
  readonly #mixed = new Set<number>();
  readonly #bound = new Map<string, CelType>();
  readonly #trail: [string, CelType | undefined][] = [];
  #fresh = 0;

  constructor(variables: ReadonlyMap<string, CelType>) {
    this.#variables = variables;
  }

  finish(expr: Expr): Checked {
    const types = new Map<number, CelType>();
    for (const [id, type] of this.#types) types.set(id, this.#substitute(type, true));
    return {
      expr,
      types,
      overloads: this.#overloads,
      functions: this.#functions,
      variables: this.#used,
      typeNames: this.#typeNames,
    };
  }

  #report(pos: number, message: string): void {
    if (this.issues.length < 100) this.issues.push({ pos, message });
  }

  /** Macros use some parts twice, in the same scope: those are checked once. */
  check(expr: Expr): CelType {
    const known = this.#types.get(expr.id);
    if (known) return known;
    const type = this.#check(expr);
    this.#types.set(expr.id, type);
    return type;
  }

  #check(expr: Expr): CelType {
    switch (expr.kind) {
      case 'const':
        return constType(expr);
      case 'ident':
        return this.#ident(expr.id, expr.pos, expr.name);
      case 'select':
        return this.#select(expr);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        for (const { value } of expr.fields) this.check(value);
        this.#report(expr.pos, `undeclared reference to '${expr.name}' (in container '')`);
        return ERROR;
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #lookup(name: string): CelType | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const type = this.#scopes[i]?.get(name);
      if (type) return type;
    }
    const variable = this.#variables.get(name);
    if (variable) this.#used.add(name);
    return variable;
  }

  #named(id: number, name: string): CelType | undefined {
    const plain = name.startsWith('.') ? name.slice(1) : name;
    const found = this.#lookup(plain);
    if (found) return found;
    const type = TYPE_NAMES.get(plain) ?? OTHER_TYPE_NAMES.get(plain);
    if (!type) return undefined;
    this.#typeNames.set(id, plain);
    return { kind: 'type', of: type };
  }

  #ident(id: number, pos: number, name: string): CelType {
    const type = this.#named(id, name);
    if (type) return type;
    this.#report(pos, `undeclared reference to '${name.replace(/^\./, '')}' (in container '')`);
    return ERROR;
  }

  #select(expr: SelectExpr): CelType {
    const qualified = expr.test ? undefined : qualifiedName(expr);
    if (qualified !== undefined) {
      const type = TYPE_NAMES.get(qualified);
      if (type && this.#lookup(qualified.split('.')[0] ?? '') === undefined) {
        this.#typeNames.set(expr.id, qualified);
        return { kind: 'type', of: type };
      }
    }
    const type = this.#field(expr.pos, this.check(expr.operand), expr.field, false);
    return expr.test ? BOOL : type;
  }

  #field(pos: number, operand: CelType, field: string, optional: boolean): CelType {
    let target = this.#substitute(operand, false);
    let wrap = optional;
    if (target.kind === 'optional') {
      wrap = true;
      target = this.#substitute(target.of, false);
    }
    let result: CelType = ERROR;
    if (target.kind === 'map') {
      result = target.value;
    } else if (target.kind === 'object') {
      const found = target.fields.get(field);
      if (found) result = found;
      else this.#report(pos, `undefined field '${field}'`);
    } else if (target.kind === 'param') {
      // a variable of the checker: nothing is known of it yet
      this.#assign(target, DYN);
      result = DYN;
    } else if (target.kind === 'dyn' || target.kind === 'error') {
      result = DYN;
    } else {
      this.#report(
        pos,
        `type '${formatType(this.#substitute(target, true))}' does not support field selection`,
      );
    }
    return wrap ? optionalOf(result) : result;
  }

  #call(expr: CallExpr): CelType {
    if (expr.fn === '_?._') return this.#optionalSelect(expr);
    if (expr.fn === 'format' && expr.args[0]) this.#mixed.add(expr.args[0].id);
    const args = expr.args.map((arg) => this.check(arg));
    if (expr.target === undefined) {
      const name = expr.fn.replace(/^\./, '');
      const overloads = FUNCTIONS.get(name);
      if (!overloads) return this.#undeclared(expr.pos, name);
      return this.#resolve(expr, name, overloads, args, false);
    }
    const qualified = qualifiedName(expr.target);
    if (qualified !== undefined) {
      const name = `${qualified.replace(/^\./, '')}.${expr.fn}`;
      const overloads = FUNCTIONS.get(name);
      if (overloads) {
        this.#functions.set(expr.id, name);
        return this.#resolve(expr, name, overloads, args, false);
      }
    }
    const target = this.check(expr.target);
    const overloads = FUNCTIONS.get(expr.fn);
    if (!overloads) return this.#undeclared(expr.pos, expr.fn);
    const type = this.#resolve(expr, expr.fn, overloads, [target, ...args], true);
    this.#literals(expr);
    return type;
  }

  #undeclared(pos: number, name: string): CelType {
    this.#report(pos, `undeclared reference to '${name}' (in container '')`);
    return ERROR;
  }

  #optionalSelect(expr: CallExpr): CelType {
    const [operand, field] = expr.args as [Expr, Expr];
    const type = this.check(operand);
    this.check(field);
    const name = field.kind === 'const' && typeof field.value === 'string' ? field.value : '';
    return this.#field(expr.pos, type, name, true);
  }

  #resolve(
    expr: CallExpr,
    name: string,
    overloads: readonly Overload[],
    args: readonly CelType[],
    member: boolean,
  ): CelType {
    const matched: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of overloads) {
      if (overload.member !== member || overload.args.length !== args.length) continue;
      const instance = this.#instantiate(overload);
      if (!this.#assignAll(args, instance.args)) continue;
      matched.push(overload);
      const type = this.#substitute(instance.result, false);
      if (result === undefined) result = type;
      else if (result.kind !== 'dyn' && !sameType(result, type)) result = DYN;
    }
    if (result === undefined) {
      const shown = args.map((type) => formatType(this.#substitute(type, true)));
      const signature = member ? `${shown[0]}.(${shown.slice(1).join(', ')})` : `(${shown.join(', ')})`;
      this.#report(expr.pos, `found no matching overload for '${name}' applied to '${signature}'`);
      return ERROR;
    }
    this.#overloads.set(expr.id, matched);
    if (!member) this.#literals(expr);
    return result;
  }

  /** Literal durations, times and patterns must be right (cel-go's validators). */
  #literals(expr: CallExpr): void {
    const test = LITERALS[expr.fn];
    const arg = expr.fn === 'matches' && expr.target === undefined ? expr.args[1] : expr.args[0];
    if (!test || arg?.kind !== 'const' || typeof arg.value !== 'string') return;
    try {
      test(arg.value);
    } catch {
      this.#report(arg.pos, `invalid ${expr.fn} argument`);
    }
  }

  #list(expr: Expr & { kind: 'list' }): CelType {
    let element: CelType | undefined;
    expr.items.forEach((item, i) => {
      let type = this.check(item);
      if (expr.optional.has(i)) type = this.#unwrapped(item.pos, type);
      element = this.#join(item.pos, element, type, this.#mixed.has(expr.id));
    });
    return listOf(element ?? this.#newVariable());
  }

  #map(expr: Expr & { kind: 'map' }): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const entry of expr.entries) {
      keys = this.#join(entry.key.pos, keys, this.check(entry.key));
      let type = this.check(entry.value);
      if (entry.optional) type = this.#unwrapped(entry.value.pos, type);
      values = this.#join(entry.value.pos, values, type);
    }
    return mapOf(keys ?? this.#newVariable(), values ?? this.#newVariable());
  }

  #unwrapped(pos: number, type: CelType): CelType {
    const known = this.#substitute(type, false);
    if (known.kind === 'optional') return known.of;
    if (known.kind !== 'dyn' && known.kind !== 'error') {
      this.#report(
        pos,
        `expected type 'optional_type(${formatType(known)})' but found '${formatType(known)}'`,
      );
    }
    return known;
  }

  #join(pos: number, previous: CelType | undefined, current: CelType, mixed = false): CelType {
    if (previous === undefined) return current;
    if (this.#assign(previous, current))
      return this.#substitute(previous, false).kind === 'dyn' ? previous : mostGeneral(previous, current);
    if (mixed) return DYN;
    this.#report(
      pos,
      `expected type '${formatType(this.#substitute(previous, true))}' but found '${formatType(this.#substitute(current, true))}'`,
    );
    return ERROR;
  }

  #comprehension(expr: ComprehensionExpr): CelType {
    const range = this.#substitute(this.check(expr.range), false);
    const accumulator = this.check(expr.accuInit);
    let first: CelType = DYN;
    let second: CelType = DYN;
    if (range.kind === 'list') {
      first = expr.iterVar2 === undefined ? range.of : INT;
      second = range.of;
    } else if (range.kind === 'map') {
      first = range.key;
      second = range.value;
    } else if (range.kind === 'param') {
      this.#assign(range, DYN);
    } else if (range.kind !== 'dyn' && range.kind !== 'error') {
      const shown = formatType(this.#substitute(range, true));
      this.#report(
        expr.range.pos,
        `expression of type '${shown}' cannot be range of a comprehension (must be list, map, or dynamic)`,
      );
    }
    this.#scopes.push(new Map([[expr.accuVar, accumulator]]));
    const inner = new Map([[expr.iterVar, first]]);
    if (expr.iterVar2 !== undefined) inner.set(expr.iterVar2, second);
    this.#scopes.push(inner);
    this.#assertType(expr.condition, this.check(expr.condition), BOOL);
    this.#assertType(expr.step, this.check(expr.step), accumulator);
    this.#scopes.pop();
    const result = this.check(expr.result);
    this.#scopes.pop();
    return this.#substitute(result, false);
  }

  #assertType(expr: Expr, actual: CelType, expected: CelType): void {
    if (this.#assign(expected, actual)) return;
    const shown = (type: CelType): string => formatType(this.#substitute(type, true));
    this.#report(expr.pos, `expected type '${shown(expected)}' but found '${shown(actual)}'`);
  }

  #newVariable(): CelType {
    return { kind: 'param', name: `_var${this.#fresh++}` };
  }

  #instantiate(overload: Overload): { args: CelType[]; result: CelType } {
    const names = new Map<string, CelType>();
    const replace = (type: CelType): CelType => {
      switch (type.kind) {
        case 'param': {
          let variable = names.get(type.name);
          if (!variable) {
            variable = this.#newVariable();
            names.set(type.name, variable);
          }
          return variable;
        }
        case 'list':
        case 'optional':
        case 'type':
          return { kind: type.kind, of: replace(type.of) };
        case 'map':
          return mapOf(replace(type.key), replace(type.value));
        default:
          return type;
      }
    };
    return { args: overload.args.map(replace), result: replace(overload.result) };
  }

  /** Resolves variables; unbound ones become dyn when `final`. */
  #substitute(type: CelType, final: boolean): CelType {
    switch (type.kind) {
      case 'param': {
        const known = this.#walk(type).type;
        if (known.kind !== 'param') return this.#substitute(known, final);
        return final ? DYN : known;
      }
      case 'list':
      case 'optional':
      case 'type':
        return { kind: type.kind, of: this.#substitute(type.of, final) };
      case 'map':
        return mapOf(this.#substitute(type.key, final), this.#substitute(type.value, final));
      default:
        return type;
    }
  }

  #assignAll(actual: readonly CelType[], formal: readonly CelType[]): boolean {
    const start = this.#trail.length;
    for (let i = 0; i < formal.length; i++) {
      if (this.#unify(formal[i] as CelType, actual[i] as CelType)) continue;
      this.#undo(start);
      return false;
    }
    return true;
  }

  #bind(name: string, type: CelType): void {
    this.#trail.push([name, this.#bound.get(name)]);
    this.#bound.set(name, type);
  }

  /** Takes back what was bound since then: a failed overload must leave nothing behind. */
  #undo(start: number): void {
    while (this.#trail.length > start) {
      const [name, before] = this.#trail.pop() as [string, CelType | undefined];
      if (before === undefined) this.#bound.delete(name);
      else this.#bound.set(name, before);
    }
  }

  #assign(to: CelType, from: CelType): boolean {
    return this.#assignAll([from], [to]);
  }

  #unify(to: CelType, from: CelType): boolean {
    const a = this.#walk(to);
    const b = this.#walk(from);
    if (a.type.kind === 'param' || b.type.kind === 'param') return this.#unifyVariable(a.type, b.type);
    if (!this.#assignable(a.type, b.type)) return false;
    // a more general type than the one bound so far replaces it
    if (a.variable !== undefined && isAny(b.type)) this.#bind(a.variable, b.type);
    if (b.variable !== undefined && isAny(a.type)) this.#bind(b.variable, a.type);
    return true;
  }

  /** Follows variables to what they are bound to; `variable` is the last one on the way. */
  #walk(start: CelType): { type: CelType; variable: string | undefined } {
    let type = start;
    let variable: string | undefined;
    while (type.kind === 'param') {
      const bound = this.#bound.get(type.name);
      if (!bound) break;
      variable = type.name;
      type = bound;
    }
    return { type, variable };
  }

  #assignable(to: CelType, from: CelType): boolean {
    if (to === from || isAny(to) || isAny(from)) return true;
    if (to.kind === 'null' || from.kind === 'null') {
      return to.kind === from.kind || NULLABLE.has(to.kind) || NULLABLE.has(from.kind);
    }
    if (to.kind !== from.kind) return false;
    switch (to.kind) {
      case 'list':
      case 'optional':
        return this.#unify(to.of, (from as typeof to).of);
      case 'type':
        return true;
      case 'map':
        return (
          this.#unify(to.key, (from as typeof to).key) && this.#unify(to.value, (from as typeof to).value)
        );
      case 'object':
        return to.fields === (from as typeof to).fields;
      default:
        return true;
    }
  }

  /** One of them is a variable that nothing is known of. */
  #unifyVariable(to: CelType, from: CelType): boolean {
    // of two variables the newer one is bound, or chains of them would grow with each element of a list
    const variable = (from.kind === 'param' ? from : to) as CelType & { kind: 'param' };
    const other = from.kind === 'param' ? to : from;
    if (other.kind === 'param' && other.name === variable.name) return true;
    if (this.#occurs(variable.name, other)) return false;
    this.#bind(variable.name, other);
    return true;
  }

  #occurs(name: string, type: CelType): boolean {
    const known = this.#substitute(type, false);
    if (known.kind === 'param') return known.name === name;
    if (known.kind === 'list' || known.kind === 'optional' || known.kind === 'type')
      return this.#occurs(name, known.of);
    return known.kind === 'map' && (this.#occurs(name, known.key) || this.#occurs(name, known.value));
  }
}

const isAny = (type: CelType): boolean => type.kind === 'dyn' || type.kind === 'error';
const NULLABLE: ReadonlySet<string> = new Set([
  'duration',
  'timestamp',
  'object',
  'kubernetes.Quantity',
  'kubernetes.URL',
  'kubernetes.Semver',
  'kubernetes.NamedFormat',
]);

function mostGeneral(a: CelType, b: CelType): CelType {
  if (isAny(a)) return a;
  if (isAny(b)) return b;
  if (a.kind === 'list' && b.kind === 'list') return listOf(mostGeneral(a.of, b.of));
  if (a.kind === 'map' && b.kind === 'map')
    return mapOf(mostGeneral(a.key, b.key), mostGeneral(a.value, b.value));
  return a.kind === 'null' ? b : a;
}

const LITERALS: Readonly<Record<string, ((text: string) => unknown) | undefined>> = {
  duration: parseDuration,
  timestamp: parseTime,
  matches: compilePattern,
};

function constType(expr: ConstExpr): CelType {
  const { value } = expr;
  if (value === null) return simple('null');
  if (value instanceof Uint) return simple('uint');
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'string':
      return STRING;
    case 'bigint':
      return INT;
    case 'number':
      return simple('double');
    default:
      return simple('bytes');
  }
}
