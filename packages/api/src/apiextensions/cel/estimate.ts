import { type CallExpr, type ComprehensionExpr, type Expr, Uint } from './ast.ts';
import type { Checked } from './checker.ts';
import type { DeclType } from './decl-type.ts';
import { ACCUMULATOR } from './parser.ts';
import { type CelType, sameType } from './types.ts';

/** Between these bounds; saturates at 2^64 as upstream's uint64 does. */
export interface Range {
  readonly min: number;
  readonly max: number;
}
export const MAX_COST = 2 ** 64;

const STRING_FACTOR = 0.1;
const REGEX_FACTOR = 0.25;
const UNKNOWN: Range = { min: 0, max: MAX_COST };
const ZERO: Range = { min: 0, max: 0 };
const ONE: Range = { min: 1, max: 1 };

const cap = (value: number): number => Math.min(value, MAX_COST);
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : cap(a * b));
const fixed = (value: number): Range => ({ min: value, max: value });
const add = (a: Range, b: Range): Range => ({ min: cap(a.min + b.min), max: cap(a.max + b.max) });
const multiply = (a: Range, b: Range): Range => ({ min: product(a.min, b.min), max: product(a.max, b.max) });
const scale = (a: Range, factor: number): Range => ({
  min: cap(Math.ceil(a.min * factor)),
  max: a.max >= MAX_COST && factor >= 1 ? MAX_COST : cap(Math.ceil(a.max * factor)),
});
const union = (a: Range, b: Range): Range => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) });

interface EntrySize {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}
interface LocalVariable {
  readonly path: readonly string[];
  readonly size: Range | undefined;
  readonly entry: EntrySize | undefined;
}
/** An argument as cost functions see it. */
interface Argument {
  readonly expr: Expr | undefined;
  readonly path: readonly string[];
  readonly type: CelType;
  readonly size: Range | undefined;
}
interface CallCost {
  readonly cost: Range;
  readonly size?: Range | undefined;
}

/**
 * The least and greatest cost of a checked expression, by the sizes that the schema allows. Source: cel-go
 * checker/cost.go with Kubernetes' estimates (apiserver pkg/cel/library/cost.go).
 */
export function estimateCost(checked: Checked, root: DeclType): Range {
  return new Estimator(checked, root).cost(checked.expr);
}

class Estimator {
  readonly #checked: Checked;
  readonly #root: DeclType;
  readonly #costs = new Map<number, Range>();
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, Range>();
  readonly #entries = new Map<number, EntrySize>();
  readonly #locals = new Map<string, LocalVariable[]>();

  constructor(checked: Checked, root: DeclType) {
    this.#checked = checked;
    this.#root = root;
  }

  /** Macros use some parts twice, in the same scope: those are estimated once, and counted twice. */
  cost(expr: Expr): Range {
    let cost = this.#costs.get(expr.id);
    if (cost === undefined) {
      cost = this.#cost(expr);
      this.#costs.set(expr.id, cost);
    }
    return cost;
  }

  #cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'const':
        return ZERO;
      case 'ident':
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? [expr.name]);
        return ONE;
      case 'select': {
        const operand = this.cost(expr.operand);
        if (expr.test) return operand;
        this.#paths.set(expr.id, [...this.#path(expr.operand), expr.field]);
        const kind = this.#type(expr.operand).kind;
        return kind === 'map' || kind === 'object' || kind === 'param' ? add(operand, ONE) : operand;
      }
      case 'call':
        return this.#call(expr);
      case 'list': {
        let sum = ZERO;
        let value: Range = { min: expr.items.length === 0 ? 0 : MAX_COST, max: 0 };
        for (const item of expr.items) {
          sum = add(sum, this.cost(item));
          value = union(value, this.#sizeOf(item));
        }
        this.#entries.set(expr.id, { container: 'list', key: ONE, value });
        return add(sum, fixed(10));
      }
      case 'map': {
        let sum = ZERO;
        const least = expr.entries.length === 0 ? 0 : MAX_COST;
        let key: Range = { min: least, max: 0 };
        let value: Range = { min: least, max: 0 };
        for (const entry of expr.entries) {
          sum = add(add(sum, this.cost(entry.key)), this.cost(entry.value));
          key = union(key, this.#sizeOf(entry.key));
          value = union(value, this.#sizeOf(entry.value));
        }
        this.#entries.set(expr.id, { container: 'map', key, value });
        return add(sum, fixed(30));
      }
      case 'struct':
        return expr.fields.reduce((sum, { value }) => add(sum, this.cost(value)), fixed(40));
      case 'comprehension':
        return isBind(expr) ? this.#bind(expr) : this.#comprehension(expr);
    }
  }

  #type(expr: Expr): CelType {
    return this.#checked.types.get(expr.id) ?? { kind: 'dyn' };
  }
  #local(name: string): LocalVariable | undefined {
    return this.#locals.get(name)?.at(-1);
  }
  #push(name: string, variable: LocalVariable): void {
    const stack = this.#locals.get(name);
    if (stack) stack.push(variable);
    else this.#locals.set(name, [variable]);
  }
  #pop(name: string): void {
    this.#locals.get(name)?.pop();
  }
  #path(expr: Expr): readonly string[] {
    if (expr.kind === 'ident') {
      const local = this.#local(expr.name);
      if (local) return local.path;
    }
    return this.#paths.get(expr.id) ?? [];
  }

  #bind(expr: ComprehensionExpr): Range {
    const start = add(this.cost(expr.range), this.cost(expr.accuInit));
    this.#push(expr.accuVar, {
      path: this.#path(expr.accuInit),
      size: this.#size(expr.accuInit),
      entry: this.#entry(expr.accuInit),
    });
    const total = add(start, this.cost(expr.result));
    this.#pop(expr.accuVar);
    this.#copySizes(expr, expr.result);
    return total;
  }

  #comprehension(expr: ComprehensionExpr): Range {
    let sum = add(this.cost(expr.range), this.cost(expr.accuInit));
    this.#push(expr.accuVar, {
      path: this.#path(expr.accuInit),
      size: this.#size(expr.accuInit),
      entry: this.#entry(expr.accuInit),
    });
    const entry = this.#entry(expr.range);
    const type = this.#type(expr.range).kind;
    const container = entry?.container ?? (type === 'list' ? 'list' : type === 'map' ? 'map' : undefined);
    const path = this.#path(expr.range);
    const list = container === 'list';
    if (expr.iterVar2 === undefined) {
      const size = list ? entry?.value : entry?.key;
      this.#push(expr.iterVar, { path: [...path, list ? '@items' : '@keys'], size, entry: undefined });
    } else {
      this.#push(expr.iterVar, {
        path: [...path, list ? '@indices' : '@keys'],
        size: entry?.key,
        entry: undefined,
      });
      this.#push(expr.iterVar2, {
        path: [...path, list ? '@items' : '@values'],
        size: entry?.value,
        entry: undefined,
      });
    }
    const loop = add(this.cost(expr.condition), this.cost(expr.step));
    this.#pop(expr.iterVar);
    if (expr.iterVar2 !== undefined) this.#pop(expr.iterVar2);
    sum = add(sum, this.cost(expr.result));
    this.#pop(expr.accuVar);
    const count = this.#sizeOf(expr.range);
    sum = add(sum, multiply(count, loop));
    if (expr.accuInit.kind === 'const') {
      const size = this.#size(expr.accuInit);
      if (size) this.#sizes.set(expr.id, size);
    } else if (expr.accuInit.kind === 'list' || expr.accuInit.kind === 'map') {
      this.#sizes.set(expr.id, count);
      const step = this.#entry(expr.step);
      if (step) this.#entries.set(expr.id, step);
    }
    return sum;
  }

  #call(expr: CallExpr): Range {
    if (expr.fn === 'dyn' && expr.args[0]) {
      const cost = this.cost(expr.args[0]);
      this.#copySizes(expr, expr.args[0]);
      return add(ONE, cost);
    }
    const args: Argument[] = [];
    let argCost = ZERO;
    const argCosts: Range[] = [];
    for (const arg of expr.args) {
      const cost = this.cost(arg);
      argCosts.push(cost);
      argCost = add(argCost, cost);
      args.push(this.#argument(arg));
    }
    if (expr.fn === '_?._') return this.#optionalSelect(expr, argCost);
    const overloads = this.#checked.overloads.get(expr.id) ?? [];
    if (overloads.length === 0) return ZERO;
    const name = this.#checked.functions.get(expr.id);
    let sum = ZERO;
    let target: Argument | undefined;
    if (expr.target !== undefined && name === undefined) {
      sum = this.cost(expr.target);
      target = this.#argument(expr.target);
    }
    let cost: Range = { min: MAX_COST, max: 0 };
    let size: Range | undefined;
    for (const { id } of overloads) {
      const made = this.#functionCost(expr, name ?? expr.fn, id, target, args, argCosts, argCost);
      cost = union(cost, made.cost);
      if (made.size) size = size ? union(size, made.size) : made.size;
      const container = args[0]?.expr;
      if (container && (id === 'index_list' || id === 'index_map')) {
        size = this.#entry(container)?.value;
        this.#paths.set(expr.id, [...this.#path(container), id === 'index_list' ? '@items' : '@values']);
      }
      size ??= this.#size(expr);
    }
    if (size) this.#sizes.set(expr.id, size);
    return add(sum, cost);
  }

  /** Counted as a call of constant cost, with the path of the field. */
  #optionalSelect(expr: CallExpr, argCost: Range): Range {
    const [operand, field] = expr.args;
    if (operand && field?.kind === 'const' && typeof field.value === 'string') {
      this.#paths.set(expr.id, [...this.#path(operand), field.value]);
    }
    return add(argCost, ONE);
  }

  #argument(expr: Expr): Argument {
    const path = this.#path(expr);
    return {
      expr,
      path: path[0] === ACCUMULATOR ? [] : path,
      type: this.#type(expr),
      size: this.#size(expr),
    };
  }

  #sizeOf(expr: Expr): Range {
    return this.#size(expr) ?? UNKNOWN;
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr);
    if (known) return known;
    const bySchema = this.#schemaSize(this.#path(expr));
    if (bySchema) {
      this.#sizes.set(expr.id, bySchema);
      return bySchema;
    }
    if (isScalar(this.#type(expr))) return ONE;
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }

  #entry(expr: Expr): EntrySize | undefined {
    return this.#entries.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entry : undefined);
  }

  #copySizes(to: Expr, from: Expr): void {
    const size = this.#size(from);
    const entry = this.#entry(from);
    if (size) this.#sizes.set(to.id, size);
    if (entry) this.#entries.set(to.id, entry);
  }

  /** What the schema says of a path that begins with `self` or `oldSelf`. */
  #schemaSize(path: readonly string[]): Range | undefined {
    if (path.length === 0) return undefined;
    let node: DeclType | undefined = this.#root;
    for (const name of path.slice(1)) {
      if (name === '@items' || name === '@values') node = node.element;
      else if (name === '@keys') node = node.type.kind === 'map' ? STRING_KEY : undefined;
      else node = node.fields?.get(name);
      if (!node) return undefined;
    }
    return { min: 0, max: node.maxElements };
  }

  #argumentSize(argument: Argument): Range {
    return argument.size ?? this.#schemaSize(argument.path) ?? UNKNOWN;
  }

  #elementOf(list: Argument): Argument | undefined {
    if (list.type.kind === 'list' || list.type.kind === 'optional') {
      return {
        expr: undefined,
        path: list.path.length > 0 ? [...list.path, '@items'] : [],
        type: list.type.of,
        size: undefined,
      };
    }
    if (list.type.kind !== 'map') return undefined;
    return {
      expr: undefined,
      path: list.path.length > 0 ? [...list.path, '@items'] : [],
      type: list.type.key,
      size: undefined,
    };
  }

  #functionCost(
    expr: CallExpr,
    fn: string,
    id: string,
    target: Argument | undefined,
    args: readonly Argument[],
    argCosts: readonly Range[],
    argCost: Range,
  ): CallCost {
    const special = this.#kubernetesCost(fn, id, target, args) ?? this.#listCost(id, target, args);
    if (special) return { cost: add(special.cost, argCost), size: special.size };
    const size = (argument: Argument | undefined): Range => argument?.size ?? UNKNOWN;
    const [first, second] = args;
    switch (id) {
      case 'string_format':
        if (target) return { cost: add(scale(size(target), STRING_FACTOR), argCost) };
        break;
      case 'string_to_bytes': {
        const range = size(first);
        return {
          cost: add(scale(range, STRING_FACTOR), argCost),
          size: { min: range.min, max: cap(range.max * 4) },
        };
      }
      case 'bytes_to_string': {
        const range = size(first);
        return {
          cost: add(scale(range, STRING_FACTOR), argCost),
          size: { min: Math.floor(range.min / 4), max: range.max },
        };
      }
      case 'strings_quote': {
        const range = size(first);
        return {
          cost: add(scale(range, STRING_FACTOR), argCost),
          size: { min: range.min + 2, max: cap(range.max * 2 + 2) },
        };
      }
      case 'starts_with_string':
      case 'ends_with_string':
        return { cost: add(scale(size(first), STRING_FACTOR), argCost) };
      case 'in_list':
        return { cost: add(size(second), argCost) };
      case 'matches_string':
        if (target) {
          const text = scale(add(size(target), ONE), STRING_FACTOR);
          return { cost: add(multiply(text, scale(size(first), REGEX_FACTOR)), argCost) };
        }
        break;
      case 'contains_string':
        if (target) {
          const cost = multiply(scale(size(target), STRING_FACTOR), scale(size(first), STRING_FACTOR));
          return { cost: add(cost, argCost) };
        }
        break;
      case 'logical_or':
      case 'logical_and': {
        const [left = ZERO, right = ZERO] = argCosts;
        return { cost: { min: left.min, max: add(left, right).max } };
      }
      case 'conditional':
        return this.#conditional(expr, args, argCosts);
      case 'add_string':
      case 'add_bytes':
      case 'add_list': {
        const total = add(size(first), size(second));
        const entries = unionEntries(
          first?.expr && this.#entry(first.expr),
          second?.expr && this.#entry(second.expr),
        );
        if (entries) this.#entries.set(expr.id, entries);
        const cost = id === 'add_list' ? ONE : scale(total, STRING_FACTOR);
        return { cost: add(cost, argCost), size: total };
      }
      case 'equals':
      case 'not_equals':
      case 'less_string':
      case 'less_equals_string':
      case 'greater_string':
      case 'greater_equals_string':
      case 'less_bytes':
      case 'less_equals_bytes':
      case 'greater_bytes':
      case 'greater_equals_bytes': {
        const max = Math.min(size(first).max, size(second).max);
        return { cost: add(scale({ min: max > 0 ? 1 : 0, max }, STRING_FACTOR), argCost) };
      }
    }
    return { cost: add(ONE, argCost) };
  }

  #conditional(expr: CallExpr, args: readonly Argument[], argCosts: readonly Range[]): CallCost {
    const [, truthy, falsy] = args;
    const [condition = ZERO, yes = ZERO, no = ZERO] = argCosts;
    const entries = unionEntries(
      truthy?.expr && this.#entry(truthy.expr),
      falsy?.expr && this.#entry(falsy.expr),
    );
    if (entries) this.#entries.set(expr.id, entries);
    return {
      cost: add(condition, union(yes, no)),
      size: union(truthy?.size ?? UNKNOWN, falsy?.size ?? UNKNOWN),
    };
  }

  /** cel-go's list library, version 3. */
  #listCost(id: string, target: Argument | undefined, args: readonly Argument[]): CallCost | undefined {
    const allocating = (factor: number, range: Range): CallCost => ({
      cost: add(scale(range, factor), fixed(11)),
      size: range,
    });
    const literal = (argument: Argument | undefined, otherwise: number): number => {
      const value = argument?.expr?.kind === 'const' ? argument.expr.value : undefined;
      if (typeof value === 'bigint' && value >= 0n) return Number(value);
      return value instanceof Uint ? Number(value.value) : otherwise;
    };
    const set = /^list_sets_(contains|intersects|equivalent)_list$/.exec(id);
    if (set && args[0] && args[1]) {
      const pairs = multiply(this.#argumentSize(args[0]), this.#argumentSize(args[1]));
      return { cost: add(scale(pairs, set[1] === 'equivalent' ? 2 : 1), ONE) };
    }
    if (target === undefined) {
      return id === 'lists_range' ? allocating(1, fixed(literal(args[0], MAX_COST))) : undefined;
    }
    const range = this.#argumentSize(target);
    if (id === 'list_slice') {
      return allocating(1, fixed(Math.max(0, literal(args[1], range.max) - literal(args[0], 0))));
    }
    if (id === 'list_reverse') return allocating(1, range);
    if (id === 'list_flatten') return allocating(1, range);
    if (id === 'list_flatten_int') return allocating(literal(args[0], MAX_COST), range);
    if (id === 'list_distinct')
      return { cost: add(scale(multiply(range, range), 2), fixed(11)), size: range };
    const sort = /^list_(\w+)_sort(ByAssociatedKeys)?$/.exec(id);
    if (!sort) return undefined;
    const keys = sort[2] && args[0] ? this.#argumentSize(args[0]) : range;
    const factor = sort[1] === 'string' || sort[1] === 'bytes' ? 2.1 : 2;
    return { cost: add(scale(multiply(keys, keys), factor), fixed(11)), size: keys };
  }

  #kubernetesCost(
    fn: string,
    id: string,
    target: Argument | undefined,
    args: readonly Argument[],
  ): CallCost | undefined {
    const [first, second] = args;
    const traversal = (argument: Argument, factor = STRING_FACTOR): Range =>
      scale(this.#argumentSize(argument), factor);
    switch (fn) {
      case 'isSorted':
      case 'sum':
      case 'max':
      case 'min':
      case 'indexOf':
      case 'lastIndexOf': {
        if (!target) return undefined;
        const element = this.#elementOf(target);
        if (!element) return { cost: traversal(target) };
        const textual = element.type.kind === 'string' || element.type.kind === 'bytes';
        const each = textual ? add(ONE, traversal(element)) : ONE;
        return { cost: multiply(this.#argumentSize(target), each) };
      }
      case 'url':
        return first && { cost: traversal(first), size: this.#argumentSize(first) };
      case 'lowerAscii':
      case 'upperAscii':
      case 'substring':
      case 'trim':
        return target && { cost: traversal(target), size: this.#argumentSize(target) };
      case 'replace':
        return target && first && second && this.#replace(target, first, second);
      case 'split': {
        if (!target) return undefined;
        let { max } = this.#argumentSize(target);
        const limit = second?.expr?.kind === 'const' ? second.expr.value : undefined;
        if (typeof limit === 'bigint') max = limit < 0n ? MAX_COST : Number(limit);
        return { cost: traversal(target, 2 * STRING_FACTOR), size: { min: 0, max } };
      }
      case 'join':
        return target && this.#join(target, first);
      case 'find':
      case 'findAll': {
        if (!target || !first) return undefined;
        const text = this.#argumentSize(target);
        const cost = multiply(
          scale(add(text, ONE), STRING_FACTOR),
          scale(this.#argumentSize(first), REGEX_FACTOR),
        );
        return { cost, size: { min: 0, max: text.max } };
      }
      case 'cidr':
      case 'isIP':
      case 'isCIDR':
      case 'quantity':
      case 'isQuantity':
      case 'semver':
      case 'isSemver':
        return first && { cost: traversal(first) };
      case 'ip':
        return id === 'cidr_ip' ? { cost: ONE } : first && { cost: traversal(first) };
      case 'ip.isCanonical':
        return first && { cost: traversal(first, 2 * STRING_FACTOR) };
      case 'containsIP':
      case 'containsCIDR': {
        if (!first) return undefined;
        let cost = scale({ min: 8, max: 32 }, STRING_FACTOR);
        if (fn === 'containsCIDR') cost = add(add(cost, scale({ min: 4, max: 16 }, STRING_FACTOR)), ONE);
        return { cost: id.endsWith('_string') ? add(cost, traversal(first)) : cost };
      }
      case 'validate':
        return first && { cost: scale(traversal(first), 128 * REGEX_FACTOR) };
      case '_==_':
        return first && second && equalityCost(first, second);
      default:
        return CONSTANT_COST.has(fn) ? { cost: ONE } : undefined;
    }
  }

  #replace(target: Argument, old: Argument, replacement: Argument): CallCost {
    const text = this.#argumentSize(target);
    const from = this.#argumentSize(old);
    const to = this.#argumentSize(replacement);
    let count: Range = ZERO;
    let kept: Range = ZERO;
    if (from.min === 0) {
      count = { ...count, max: text.max < MAX_COST ? text.max + 1 : text.max };
      kept = { ...kept, max: text.max };
    } else if (to.max <= from.min) kept = { ...kept, max: text.max };
    else count = { ...count, max: Math.ceil(text.max / from.min) };
    if (from.max === 0) {
      count = { ...count, min: text.min + 1 };
      kept = { ...kept, min: text.min };
    } else if (from.max <= to.min) kept = { ...kept, min: text.min };
    else count = { ...count, min: Math.ceil(text.min / from.max) };
    return { cost: scale(text, 2 * STRING_FACTOR), size: add(multiply(count, to), kept) };
  }

  #join(target: Argument, separator: Argument | undefined): CallCost {
    const list = this.#argumentSize(target);
    const element = this.#elementOf(target);
    let size = element ? multiply(list, this.#argumentSize(element)) : ZERO;
    if (separator) {
      const between = { min: Math.max(0, list.min - 1), max: Math.max(0, list.max - 1) };
      size = add(size, multiply(this.#argumentSize(separator), between));
    }
    return { cost: scale(size, STRING_FACTOR), size };
  }
}

const STRING_KEY: DeclType = {
  type: { kind: 'string' },
  maxElements: 3 * 1024 * 1024 - 2,
  minSerializedSize: 2,
};

/** Functions of Kubernetes' libraries that cost one unit. */
export const CONSTANT_COST: ReadonlySet<string> = new Set([
  'masked',
  'prefixLength',
  'family',
  'isUnspecified',
  'isLoopback',
  'isLinkLocalMulticast',
  'isLinkLocalUnicast',
  'isGlobalUnicast',
  'format.named',
  'sign',
  'asInteger',
  'isInteger',
  'asApproximateFloat',
  'isGreaterThan',
  'isLessThan',
  'compareTo',
  'add',
  'sub',
  'major',
  'minor',
  'patch',
  'getScheme',
  'getHostname',
  'getHost',
  'getPort',
  'getEscapedPath',
  'getQuery',
]);

function equalityCost(left: Argument, right: Argument): CallCost | undefined {
  if (!sameType(left.type, right.type)) return undefined;
  switch (left.type.kind) {
    case 'net.IP':
    case 'net.CIDR':
    case 'kubernetes.Quantity':
    case 'kubernetes.Semver':
      return { cost: ONE };
    case 'kubernetes.NamedFormat':
      return { cost: scale({ min: 1, max: 64 }, STRING_FACTOR) };
    case 'kubernetes.URL':
      return { cost: scale({ min: 1, max: right.size?.max ?? 1 }, STRING_FACTOR) };
    default:
      return undefined;
  }
}

function unionEntries(a: EntrySize | undefined, b: EntrySize | undefined): EntrySize | undefined {
  if (!a || !b) return undefined;
  return { container: a.container, key: union(a.key, b.key), value: union(a.value, b.value) };
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return fixed(expr.items.length);
  if (expr.kind === 'map') return fixed(expr.entries.length);
  if (expr.kind !== 'const') return undefined;
  if (typeof expr.value === 'string') return fixed([...expr.value].length);
  return fixed(expr.value instanceof Uint8Array ? expr.value.length : 1);
}

function isScalar(type: CelType): boolean {
  if (type.kind === 'optional') return isScalar(type.of);
  return ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'].includes(type.kind);
}

/** A variable bound for one expression (optMap, sortBy). */
export function isBind(expr: ComprehensionExpr): boolean {
  return (
    expr.range.kind === 'list' &&
    expr.range.items.length === 0 &&
    expr.condition.kind === 'const' &&
    expr.condition.value === false &&
    expr.accuVar !== ACCUMULATOR
  );
}
