import { deepEqual } from '@sampan/base';
import { type FieldError, invalid } from '../meta/field-error.ts';
import { FIELD_IMMUTABLE } from './messages.ts';

/** Fields whose empty object says something else than no object at all. */
const MEANINGFUL_EMPTY = new Set([
  'emptyDir',
  'selector',
  'labelSelector',
  'namespaceSelector',
  'podSelector',
]);

function isAbsent(value: unknown, key: string): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (MEANINGFUL_EMPTY.has(key)) return false;
  for (const name in value) if ((value as Record<string, unknown>)[name] !== undefined) return false;
  return true;
}

/**
 * equality.Semantic.DeepEqual on API objects: an absent, null or empty list or map are one. Quantities are
 * compared as text, since decoded objects hold canonical ones.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  return deepEqual(a, b) || semanticDeep(a, b, '');
}

function semanticDeep(a: unknown, b: unknown, key: string): boolean {
  if (a === b) return true;
  if (isAbsent(a, key) && isAbsent(b, key)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => semanticDeep(item, b[index], key));
  }
  return semanticFields(a as Record<string, unknown>, b as Record<string, unknown>);
}

function semanticFields(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  for (const key of Object.keys(left)) {
    if (!semanticDeep(left[key], Object.hasOwn(right, key) ? right[key] : undefined, key)) return false;
  }
  for (const key of Object.keys(right)) {
    if (!Object.hasOwn(left, key) && !isAbsent(right[key], key)) return false;
  }
  return true;
}

/** apimachinery pkg/api/validation.ValidateImmutableField. */
export function validateImmutable(value: unknown, old: unknown, field: string): FieldError[] {
  return semanticEqual(value, old) ? [] : [invalid(field, value, FIELD_IMMUTABLE)];
}
