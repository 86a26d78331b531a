import { compilePattern } from '../patterns.ts';
import { type CallExpr, type ComprehensionExpr, type Expr, Uint } from './ast.ts';
import type { Checked } from './check/checker.ts';
import { LIST_COST, MAP_COST } from './cost/cost-factors.ts';
import { callCost, joinCost } from './cost/runtime-cost.ts';
import { at, member } from './functions/indexing.ts';
import type { Overload } from './functions/row.ts';
import { FUNCTIONS } from './functions.ts';
import { isBind } from './macros.ts';
import { runtimeName } from './types.ts';
import {
  ArrayList,
  CelError,
  type CelValue,
  CostLimitError,
  describe,
  isList,
  isMap,
  LiteralMap,
  noSuchOverload,
  Optional,
  startRequestWork,
  startWork,
  TypeValue,
  typeName,
} from './values.ts';

/** One run: the values of variables, and what it has cost so far. */
class Frame {
  readonly slots: CelValue[];
  readonly limit: number;
  cost = 0;

  constructor(slots: CelValue[], limit: number) {
    this.slots = slots;
    this.limit = limit;
  }
  charge(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) throw new CostLimitError();
  }
}

type Step = (frame: Frame) => CelValue;

export interface Outcome {
  /** Undefined when `error` says why there is none. */
  readonly value: CelValue | undefined;
  readonly error: CelError | CostLimitError | undefined;
  readonly cost: number;
}

/** A compiled expression. Run as often as one likes; it keeps no state. */
export interface Program {
  run(variables: Readonly<Record<string, CelValue | undefined>>, limit: number): Outcome;
}

/** Compiles a checked expression into closures. Throws CelError when a constant part cannot be evaluated. */
export function program(checked: Checked, variables: readonly string[]): Program {
  const compiler = new Compiler(checked, variables);
  const root = compiler.compile(checked.expr);
  return {
    run(values, limit) {
      const frame = new Frame(
        variables.map((name) => values[name] as CelValue),
        limit,
      );
      try {
        startWork();
        return { value: root(frame), error: undefined, cost: frame.cost };
      } catch (error) {
        if (error instanceof CelError || error instanceof CostLimitError) {
          return { value: undefined, error, cost: frame.cost };
        }
        // a value nested deeper than the stack is refused like one that costs too much
        if (error instanceof RangeError)
          return { value: undefined, error: new CostLimitError(), cost: limit + 1 };
        throw error;
      }
    },
  };
}

const CONST_FOLDED: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'duration',
  'int',
  'string',
  'timestamp',
  'uint',
]);

/** Functions of a text and a pattern (apiserver pkg/cel/library/regex.go, interpreter.MatchesRegexOptimization). */
const PATTERN_FUNCTIONS: ReadonlySet<string> = new Set(['matches', 'find', 'findAll']);

class Compiler {
  readonly #checked: Checked;
  readonly #scope: string[];
  readonly #steps = new Map<number, Step>();
  readonly #constants = new WeakMap<Step, { value: CelValue }>();

  constructor(checked: Checked, variables: readonly string[]) {
    this.#checked = checked;
    this.#scope = [...variables];
  }

  /** Macros use some parts twice, in the same scope: those are compiled once. */
  compile(expr: Expr): Step {
    let step = this.#steps.get(expr.id);
    if (step === undefined) {
      step = this.#compile(expr);
      this.#steps.set(expr.id, step);
    }
    return step;
  }

  #compile(expr: Expr): Step {
    const named = this.#checked.typeNames.get(expr.id);
    if (named !== undefined) return this.#constant(new TypeValue(named));
    switch (expr.kind) {
      case 'const':
        return this.#constant(expr.value);
      case 'ident':
        return this.#ident(expr.name);
      case 'select':
        return expr.test ? this.#has(expr.operand, expr.field) : this.#select(expr.operand, expr.field);
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr);
      case 'map':
        return this.#map(expr);
      case 'comprehension':
        return isBind(expr) ? this.#bind(expr) : this.#comprehension(expr);
      case 'struct':
        return noSuchOverload;
    }
  }

  #constant(value: CelValue): Step {
    const step: Step = () => value;
    this.#constants.set(step, { value });
    return step;
  }

  #slot(name: string): number {
    return this.#scope.lastIndexOf(name.replace(/^\./, ''));
  }

  #ident(name: string): Step {
    const slot = this.#slot(name);
    return (frame) => {
      frame.charge(1);
      const value = frame.slots[slot];
      if (value === undefined) throw new CelError(`no such attribute(s): ${name}`);
      return value;
    };
  }

  #select(operand: Expr, field: string): Step {
    const inner = this.compile(operand);
    return (frame) => {
      const value = inner(frame);
      frame.charge(1);
      return value instanceof Optional ? optionalField(value, field) : fieldOf(value, field);
    };
  }

  #has(operand: Expr, field: string): Step {
    const inner = this.compile(operand);
    return (frame) => {
      const value = inner(frame);
      if (value instanceof Optional) return optionalField(value, field).value !== undefined;
      return isMap(value) ? value.get(field) !== undefined : noSuchOverload();
    };
  }

  #call(expr: CallExpr): Step {
    const [first, second, third] = expr.args as [Expr, Expr, Expr];
    switch (expr.fn) {
      case '_&&_':
        return logical(this.compile(first), this.compile(second), false);
      case '_||_':
        return logical(this.compile(first), this.compile(second), true);
      case '_?_:_':
        return conditional(this.compile(first), this.compile(second), this.compile(third));
      case '@not_strictly_false':
        return notStrictlyFalse(this.compile(first));
      case '_?._':
        return this.#optionalSelect(first, second);
    }
    const name = this.#checked.functions.get(expr.id) ?? expr.fn.replace(/^\./, '');
    const withTarget = expr.target !== undefined && !this.#checked.functions.has(expr.id);
    const args = [...(withTarget ? [expr.target as Expr] : []), ...expr.args].map((arg) => this.compile(arg));
    if (name === '_[_]') return index(args[0] as Step, args[1] as Step);
    if (PATTERN_FUNCTIONS.has(name)) this.#readPattern(args[1]);
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    const step = call(name, candidates(name, overloads), args);
    return this.#folded(name, args, step);
  }

  /** A pattern that is written in the rule must be one. */
  #readPattern(arg: Step | undefined): void {
    const pattern = arg && this.#constants.get(arg)?.value;
    if (typeof pattern !== 'string') return;
    try {
      compilePattern(pattern);
    } catch (error) {
      throw new CelError(error instanceof Error ? error.message : String(error));
    }
  }

  /** Conversions of constants are done once, as cel-go's optimizer does; they then cost nothing. */
  #folded(name: string, args: readonly Step[], step: Step): Step {
    const [arg] = args;
    const constant = arg && this.#constants.get(arg);
    if (args.length === 1 && constant && CONST_FOLDED.has(name)) {
      startRequestWork();
      return this.#constant(step(new Frame([], Number.POSITIVE_INFINITY)));
    }
    const list = name === '@in' && args[1] ? this.#constants.get(args[1]) : undefined;
    if (list && isList(list.value)) return membership(args[0] as Step, list.value) ?? step;
    return step;
  }

  #optionalSelect(operand: Expr, field: Expr): Step {
    const inner = this.compile(operand);
    const name = field.kind === 'const' && typeof field.value === 'string' ? field.value : '';
    return (frame) => {
      const value = inner(frame);
      frame.charge(1);
      return optionalField(value instanceof Optional ? value : new Optional(value), name);
    };
  }

  #list(expr: Expr & { kind: 'list' }): Step {
    const items = expr.items.map((item) => this.compile(item));
    const constants = items.map((item) => this.#constants.get(item));
    if (expr.optional.size === 0 && constants.every((constant) => constant !== undefined)) {
      return this.#constant(new ArrayList(constants.map(({ value }) => value)));
    }
    return (frame) => {
      const values: CelValue[] = [];
      for (let i = 0; i < items.length; i++) {
        const value = (items[i] as Step)(frame);
        if (!expr.optional.has(i)) values.push(value);
        else if (!(value instanceof Optional)) noSuchOverload();
        else if (value.value !== undefined) values.push(value.value);
      }
      frame.charge(LIST_COST);
      return new ArrayList(values);
    };
  }

  #map(expr: Expr & { kind: 'map' }): Step {
    const entries = expr.entries.map((entry) => ({
      key: this.compile(entry.key),
      value: this.compile(entry.value),
      optional: entry.optional,
    }));
    return (frame) => {
      const map = new LiteralMap();
      for (const entry of entries) {
        const key = entry.key(frame);
        const value = entry.value(frame);
        if (map.has(key)) throw new CelError(`repeated key: ${describe(key)}`);
        if (!entry.optional) map.set(key, value);
        else if (!(value instanceof Optional)) noSuchOverload();
        else if (value.value !== undefined) map.set(key, value.value);
      }
      frame.charge(MAP_COST);
      return map;
    };
  }

  #bind(expr: ComprehensionExpr): Step {
    const init = this.compile(expr.accuInit);
    const slot = this.#scope.push(expr.accuVar) - 1;
    const result = this.compile(expr.result);
    this.#scope.pop();
    return (frame) => {
      frame.slots[slot] = init(frame);
      return result(frame);
    };
  }

  #comprehension(expr: ComprehensionExpr): Step {
    const range = this.compile(expr.range);
    const init = this.compile(expr.accuInit);
    const accu = this.#scope.push(expr.accuVar) - 1;
    const first = this.#scope.push(expr.iterVar) - 1;
    const second = expr.iterVar2 === undefined ? -1 : this.#scope.push(expr.iterVar2) - 1;
    const condition = this.compile(expr.condition);
    const step = this.#appending(expr, accu) ?? this.compile(expr.step);
    this.#scope.length = accu + 1;
    const result = this.compile(expr.result);
    this.#scope.length = accu;
    const fresh = expr.accuInit.kind === 'list' || expr.accuInit.kind === 'map';
    return (frame) => {
      const over = range(frame);
      if (!isList(over) && !isMap(over)) return noSuchOverload();
      frame.slots[accu] = fresh ? freshAccumulator(expr.accuInit.kind) : init(frame);
      const keys = isMap(over) ? over.keys() : undefined;
      const count = keys ? keys.length : (over as ArrayList).size;
      for (let i = 0; i < count; i++) {
        const key = keys ? (keys[i] as CelValue) : BigInt(i);
        if (second < 0) frame.slots[first] = keys ? key : (over as ArrayList).get(i);
        else {
          frame.slots[first] = key;
          frame.slots[second] = isMap(over) ? member(over, key) : (over as ArrayList).get(i);
        }
        if (condition(frame) !== true) break;
        frame.slots[accu] = step(frame);
      }
      return result(frame);
    };
  }

  /** `accu + [e]` grows the accumulator in place instead of copying it each time; the cost is the same. */
  #appending(expr: ComprehensionExpr, accu: number): Step | undefined {
    const append = (step: Expr): Step | undefined => {
      if (step.kind !== 'call' || step.fn !== '_+_') return undefined;
      const [left, right] = step.args;
      if (left?.kind !== 'ident' || left.name !== expr.accuVar || right?.kind !== 'list') return undefined;
      const [item] = right.items;
      if (right.items.length !== 1 || item === undefined || right.optional.size > 0) return undefined;
      const value = this.compile(item);
      return (frame) => {
        const list = frame.slots[accu] as ArrayList;
        (list.items as CelValue[]).push(value(frame));
        frame.charge(12);
        return list;
      };
    };
    if (expr.accuInit.kind !== 'list' || expr.accuInit.items.length > 0) return undefined;
    const direct = append(expr.step);
    if (direct) return direct;
    if (expr.step.kind !== 'call' || expr.step.fn !== '_?_:_') return undefined;
    const [when, then, otherwise] = expr.step.args as [Expr, Expr, Expr];
    const grown = append(then);
    return grown && conditional(this.compile(when), grown, this.compile(otherwise));
  }
}

const freshAccumulator = (kind: string): CelValue => (kind === 'list' ? new ArrayList([]) : new LiteralMap());

function fieldOf(value: CelValue, field: string): CelValue {
  return isMap(value) ? member(value, field) : noSuchOverload();
}

function optionalField(value: Optional, field: string): Optional {
  if (value.value === undefined) return Optional.NONE;
  if (value.value instanceof Optional) return optionalField(value.value, field);
  if (!isMap(value.value)) return noSuchOverload();
  const found = value.value.get(field);
  return found === undefined ? Optional.NONE : new Optional(found);
}

/** `&&` (decided by false) and `||` (decided by true): an error counts only when the other side does not decide. */
function logical(left: Step, right: Step, decisive: boolean): Step {
  return (frame) => {
    let failure: CelError | undefined;
    let first: CelValue = null;
    try {
      first = left(frame);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      failure = error;
    }
    if (failure === undefined && first === decisive) return decisive;
    const second = right(frame);
    if (second === decisive) return decisive;
    if (failure) throw failure;
    if (typeof first !== 'boolean' || typeof second !== 'boolean') return noSuchOverload();
    return !decisive;
  };
}

function conditional(when: Step, then: Step, otherwise: Step): Step {
  return (frame) => {
    const condition = when(frame);
    if (typeof condition !== 'boolean') return noSuchOverload();
    return condition ? then(frame) : otherwise(frame);
  };
}

function notStrictlyFalse(inner: Step): Step {
  return (frame) => {
    let value: CelValue = true;
    try {
      value = inner(frame);
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
    }
    frame.charge(1);
    return value !== false;
  };
}

function index(container: Step, key: Step): Step {
  return (frame) => {
    const value = container(frame);
    const wanted = key(frame);
    frame.charge(1);
    if (isList(value)) return at(value, wanted);
    if (isMap(value)) return member(value, wanted);
    if (!(value instanceof Optional)) return noSuchOverload();
    if (value.value === undefined) return Optional.NONE;
    const inner = isMap(value.value)
      ? value.value.get(wanted)
      : isList(value.value)
        ? at(value.value, wanted)
        : noSuchOverload();
    return inner === undefined ? Optional.NONE : new Optional(inner);
  };
}

/** `x in [constants]` by a set; undefined when the list holds other than plain scalars. */
function membership(item: Step, list: { size: number; get(i: number): CelValue }): Step | undefined {
  const values = new Set<unknown>();
  for (let i = 0; i < list.size; i++) {
    const value = list.get(i);
    if (typeof value !== 'string' && typeof value !== 'bigint' && typeof value !== 'boolean')
      return undefined;
    values.add(value);
  }
  return (frame) => {
    const value = item(frame);
    if (typeof value === 'number' && Number.isInteger(value)) return values.has(BigInt(value));
    return values.has(value instanceof Uint ? value.value : value);
  };
}

interface Candidate {
  readonly overload: Overload;
  readonly names: readonly (string | undefined)[];
}

/** The type names that values must have for an overload; undefined = any. */
function candidates(name: string, resolved: readonly Overload[]): Candidate[] {
  // dynamic arguments: any overload of the same form may turn out to be meant
  const all = resolved.length > 1 ? (FUNCTIONS.get(name) ?? resolved) : resolved;
  return all
    .filter((overload) =>
      resolved.some((r) => r.member === overload.member && r.args.length === overload.args.length),
    )
    .map((overload) => ({ overload, names: overload.args.map(runtimeName) }));
}

function call(name: string, options: readonly Candidate[], args: readonly Step[]): Step {
  return (frame) => {
    const values = args.map((arg) => arg(frame));
    const names = values.map(typeName);
    for (const { overload, names: wanted } of options) {
      if (!wanted.every((type, i) => type === undefined || type === names[i])) continue;
      const before = callCost(name, overload.id, values);
      if (before !== undefined) frame.charge(before);
      const result = overload.run(...values);
      if (before === undefined) frame.charge(joinCost(result));
      return result;
    }
    return noSuchOverload();
  };
}
