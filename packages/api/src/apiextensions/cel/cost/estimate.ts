import type { CallExpr, ComprehensionExpr, Expr, ListExpr, MapExpr } from '../ast.ts';
import type { Checked } from '../check/checker.ts';
import type { DeclType } from '../decl-type.ts';
import type { Overload } from '../functions/row.ts';
import { isBind } from '../macros.ts';
import type { Argument, Call } from './call.ts';
import { callCost } from './call-cost.ts';
import { LIST_COST, MAP_COST, STRUCT_COST } from './cost-factors.ts';
import { add, type CostRange, exactly, multiply, NONE, ONE, union, ZERO } from './cost-range.ts';
import { Sizes } from './sizes.ts';

/**
 * The least and greatest cost of a checked expression, by the sizes that the schema of `self` allows. Source:
 * cel-go checker/cost.go with Kubernetes' estimates (apiserver pkg/cel/library/cost.go).
 */
export function estimateCost(checked: Checked, root: DeclType): CostRange {
  return new Estimator(checked, root).cost(checked.expr);
}

class Estimator {
  readonly #checked: Checked;
  readonly #sizes: Sizes;
  readonly #costs = new Map<number, CostRange>();

  constructor(checked: Checked, root: DeclType) {
    this.#checked = checked;
    this.#sizes = new Sizes(checked, root);
  }

  /** Macros use some parts twice, in the same scope: those are estimated once, and counted twice. */
  cost(expr: Expr): CostRange {
    let cost = this.#costs.get(expr.id);
    if (cost === undefined) {
      cost = this.#cost(expr);
      this.#costs.set(expr.id, cost);
    }
    return cost;
  }

  #cost(expr: Expr): CostRange {
    switch (expr.kind) {
      case 'const':
        return ZERO;
      case 'ident':
        return this.#identifier(expr, expr.name);
      case 'select': {
        const typeName = this.#checked.typeNames.get(expr.id);
        if (typeName !== undefined) return this.#identifier(expr, typeName);
        const operand = this.cost(expr.operand);
        if (expr.test) return operand;
        this.#extendPath(expr, expr.operand, expr.field);
        return HAVE_FIELDS.has(this.#sizes.type(expr.operand).kind) ? add(operand, ONE) : operand;
      }
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'struct':
        return expr.fields.reduce((sum, { value }) => add(sum, this.cost(value)), exactly(STRUCT_COST));
      case 'comprehension':
        return this.#comprehension(expr);
    }
  }

  #identifier(expr: Expr, name: string): CostRange {
    this.#sizes.setPath(expr, this.#sizes.pathOfName(name));
    return ONE;
  }

  #extendPath(expr: Expr, operand: Expr, name: string): void {
    this.#sizes.setPath(expr, [...this.#sizes.path(operand), name]);
  }

  #list(expr: ListExpr): CostRange {
    let sum = ZERO;
    let value = expr.items.length === 0 ? ZERO : NONE;
    for (const item of expr.items) {
      sum = add(sum, this.cost(item));
      value = union(value, this.#sizes.sizeOf(item));
    }
    this.#sizes.setEntry(expr, { container: 'list', key: ONE, value });
    return add(sum, exactly(LIST_COST));
  }

  #map(expr: MapExpr): CostRange {
    let sum = ZERO;
    let key = expr.entries.length === 0 ? ZERO : NONE;
    let value = key;
    for (const entry of expr.entries) {
      sum = add(add(sum, this.cost(entry.key)), this.cost(entry.value));
      key = union(key, this.#sizes.sizeOf(entry.key));
      value = union(value, this.#sizes.sizeOf(entry.value));
    }
    this.#sizes.setEntry(expr, { container: 'map', key, value });
    return add(sum, exactly(MAP_COST));
  }

  #comprehension(expr: ComprehensionExpr): CostRange {
    const start = add(this.cost(expr.range), this.cost(expr.accuInit));
    this.#sizes.enter(expr.accuVar, this.#sizes.asVariable(expr.accuInit));
    const loop = isBind(expr) ? undefined : this.#loop(expr);
    const total = add(start, this.cost(expr.result));
    this.#sizes.leave(expr.accuVar);
    if (loop === undefined) {
      this.#sizes.copy(expr, expr.result);
      return total;
    }
    const count = this.#sizes.sizeOf(expr.range);
    this.#setSizes(expr, count);
    return add(total, multiply(count, loop));
  }

  /** Of one turn. */
  #loop(expr: ComprehensionExpr): CostRange {
    const sizes = this.#sizes;
    const entry = sizes.entry(expr.range);
    const path = sizes.path(expr.range);
    const isList = (entry?.container ?? sizes.type(expr.range).kind) === 'list';
    const keys = { path: [...path, isList ? '@indices' : '@keys'], size: entry?.key };
    const values = { path: [...path, isList ? '@items' : '@values'], size: entry?.value };
    const { iterVar, iterVar2 } = expr;
    // a single variable is a list's element or a map's key
    sizes.enter(iterVar, iterVar2 === undefined && isList ? values : keys);
    if (iterVar2 !== undefined) sizes.enter(iterVar2, values);
    const loop = add(this.cost(expr.condition), this.cost(expr.step));
    sizes.leave(iterVar);
    if (iterVar2 !== undefined) sizes.leave(iterVar2);
    return loop;
  }

  /** A list or map that is built has an element for each turn, at most. */
  #setSizes(expr: ComprehensionExpr, count: CostRange): void {
    const { kind } = expr.accuInit;
    if (kind === 'const') this.#sizes.setSize(expr, this.#sizes.size(expr.accuInit));
    if (kind !== 'list' && kind !== 'map') return;
    this.#sizes.setSize(expr, count);
    this.#sizes.setEntry(expr, this.#sizes.entry(expr.step));
  }

  #call(expr: CallExpr): CostRange {
    const [first, second] = expr.args;
    if (expr.fn === 'dyn' && first) {
      const cost = this.cost(first);
      this.#sizes.copy(expr, first);
      return add(ONE, cost);
    }
    const args: Argument[] = [];
    let argsCost = ZERO;
    for (const arg of expr.args) {
      const argument = this.#argument(arg);
      args.push(argument);
      argsCost = add(argsCost, argument.cost);
    }
    if (expr.fn === '_?._') {
      if (first && second?.kind === 'const' && typeof second.value === 'string') {
        this.#extendPath(expr, first, second.value);
      }
      return add(argsCost, ONE);
    }
    const overloads = this.#checked.overloads.get(expr.id);
    if (!overloads) throw new Error(`the checker has found no overload of ${expr.fn}`);
    const qualified = this.#checked.functions.get(expr.id);
    const target = expr.target && qualified === undefined ? this.#argument(expr.target) : undefined;
    const call = { fn: qualified ?? expr.fn, target, args, argsCost, sizes: this.#sizes };
    return add(target?.cost ?? ZERO, this.#overloads(expr, call, overloads));
  }

  /** Any of the overloads that the call may be. */
  #overloads(expr: CallExpr, call: Call, overloads: readonly Overload[]): CostRange {
    let cost = NONE;
    let size: CostRange | undefined;
    for (const { id } of overloads) {
      const made = callCost(call, id);
      cost = union(cost, made.cost);
      if (made.size) size = size ? union(size, made.size) : made.size;
      this.#sizes.setEntry(expr, made.entry);
      const container = call.args[0]?.expr;
      if (container && (id === 'index_list' || id === 'index_map')) {
        size = this.#sizes.entry(container)?.value;
        this.#extendPath(expr, container, id === 'index_list' ? '@items' : '@values');
      }
      size ??= this.#sizes.size(expr);
    }
    this.#sizes.setSize(expr, size);
    return cost;
  }

  #argument(expr: Expr): Argument {
    return { expr, cost: this.cost(expr), size: this.#sizes.size(expr) };
  }
}

/** Kinds of values that a field is selected of at a cost; a param is of a type that nothing is known of. */
const HAVE_FIELDS: ReadonlySet<string> = new Set(['map', 'object', 'param']);
