import { deepEqual } from '@sampan/base';
import { type FieldError, forbidden, invalid, tooLong } from '../meta/field-error.ts';
import { configMapKey, type Part } from './shared.ts';

/** core.MaxSecretSize: bytes of all values of a Secret or ConfigMap together. */
export const MAX_SECRET_SIZE = 1024 * 1024;

/** Bytes that base64 text stands for. */
export function base64Size(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.floor((text.length * 3) / 4) - padding;
}

/** Which keys a data map may have; `field` is the map's path. */
export function dataKeyErrors(data: Part, field: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    configMapKey(key).map((message) => invalid(`${field}[${key}]`, key, message)),
  );
}

export function totalSizeError(size: number, field: string): FieldError[] {
  return size > MAX_SECRET_SIZE ? [tooLong(field, MAX_SECRET_SIZE)] : [];
}

const IMMUTABLE = 'field is immutable when `immutable` is set';

/** An object marked immutable keeps the mark and the named maps (KEP-1412). */
export function immutableDataErrors(object: Part, old: Part, maps: readonly string[]): FieldError[] {
  if (old.immutable !== true) return [];
  const errors = object.immutable === true ? [] : [forbidden('immutable', IMMUTABLE)];
  for (const map of maps) {
    if (!deepEqual(object[map] ?? {}, old[map] ?? {})) errors.push(forbidden(map, IMMUTABLE));
  }
  return errors;
}
