import { each, type Part, qualifiedName } from '../core/shared.ts';
import { type FieldError, invalid, required, tooLong } from '../meta/field-error.ts';
import { byteLength } from '../validation/messages.ts';

const MAX_COUNT = 512;
const MAX_SIZE = 256 * 1024;

/** Who provisions: a qualified name in any case. */
export function provisionerErrors(name: string, field: string): FieldError[] {
  return name === '' ? [required(field)] : each(field, name, qualifiedName(name.toLowerCase()));
}

/** validateParameters */
export function parametersErrors(parameters: Part, field: string, mayBeEmpty: boolean): FieldError[] {
  const entries = Object.entries((parameters ?? {}) as Record<string, string>);
  if (entries.length === 0 && !mayBeEmpty)
    return [required(field, 'must contain at least one key/value pair')];
  if (entries.length > MAX_COUNT) return [tooLong(field, MAX_COUNT)];
  const errors = entries
    .filter(([key]) => key === '')
    .map(([key]) => invalid(field, key, 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0);
  return size > MAX_SIZE ? [...errors, tooLong(field, MAX_SIZE)] : errors;
}
