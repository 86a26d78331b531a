import { type FieldError, notSupported, required } from '../../meta/field-error.ts';

/** Errors of a field that must have one of these values. */
export function oneOfErrors(field: string, value: string, accepted: readonly string[]): FieldError[] {
  if (value === '') return [required(field)];
  return accepted.includes(value) ? [] : [notSupported(field, value, accepted)];
}
