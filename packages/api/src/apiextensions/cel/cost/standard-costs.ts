import { type Call, type CallCost, type CostOf, search, sizeOf, traversal } from './call.ts';
import { STRING_FACTOR } from './cost-factors.ts';
import { add, exactly, multiply, ONE, scale, union, ZERO } from './cost-range.ts';

const walkFirst: CostOf = ({ args }) => ({ cost: traversal(args[0]) });

/** A character is one byte to four. */
const encode: CostOf = ({ args: [text] }) => {
  const { min, max } = sizeOf(text);
  return { cost: traversal(text), size: { min, max: multiply({ min, max }, exactly(4)).max } };
};
const decode: CostOf = ({ args: [bytes] }) => {
  const { min, max } = sizeOf(bytes);
  return { cost: traversal(bytes), size: { min: Math.floor(min / 4), max } };
};

/** Between two quotation marks; each character may be escaped. */
const quote: CostOf = ({ args: [text] }) => ({
  cost: traversal(text),
  size: add(multiply(sizeOf(text), { min: 1, max: 2 }), exactly(2)),
});

/** Two texts have been compared when the shorter one has ended. */
const compare: CostOf = ({ args: [first, second] }) => {
  const max = Math.min(sizeOf(first).max, sizeOf(second).max);
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, STRING_FACTOR) };
};

const concat = ({ args: [first, second], sizes }: Call): CallCost => {
  const size = add(sizeOf(first), sizeOf(second));
  return { cost: scale(size, STRING_FACTOR), size, entry: sizes.commonEntry(first?.expr, second?.expr) };
};

/** cel-go's standard functions and operators by overload (checker/cost.go); all others cost a unit. */
export const STANDARD_COSTS: ReadonlyMap<string, CostOf> = new Map([
  ['string_format', ({ target }) => ({ cost: traversal(target) })],
  ['string_to_bytes', encode],
  ['bytes_to_string', decode],
  ['strings_quote', quote],
  ['starts_with_string', walkFirst],
  ['ends_with_string', walkFirst],
  ['in_list', ({ args }) => ({ cost: sizeOf(args[1]) })],
  ['matches', ({ args: [text, pattern] }) => ({ cost: search(text, pattern) })],
  ['matches_string', ({ target, args }) => ({ cost: search(target, args[0]) })],
  ['contains_string', ({ target, args }) => ({ cost: multiply(traversal(target), traversal(args[0])) })],
  ['add_string', concat],
  ['add_bytes', concat],
  ['add_list', (call) => ({ ...concat(call), cost: ONE })],
  ['equals', compare],
  ['not_equals', compare],
  ['less_string', compare],
  ['less_equals_string', compare],
  ['greater_string', compare],
  ['greater_equals_string', compare],
  ['less_bytes', compare],
  ['less_equals_bytes', compare],
  ['greater_bytes', compare],
  ['greater_equals_bytes', compare],
] satisfies [string, CostOf][]);

type LazyCost = (call: Call) => CallCost;

const orElse: LazyCost = ({ args: [left, right] }) => {
  const least = left?.cost ?? ZERO;
  return { cost: { min: least.min, max: add(least, right?.cost ?? ZERO).max } };
};

/** Operators that need not evaluate all of their arguments, with the cost of these. */
export const LAZY_COSTS: ReadonlyMap<string, LazyCost> = new Map([
  ['logical_or', orElse],
  ['logical_and', orElse],
  [
    'conditional',
    ({ args: [condition, yes, no], sizes }) => ({
      cost: add(condition?.cost ?? ZERO, union(yes?.cost ?? ZERO, no?.cost ?? ZERO)),
      size: union(sizeOf(yes), sizeOf(no)),
      entry: sizes.commonEntry(yes?.expr, no?.expr),
    }),
  ],
] satisfies [string, LazyCost][]);
