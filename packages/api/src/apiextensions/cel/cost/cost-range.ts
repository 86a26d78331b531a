/**
 * From the least to the greatest cost or size that something can have. Both saturate at MAX_COST. Source:
 * cel-go checker.CostEstimate and SizeEstimate.
 */
export interface CostRange {
  readonly min: number;
  readonly max: number;
}

/** 2^64, where upstream's uint64 ends. */
export const MAX_COST = 2 ** 64;
export const ZERO: CostRange = { min: 0, max: 0 };
export const ONE: CostRange = { min: 1, max: 1 };
export const UNKNOWN: CostRange = { min: 0, max: MAX_COST };
/** Neutral in `union`. */
export const NONE: CostRange = { min: MAX_COST, max: 0 };

const cap = (value: number): number => Math.min(value, MAX_COST);
// nothing of what has no end (Infinity) is nothing, too
const product = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : cap(a * b));

export const exactly = (value: number): CostRange => ({ min: value, max: value });
export const upTo = (max: number): CostRange => ({ min: 0, max });
export const add = (a: CostRange, b: CostRange): CostRange => ({
  min: cap(a.min + b.min),
  max: cap(a.max + b.max),
});
export const multiply = (a: CostRange, b: CostRange): CostRange => ({
  min: product(a.min, b.min),
  max: product(a.max, b.max),
});
/** Rounds up. What has no bound has none after a factor of 1 or more. */
export const scale = (a: CostRange, factor: number): CostRange => ({
  min: cap(Math.ceil(a.min * factor)),
  max: a.max >= MAX_COST && factor >= 1 ? MAX_COST : cap(Math.ceil(a.max * factor)),
});
/** One of the two. */
export const union = (a: CostRange, b: CostRange): CostRange => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});
