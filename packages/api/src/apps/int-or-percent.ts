import { type FieldError, invalid } from '../meta/field-error.ts';
import { isValidPercent } from '../validation/formats.ts';
import { IS_NEGATIVE } from '../validation/messages.ts';

/** A number of pods, or a share of them: `3` or `25%`. */
export type IntOrPercent = number | string;

/** ValidatePositiveIntOrPercent. */
export function intOrPercentErrors(value: IntOrPercent, field: string): FieldError[] {
  if (typeof value === 'string')
    return isValidPercent(value).map((message) => invalid(field, value, message));
  return value < 0 ? [invalid(field, value, IS_NEGATIVE)] : [];
}

/** The percentage; undefined when the value is none. */
function percentOf(value: IntOrPercent): number | undefined {
  if (typeof value !== 'string' || isValidPercent(value).length > 0) return undefined;
  return Number(value.slice(0, -1));
}

/** getIntOrPercentValue: percentages count as their number, other texts as the integer they are, else 0. */
export function intOrPercentValue(value: IntOrPercent): number {
  const percent = percentOf(value);
  if (percent !== undefined) return percent;
  if (typeof value === 'number') return value;
  return /^[+-]?\d+$/.test(value) ? Number(value) : 0;
}

/** IsNotMoreThan100Percent. */
export function notMoreThan100PercentErrors(value: IntOrPercent, field: string): FieldError[] {
  return (percentOf(value) ?? 0) > 100 ? [invalid(field, value, 'must not be greater than 100%')] : [];
}
