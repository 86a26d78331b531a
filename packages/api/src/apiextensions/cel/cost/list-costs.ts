import { type Argument, type CallCost, type CostOf, literalInt, sizeOf } from './call.ts';
import { CALL_COST, LIST_COST } from './cost-factors.ts';
import { add, type CostRange, exactly, MAX_COST, multiply, ONE, scale } from './cost-range.ts';

/** Of calling a function that makes a list. */
const MAKE_LIST = exactly(LIST_COST + CALL_COST);

/** A list of such a size is made, with `factor` for each of its elements. */
const making = (size: CostRange, factor = 1): CallCost => ({
  cost: add(scale(size, factor), MAKE_LIST),
  size,
});

/** Each element is compared with each. Upstream takes the result for as large as there are pairs of them. */
const comparing = (size: CostRange, factor: number): CallCost => making(multiply(size, size), factor);

const bothLists =
  (factor: number): CostOf =>
  ({ args: [one, other] }) => ({
    cost: add(scale(multiply(sizeOf(one), sizeOf(other)), factor), ONE),
  });

const copy: CostOf = ({ target }) => making(sizeOf(target));

/** A number that is written in the rule; those below zero are refused when it runs. */
function count(argument: Argument | undefined, otherwise: number): number {
  return Math.max(0, literalInt(argument) ?? otherwise);
}

/** cel-go's libraries of lists and sets by overload (ext/lists.go, version 3; ext/sets.go). */
const LIST_COSTS: ReadonlyMap<string, CostOf> = new Map([
  ['list_sets_contains_list', bothLists(1)],
  ['list_sets_intersects_list', bothLists(1)],
  ['list_sets_equivalent_list', bothLists(2)],
  ['lists_range', ({ args }) => making(exactly(count(args[0], MAX_COST)))],
  [
    'list_slice',
    ({ target, args: [start, end] }) =>
      making(exactly(Math.max(0, count(end, sizeOf(target).max) - count(start, 0)))),
  ],
  ['list_reverse', copy],
  ['list_flatten', copy],
  ['list_flatten_int', ({ target, args }) => making(sizeOf(target), count(args[0], MAX_COST))],
  ['list_distinct', ({ target }) => comparing(sizeOf(target), 2)],
] satisfies [string, CostOf][]);

const SORT = /^list_(\w+)_sort(ByAssociatedKeys)?$/;

/** Overloads of sorts are as many as types can be compared; texts take a tenth more. */
const sortCost: CostOf = ({ target, args: [keys] }, id) => {
  const [, type, byKeys] = SORT.exec(id) ?? [];
  if (type === undefined) return undefined;
  return comparing(sizeOf(byKeys ? keys : target), type === 'string' || type === 'bytes' ? 2.1 : 2);
};

export const listCost: CostOf = (call, id) => (LIST_COSTS.get(id) ?? sortCost)(call, id);
