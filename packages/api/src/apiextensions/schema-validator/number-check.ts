import { invalid } from '../../meta/field-error.ts';
import { goFloat } from '../canonical.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Check } from './check.ts';
import { isInt, type Numeric, rangeOf } from './numeric.ts';
import type { Run } from './run.ts';

/**
 * `minimum`, `maximum`, `multipleOf`, and the range of the type; `undefined`: the schema asks for none. A bound
 * outside of the range is an error of its own, and compared as it is. Source: kube-openapi
 * pkg/validation/validate/validator.go (numberValidator), values.go.
 */
export function numberCheck(schema: JsonSchema, type: string, format: string): Check<Numeric> | undefined {
  const { maximum, minimum, multipleOf } = schema;
  const isInRange = rangeOf(type, format);
  if (maximum === undefined && minimum === undefined && multipleOf === undefined && !isInRange)
    return undefined;
  const typeName = format === '' ? `${type} (default format)` : `${type} with format ${format}`;
  const inRange = (run: Run, value: Numeric, what: string): boolean => {
    if (!isInRange || isInRange(value)) return true;
    run.wrongWithoutField(`${what} value must be of type ${typeName} in ${run.path}`);
    return false;
  };
  // an integer is compared with the whole part of a bound
  const boundFor = (run: Run, value: Numeric, bound: number, what: string): number =>
    inRange(run, bound, what) && isInt(value) ? Math.trunc(bound) : bound;
  const aboveMinimum = schema.exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
  const belowMaximum = schema.exclusiveMaximum === true ? 'less than' : 'less than or equal to';
  return (value, run) => {
    inRange(run, value, 'Checked');
    if (multipleOf !== undefined) {
      checkMultiple(run, value, multipleOf, inRange(run, multipleOf, 'MultipleOf'));
    }
    if (minimum !== undefined) {
      const bound = boundFor(run, value, minimum, 'Minimum boundary');
      if (schema.exclusiveMinimum === true ? value <= bound : value < bound)
        run.wrongValue(value, `should be ${aboveMinimum} ${goFloat(bound)}`);
    }
    if (maximum !== undefined) {
      const bound = boundFor(run, value, maximum, 'Maximum boundary');
      if (schema.exclusiveMaximum === true ? value >= bound : value > bound)
        run.wrongValue(value, `should be ${belowMaximum} ${goFloat(bound)}`);
    }
    run.matches++;
  };
}

/** `isNative`: the factor is in the type's range, so that integers are divided as integers. */
function checkMultiple(run: Run, value: Numeric, multipleOf: number, isNative: boolean): void {
  const areIntegers = isNative && isInt(value);
  const factor = areIntegers ? Math.trunc(multipleOf) : multipleOf;
  if (factor <= 0) {
    const name = run.path;
    const message = `factor MultipleOf declared for ${name} must be positive: ${goFloat(factor)}`;
    run.add({ name, message, toError: (field) => invalid(field, factor, message) });
    return;
  }
  const isMultiple = areIntegers
    ? BigInt(value) % BigInt(factor) === 0n
    : isJsonInteger(quotient(Number(value), factor));
  if (!isMultiple) run.wrongValue(value, `should be a multiple of ${goFloat(factor)}`);
}

const quotient = (value: number, factor: number): number =>
  factor < 1 ? (1 / factor) * value : value / factor;

/** Whole up to a relative error; next to zero nothing is. Source: go-openapi swag conv.IsFloat64AJSONInteger. */
function isJsonInteger(value: number): boolean {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  const rounded = Math.round(value);
  return value === rounded || Math.abs(value - rounded) < 1e-9 * Math.abs(rounded);
}
