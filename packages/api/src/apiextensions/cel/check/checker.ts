import {
  type CallExpr,
  CompileError,
  type ComprehensionExpr,
  type Expr,
  type IdentExpr,
  type ListExpr,
  type MapExpr,
  type SelectExpr,
} from '../ast.ts';
import type { Overload } from '../functions/row.ts';
import { FUNCTIONS } from '../functions.ts';
import { qualifiedName } from '../parser.ts';
import { BOOL, type CelType, DYN, ERROR, INT, listOf, mapOf, optionalOf } from '../types.ts';
import { validateAst } from './ast-validators.ts';
import { fieldType } from './field-type.ts';
import { literalType } from './literals.ts';
import { resolveOverloads } from './overload-resolution.ts';
import { Scopes } from './scopes.ts';
import { TypeIssues } from './type-issues.ts';
import { typeOfIdentifier, typeOfQualifiedName } from './type-names.ts';
import { Unification } from './unification.ts';

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

/**
 * Checks types of an expression with these variables. Throws CompileError with all that is wrong, in
 * cel-go's words. Source: cel-go checker/checker.go.
 */
export function check(source: string, expr: Expr, variables: ReadonlyMap<string, CelType>): Checked {
  const checker = new Checker(variables);
  checker.check(expr);
  if (checker.issues.all.length > 0) throw new CompileError(source, checker.issues.all);
  const checked = checker.finish(expr);
  const issues = validateAst(expr, checked.types);
  if (issues.length > 0) throw new CompileError(source, issues);
  return checked;
}

class Checker {
  readonly #types = new Map<number, CelType>();
  readonly #overloads = new Map<number, readonly Overload[]>();
  readonly #functions = new Map<number, string>();
  readonly #typeNames = new Map<number, string>();
  readonly #scopes: Scopes;
  readonly #unification = new Unification();
  readonly issues = new TypeIssues(this.#unification);

  constructor(variables: ReadonlyMap<string, CelType>) {
    this.#scopes = new Scopes(variables);
  }

  finish(expr: Expr): Checked {
    const types = new Map<number, CelType>();
    for (const [id, type] of this.#types) types.set(id, this.#unification.settled(type));
    return {
      expr,
      types,
      overloads: this.#overloads,
      functions: this.#functions,
      variables: this.#scopes.used,
      typeNames: this.#typeNames,
    };
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
        return literalType(expr.value);
      case 'ident':
        return this.#ident(expr);
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
        return this.issues.undeclared(expr.pos, expr.name);
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #ident(expr: IdentExpr): CelType {
    const name = absolute(expr.name);
    return (
      this.#scopes.lookup(name) ??
      this.#typeName(expr, name, typeOfIdentifier(name)) ??
      this.issues.undeclared(expr.pos, name)
    );
  }

  #typeName(expr: Expr, name: string, type: CelType | undefined): CelType | undefined {
    if (!type) return undefined;
    this.#typeNames.set(expr.id, name);
    return { kind: 'type', of: type };
  }

  #select(expr: SelectExpr): CelType {
    const qualified = expr.test ? undefined : qualifiedName(expr);
    const named = qualified === undefined ? undefined : typeOfQualifiedName(qualified);
    if (qualified !== undefined && named && !this.#scopes.lookup(qualified.split('.')[0] ?? '')) {
      return this.#typeName(expr, qualified, named) ?? ERROR;
    }
    const type = this.#field(expr.pos, this.check(expr.operand), expr.field);
    return expr.test ? BOOL : type;
  }

  #optionalSelect(expr: CallExpr): CelType {
    const [operand, field] = expr.args as [Expr, Expr];
    const type = this.check(operand);
    this.check(field);
    const name = field.kind === 'const' && typeof field.value === 'string' ? field.value : '';
    const found = this.#field(expr.pos, type, name);
    return this.#unification.known(type).kind === 'optional' ? found : optionalOf(found);
  }

  #field(pos: number, operand: CelType, field: string): CelType {
    return fieldType(operand, field, pos, this.#unification, this.issues);
  }

  #call(expr: CallExpr): CelType {
    if (expr.fn === '_?._') return this.#optionalSelect(expr);
    const args = expr.args.map((arg) => this.check(arg));
    if (expr.fn === '_&&_' || expr.fn === '_||_') return this.#logical(expr, args);
    if (expr.target === undefined) return this.#resolve(expr, absolute(expr.fn), args, false);
    const qualified = qualifiedName(expr.target);
    const name = qualified === undefined ? '' : `${absolute(qualified)}.${expr.fn}`;
    if (FUNCTIONS.has(name)) {
      this.#functions.set(expr.id, name);
      return this.#resolve(expr, name, args, false);
    }
    return this.#resolve(expr, expr.fn, [this.check(expr.target), ...args], true);
  }

  /** Each argument that is wrong is told, not that no overload takes them. */
  #logical(expr: CallExpr, args: readonly CelType[]): CelType {
    const areRight = expr.args.map((arg, i) => this.#assertType(arg, args[i] ?? DYN, BOOL));
    return areRight.includes(false) ? ERROR : this.#resolve(expr, expr.fn, args, false);
  }

  #resolve(expr: CallExpr, name: string, args: readonly CelType[], member: boolean): CelType {
    const candidates = FUNCTIONS.get(name);
    if (!candidates) return this.issues.undeclared(expr.pos, name);
    const found = resolveOverloads(candidates, args, member, this.#unification);
    if (!found) return this.issues.noOverload(expr.pos, name, args, member);
    this.#overloads.set(expr.id, found.overloads);
    return found.result;
  }

  #list(expr: ListExpr): CelType {
    let element: CelType | undefined;
    expr.items.forEach((item, i) => {
      let type = this.check(item);
      if (expr.optional.has(i)) type = this.#unwrapped(item.pos, type);
      element = this.#join(element, type);
    });
    return listOf(element ?? this.#unification.newVariable());
  }

  #map(expr: MapExpr): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of expr.entries) {
      keys = this.#join(keys, this.check(key));
      let type = this.check(value);
      if (optional) type = this.#unwrapped(value.pos, type);
      values = this.#join(values, type);
    }
    return mapOf(keys ?? this.#unification.newVariable(), values ?? this.#unification.newVariable());
  }

  /** Of what is written `?e`: there if it has a value. */
  #unwrapped(pos: number, type: CelType): CelType {
    const known = this.#unification.known(type);
    if (known.kind === 'optional') return known.of;
    if (known.kind !== 'dyn') this.issues.mismatch(pos, optionalOf(known), known);
    return known;
  }

  /** Parts of several types are dyn. Literals that are refused for it are found when all types are known. */
  #join(previous: CelType | undefined, current: CelType): CelType {
    return previous === undefined ? current : (this.#unification.join(previous, current) ?? DYN);
  }

  #comprehension(expr: ComprehensionExpr): CelType {
    const range = this.#unification.known(this.check(expr.range));
    const accumulator = this.check(expr.accuInit);
    const [first, second] = this.#iterated(expr, range);
    this.#scopes.enter(new Map([[expr.accuVar, accumulator]]));
    const inner = new Map([[expr.iterVar, first]]);
    if (expr.iterVar2 !== undefined) inner.set(expr.iterVar2, second);
    this.#scopes.enter(inner);
    this.#assertType(expr.condition, this.check(expr.condition), BOOL);
    this.#assertType(expr.step, this.check(expr.step), accumulator);
    this.#scopes.leave();
    const result = this.check(expr.result);
    this.#scopes.leave();
    return this.#unification.known(result);
  }

  /** Types of the variables: one has elements of a list and keys of a map, two have indices or keys, and values. */
  #iterated(expr: ComprehensionExpr, range: CelType): readonly [CelType, CelType] {
    switch (range.kind) {
      case 'list':
        return [expr.iterVar2 === undefined ? range.of : INT, range.of];
      case 'map':
        return [range.key, range.value];
      case 'param':
        this.#unification.assign(range, DYN);
        return ANY_TWO;
      case 'dyn':
      case 'error':
        return ANY_TWO;
      default:
        this.issues.report(
          expr.range.pos,
          `expression of type '${this.issues.shown(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        );
        return ANY_TWO;
    }
  }

  #assertType(expr: Expr, actual: CelType, expected: CelType): boolean {
    if (this.#unification.assign(expected, actual)) return true;
    this.issues.mismatch(expr.pos, expected, actual);
    return false;
  }
}

const ANY_TWO = [DYN, DYN] as const;

/** Names may be written with a dot before them, which says that no container of names is meant; there is none. */
const absolute = (name: string): string => (name.startsWith('.') ? name.slice(1) : name);
