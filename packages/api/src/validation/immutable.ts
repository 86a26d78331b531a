import { deepEqual } from '@sampan/base';
import { type FieldError, invalid } from '../meta/field-error.ts';
import { FIELD_IMMUTABLE } from './messages.ts';

/** An empty list or map equals an absent one, as in apimachinery's equality.Semantic. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (typeof value !== 'object') return false;
  for (const key in value) if ((value as Record<string, unknown>)[key] !== undefined) return false;
  return true;
}

/**
 * equality.Semantic.DeepEqual on API objects: absent, null and empty are one. Quantities are compared as text,
 * since objects hold canonical ones.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return deepEqual(a, b) || semanticDeep(a, b);
}

function semanticDeep(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => semanticDeep(item, b[index]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const own = (object: Record<string, unknown>, key: string): unknown =>
    Object.hasOwn(object, key) ? object[key] : undefined;
  for (const key of Object.keys(left)) if (!semanticDeep(left[key], own(right, key))) return false;
  for (const key of Object.keys(right)) {
    if (!Object.hasOwn(left, key) && !isEmpty(right[key])) return false;
  }
  return true;
}

/** apimachinery pkg/api/validation.ValidateImmutableField. */
export function validateImmutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(field, value, FIELD_IMMUTABLE)];
}
