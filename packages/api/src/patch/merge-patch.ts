import { isObject, setOwn } from '@sampan/base';
import { goJsonKind, patchErrors } from './patch-error.ts';

type JsonMap = Record<string, unknown>;

/**
 * Applies a JSON Merge Patch (RFC 7386). As upstream's evanphx/json-patch, nulls inside objects of lists are
 * dropped too, and an object always takes an object: any other patch is a 400 (`StatusError`).
 *
 * Neither argument is written to; unchanged parts of both are shared with the result.
 */
export function applyMergePatch<T extends object>(object: T, patch: unknown): T {
  if (patch === null) throw patchErrors.undecodable('Invalid JSON Patch');
  if (!isObject(patch)) {
    throw patchErrors.undecodable(
      `error decoding patch: json: cannot unmarshal ${goJsonKind(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergeObjects(object as JsonMap, patch) as T;
}

function mergeObjects(original: JsonMap, patch: JsonMap): JsonMap {
  let result = original;
  const write = (): JsonMap => {
    if (result === original) result = { ...original };
    return result;
  };
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    const has = Object.hasOwn(original, key);
    if (value === null) {
      if (has) delete write()[key];
      continue;
    }
    const current = has ? original[key] : undefined;
    const merged = isObject(current) && isObject(value) ? mergeObjects(current, value) : withoutNulls(value);
    if (!has || merged !== current) setOwn(write(), key, merged);
  }
  return result;
}

/** The value without null members of objects, the same value when it has none. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutNulls);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isObject(value)) return value;
  let result: JsonMap | undefined;
  for (const key of Object.keys(value)) {
    const pruned = withoutNulls(value[key]);
    if (pruned === value[key] && pruned !== null) continue;
    result ??= { ...value };
    if (pruned === null) delete result[key];
    else setOwn(result, key, pruned);
  }
  return result ?? value;
}
