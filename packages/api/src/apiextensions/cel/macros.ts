import { ACCUMULATOR, type ComprehensionExpr, type Expr } from './ast.ts';
import type { NodeFactory } from './parser.ts';

/**
 * Expands CEL's macros: has, all, exists, exists_one, map, filter, those with two variables, optMap and
 * optFlatMap, sortBy. Returns undefined for a plain call.
 */
export function expandMacro(
  make: NodeFactory,
  pos: number,
  name: string,
  target: Expr | undefined,
  args: readonly Expr[],
): Expr | undefined {
  if (target === undefined) {
    if (name !== 'has' || args.length !== 1) return undefined;
    const [arg] = args as [Expr];
    if (arg.kind !== 'select' || arg.test) return make.fail(arg.pos, 'invalid argument to has() macro');
    return make.select(pos, arg.operand, arg.field, true);
  }
  const expand = MACROS.get(`${name}:${args.length}`);
  return expand?.(make, pos, target, args as readonly Expr[]);
}

type Expand = (make: NodeFactory, pos: number, target: Expr, args: readonly Expr[]) => Expr;

function variable(make: NodeFactory, expr: Expr | undefined): string {
  if (expr?.kind !== 'ident') return make.fail(expr?.pos ?? 0, 'argument must be a simple name');
  if (expr.name === ACCUMULATOR || expr.name === '__result__') {
    return make.fail(expr.pos, 'iteration variable overwrites accumulator variable');
  }
  return expr.name.replace(/^\./, '');
}

const quantifier =
  (kind: 'all' | 'exists' | 'one', two: boolean): Expand =>
  (make, pos, range, args) => {
    const iterVar = variable(make, args[0]);
    const second = two ? { iterVar2: variable(make, args[1]) } : {};
    const predicate = args[two ? 2 : 1] as Expr;
    const accu = (): Expr => make.ident(pos, ACCUMULATOR);
    if (two && second.iterVar2 === iterVar)
      make.fail(args[1]?.pos ?? pos, `duplicate variable name: ${iterVar}`);
    if (kind === 'one') {
      return make.comprehension(pos, {
        range,
        iterVar,
        ...second,
        accuInit: make.constant(pos, 0n),
        condition: make.constant(pos, true),
        step: make.call(pos, '_?_:_', [
          predicate,
          make.call(pos, '_+_', [accu(), make.constant(pos, 1n)]),
          accu(),
        ]),
        result: make.call(pos, '_==_', [accu(), make.constant(pos, 1n)]),
      });
    }
    const all = kind === 'all';
    return make.comprehension(pos, {
      range,
      iterVar,
      ...second,
      accuInit: make.constant(pos, all),
      condition: make.call(pos, '@not_strictly_false', [all ? accu() : make.call(pos, '!_', [accu()])]),
      step: make.call(pos, all ? '_&&_' : '_||_', [accu(), predicate]),
      result: accu(),
    });
  };

/** map, filter and transformList: a list is built; `value` and `filter` give the positions of their arguments. */
const lister =
  (two: boolean, filterAt: number | undefined, valueAt: number | undefined): Expand =>
  (make, pos, range, args) => {
    const iterVar = variable(make, args[0]);
    const second = two ? { iterVar2: variable(make, args[1]) } : {};
    const value = valueAt === undefined ? make.ident(pos, iterVar) : (args[valueAt] as Expr);
    const accu = (): Expr => make.ident(pos, ACCUMULATOR);
    const append = make.call(pos, '_+_', [accu(), make.list(pos, [value])]);
    const step =
      filterAt === undefined ? append : make.call(pos, '_?_:_', [args[filterAt] as Expr, append, accu()]);
    return make.comprehension(pos, {
      range,
      iterVar,
      ...second,
      accuInit: make.list(pos, []),
      condition: make.constant(pos, true),
      step,
      result: accu(),
    });
  };

/** transformMap (`cel.@mapInsert(accu, key, value)`) and transformMapEntry (`cel.@mapInsert(accu, map)`). */
const mapper =
  (entry: boolean, filtered: boolean): Expand =>
  (make, pos, range, args) => {
    const iterVar = variable(make, args[0]);
    const iterVar2 = variable(make, args[1]);
    const value = args[filtered ? 3 : 2] as Expr;
    const accu = (): Expr => make.ident(pos, ACCUMULATOR);
    const insert = make.call(
      pos,
      'cel.@mapInsert',
      entry ? [accu(), value] : [accu(), make.ident(pos, iterVar), value],
    );
    return make.comprehension(pos, {
      range,
      iterVar,
      iterVar2,
      accuInit: make.map(pos, []),
      condition: make.constant(pos, true),
      step: filtered ? make.call(pos, '_?_:_', [args[2] as Expr, insert, accu()]) : insert,
      result: accu(),
    });
  };

/** A variable bound to a value for one expression: a comprehension over nothing, as cel-go does it. */
function bind(make: NodeFactory, pos: number, name: string, value: Expr, body: Expr): Expr {
  return make.comprehension(pos, {
    range: make.list(pos, []),
    iterVar: '#unused',
    accuVar: name,
    accuInit: value,
    condition: make.constant(pos, false),
    step: make.ident(pos, name),
    result: body,
  });
}

/** Was it made by `bind`? */
export function isBind(expr: ComprehensionExpr): boolean {
  return (
    expr.range.kind === 'list' &&
    expr.range.items.length === 0 &&
    expr.condition.kind === 'const' &&
    expr.condition.value === false &&
    expr.accuVar !== ACCUMULATOR
  );
}

const optional =
  (flat: boolean): Expand =>
  (make, pos, target, args) => {
    const name = variable(make, args[0]);
    const bound = bind(make, pos, name, make.call(pos, 'value', [], target), args[1] as Expr);
    return make.call(pos, '_?_:_', [
      make.call(pos, 'hasValue', [], target),
      flat ? bound : make.call(pos, 'optional.of', [bound]),
      make.call(pos, 'optional.none', []),
    ]);
  };

const SORTABLE_KINDS: ReadonlySet<string> = new Set(['list', 'ident', 'comprehension', 'call', 'select']);

const sortBy: Expand = (make, pos, target, args) => {
  if (!SORTABLE_KINDS.has(target.kind)) {
    const text = 'sortBy can only be applied to a list, identifier, comprehension, call or select expression';
    return make.fail(target.pos, text);
  }
  const name = variable(make, args[0]);
  const keys = lister(false, undefined, 1)(make, pos, make.ident(pos, '@__sortBy_input__'), [
    make.ident(pos, name),
    args[1] as Expr,
  ]);
  const sorted = make.call(pos, '@sortByAssociatedKeys', [keys], make.ident(pos, '@__sortBy_input__'));
  return bind(make, pos, '@__sortBy_input__', target, sorted);
};

const MACROS: ReadonlyMap<string, Expand> = new Map([
  ['all:2', quantifier('all', false)],
  ['all:3', quantifier('all', true)],
  ['exists:2', quantifier('exists', false)],
  ['exists:3', quantifier('exists', true)],
  ['exists_one:2', quantifier('one', false)],
  ['existsOne:2', quantifier('one', false)],
  ['exists_one:3', quantifier('one', true)],
  ['existsOne:3', quantifier('one', true)],
  ['map:2', lister(false, undefined, 1)],
  ['map:3', lister(false, 1, 2)],
  ['filter:2', lister(false, 1, undefined)],
  ['transformList:3', lister(true, undefined, 2)],
  ['transformList:4', lister(true, 2, 3)],
  ['transformMap:3', mapper(false, false)],
  ['transformMap:4', mapper(false, true)],
  ['transformMapEntry:3', mapper(true, false)],
  ['transformMapEntry:4', mapper(true, true)],
  ['optMap:2', optional(false)],
  ['optFlatMap:2', optional(true)],
  ['sortBy:2', sortBy],
]);
