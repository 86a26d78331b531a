import { add, type CostRange, multiply } from './cost-range.ts';

/**
 * The size of a text in which all of `from` has been replaced by `to`. It is largest when `from` is found
 * everywhere, or nowhere if `to` is no longer than it; and smallest the other way round. Source: apiserver
 * pkg/cel/library/cost.go.
 */
export function replacedSize(text: CostRange, from: CostRange, to: CostRange): CostRange {
  const most = replaced(text.max, from.min, to.max <= from.min);
  const least = replaced(text.min, from.max, from.max <= to.min);
  const count = { min: least.count, max: most.count };
  return add(multiply(count, to), { min: least.kept, max: most.kept });
}

/** How often `from` is found in a text of this size, and how much stays beside that. */
function replaced(text: number, from: number, nowhere: boolean): { count: number; kept: number } {
  // nothing is found before each character and at the end
  if (from === 0) return { count: text + 1, kept: text };
  return nowhere ? { count: 0, kept: text } : { count: Math.ceil(text / from), kept: 0 };
}
