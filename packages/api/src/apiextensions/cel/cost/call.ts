import type { Expr } from '../ast.ts';
import { REGEX_FACTOR, STRING_FACTOR } from './cost-factors.ts';
import { add, type CostRange, multiply, ONE, scale, UNKNOWN } from './cost-range.ts';
import type { EntrySize, Sizes } from './sizes.ts';

/** An argument (or target) that has been estimated. */
export interface Argument {
  readonly expr: Expr;
  readonly cost: CostRange;
  readonly size: CostRange | undefined;
}

/** A call of which all but the call itself has been estimated. */
export interface Call {
  /** With dots when the function's name has some (`sets.contains`); there is no target then. */
  readonly fn: string;
  readonly target: Argument | undefined;
  readonly args: readonly Argument[];
  /** Of all arguments together. */
  readonly argsCost: CostRange;
  readonly sizes: Sizes;
}

export interface CallCost {
  readonly cost: CostRange;
  /** Of the result, where the function tells it. */
  readonly size?: CostRange | undefined;
  readonly entry?: EntrySize | undefined;
}

/** What a call costs as the overload `id`, without its arguments; undefined: nothing special. */
export type CostOf = (call: Call, id: string) => CallCost | undefined;

export const sizeOf = (argument: Argument | undefined): CostRange => argument?.size ?? UNKNOWN;

/** Of walking through an argument. */
export const traversal = (argument: Argument | undefined, factor = STRING_FACTOR): CostRange =>
  scale(sizeOf(argument), factor);

/** Of searching a text by a pattern. One more, as an empty text is searched, too. */
export const search = (text: Argument | undefined, pattern: Argument | undefined): CostRange =>
  multiply(scale(add(sizeOf(text), ONE), STRING_FACTOR), traversal(pattern, REGEX_FACTOR));

/** An int that is written in the rule; undefined: it is computed, or is none. */
export function literalInt(argument: Argument | undefined): number | undefined {
  const value = argument?.expr.kind === 'const' ? argument.expr.value : undefined;
  return typeof value === 'bigint' ? Number(value) : undefined;
}
