import { type FieldError, invalid } from '../../meta/field-error.ts';

/** Errors of a JSON path that must begin with a field: `.spec.replicas`. */
export function simplePathErrors(text: string, field: string): FieldError[] {
  return text.startsWith('.') ? [] : [invalid(field, text, 'must be a simple json path starting with .')];
}
