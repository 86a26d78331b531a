import { type FieldError, invalid, tooLong } from '../meta/field-error.ts';
import type { ManagedFieldsEntry } from '../meta/object.ts';
import { append } from './append.ts';
import { byteLength } from './messages.ts';

const MAX_MANAGER = 128;
const MAX_SUBRESOURCE = 256;
/** Go's unicode.IsPrint. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const PRINTABLE_TEXT = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;

/** Go's `%#U`: `U+0041 'A'`, or only the number when not printable. */
function showRune(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return PRINTABLE.test(character) ? `U+${code} '${character}'` : `U+${code}`;
}

/** metav1 validation.ValidateFieldManager. */
export function validateFieldManager(manager: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > MAX_MANAGER) errors.push(tooLong(field, MAX_MANAGER));
  if (PRINTABLE_TEXT.test(manager)) return errors;
  let position = 0;
  for (const character of manager) {
    // A megabyte of bad characters is told in a few lines.
    if (errors.length > MAX_MANAGER) break;
    if (!PRINTABLE.test(character)) {
      errors.push(
        invalid(field, manager, `invalid character ${showRune(character)} (at position ${position})`),
      );
    }
    position += byteLength(character);
  }
  return errors;
}

/** metav1 validation.ValidateManagedFields. */
export function validateManagedFields(entries: readonly ManagedFieldsEntry[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  entries.forEach((entry, i) => {
    const at = `${field}[${i}]`;
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.push(invalid(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`'));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      errors.push(invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`'));
    }
    if (entry.manager) append(errors, validateFieldManager(entry.manager, `${at}.manager`));
    if (byteLength(entry.subresource ?? '') > MAX_SUBRESOURCE) {
      errors.push(tooLong(`${at}.subresource`, MAX_SUBRESOURCE));
    }
  });
  return errors;
}
