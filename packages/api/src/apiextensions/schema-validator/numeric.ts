/** Integers of 64 bits; those that a number would round are bigints. */
export type Numeric = number | bigint;

/** Is it an int64 in upstream, rather than a float64? */
export const isInt = (value: Numeric): boolean =>
  typeof value === 'bigint' || (Number.isInteger(value) && Math.abs(value) < 2 ** 63);

const MAX_FLOAT32 = 3.4028235677973366e38;

/** The types of numbers whose range upstream checks; `undefined`: the schema's type is none of them. */
export function rangeOf(type: string, format: string): ((value: Numeric) => boolean) | undefined {
  if (type === 'integer') return format === 'int32' ? isInt32 : isInt;
  return format === 'float' ? isFloat32 : undefined;
}

const isInt32 = (value: Numeric): boolean =>
  Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
const isFloat32 = (value: Numeric): boolean => Math.abs(Number(value)) <= MAX_FLOAT32;
