import type { Check } from './check.ts';
import { isInt } from './numeric.ts';

/** JSON type and, for numbers, the format that upstream infers from the Go type. */
interface JsonType {
  readonly type: string;
  readonly format: string;
}
const STRING: JsonType = { type: 'string', format: '' };
const BOOLEAN: JsonType = { type: 'boolean', format: '' };
const INTEGER: JsonType = { type: 'integer', format: 'int64' };
const NUMBER: JsonType = { type: 'number', format: 'double' };
const ARRAY: JsonType = { type: 'array', format: '' };
const OBJECT: JsonType = { type: 'object', format: '' };

function typeOf(value: unknown): JsonType {
  if (typeof value === 'string') return STRING;
  if (typeof value === 'boolean') return BOOLEAN;
  if (typeof value === 'number' || typeof value === 'bigint') return isInt(value) ? INTEGER : NUMBER;
  return Array.isArray(value) ? ARRAY : OBJECT;
}

/**
 * `type` and, as far as it says what type a value has, `format`; no types = all. An integer is a number, too.
 * Source: kube-openapi pkg/validation/validate/type.go.
 */
export function typeCheck(types: readonly string[], format: string, nullable: boolean): Check {
  const expected = types.join(',');
  const isNumeric = types.includes('number') || types.includes('integer');
  return (value, run) => {
    if (value === null) {
      if (types.length > 0 && !nullable) run.wrongType(expected, 'null');
      else run.matches++;
      return;
    }
    const actual = typeOf(value);
    const isTextual = actual.type === 'string' || actual.type === 'array';
    const fits = types.includes(actual.type) || (actual.type === 'integer' && types.includes('number'));
    if (!isTextual && format !== '' && !fits && actual.format !== format) {
      run.wrongType(format, actual.format);
    } else if ((!isNumeric && format !== '' && isTextual) || fits) {
      run.matches++;
    } else {
      run.wrongType(expected, actual.type);
    }
  };
}
