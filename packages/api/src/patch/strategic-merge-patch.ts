import { deepEqual, isObject, setOwn } from '@sampan/base';
import type { StructType, TypeSchema } from '../schema/type-schema.ts';
import { withoutNulls } from './merge-patch.ts';
import { goJsonKind, patchErrors } from './patch-error.ts';
import { strategicErrors } from './strategic-errors.ts';
import {
  deleteFromList,
  type JsonMap,
  mergeLists,
  orderMerged,
  validateSetOrder,
} from './strategic-lists.ts';
import { lookupField, lookupList } from './strategic-schema.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_PRIMITIVE_LIST = '$deleteFromPrimitiveList';
const SET_ELEMENT_ORDER = '$setElementOrder';

/**
 * Applies a strategic merge patch (apimachinery pkg/util/strategicpatch): as a merge patch, but lists whose
 * field says so are merged, by a key of their items or as sets of primitives.
 *
 * Neither argument is written to; unchanged parts are shared, and a patch that changes nothing gives back
 * `object` itself. Throws `StatusError`: 400 for a patch that is no object, has wrong directives or contradicts
 * the type.
 */
export function applyStrategicMergePatch<T extends object>(object: T, patch: unknown, schema: StructType): T {
  if (patch === null) return object;
  if (!isObject(patch)) {
    throw patchErrors.undecodable(
      `json: cannot unmarshal ${goJsonKind(patch)} into Go value of type map[string]interface {}`,
    );
  }
  return mergeMaps(object as JsonMap, patch, schema) as T;
}

function mergeMaps(original: JsonMap, patch: JsonMap, schema: TypeSchema): JsonMap {
  if (Object.hasOwn(patch, DIRECTIVE)) return applyMapDirective(patch);
  const draft = new Draft(original);
  retainKeys(draft, patch);
  const done = mergeOrderedLists(draft, patch, schema);
  for (const key of Object.keys(patch)) {
    if (done?.has(key) || key === RETAIN_KEYS) continue;
    mergeKey(draft, key, patch[key], schema);
  }
  return draft.result;
}

/** A map under change: copied on the first write, so that unchanged maps keep their identity. */
class Draft {
  readonly original: JsonMap;
  result: JsonMap;

  constructor(original: JsonMap) {
    this.original = original;
    this.result = original;
  }

  get(key: string): unknown {
    return Object.hasOwn(this.result, key) ? this.result[key] : undefined;
  }

  set(key: string, value: unknown): void {
    if (this.get(key) === value && value !== undefined) return;
    this.#copy();
    if (value === undefined) delete this.result[key];
    else setOwn(this.result, key, value);
  }

  delete(key: string): void {
    if (!Object.hasOwn(this.result, key)) return;
    this.#copy();
    delete this.result[key];
  }

  #copy(): void {
    if (this.result === this.original) this.result = { ...this.original };
  }
}

function applyMapDirective(patch: JsonMap): JsonMap {
  const directive = patch[DIRECTIVE];
  if (directive === 'delete') return {};
  if (directive !== 'replace') throw strategicErrors.badDirective(directive, patch);
  const { [DIRECTIVE]: _, ...rest } = patch;
  return rest;
}

function retainKeys(draft: Draft, patch: JsonMap): void {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return;
  const list = patch[RETAIN_KEYS];
  if (!Array.isArray(list)) throw strategicErrors.badRetainKeys();
  const retained = new Set<unknown>(list);
  for (const key of Object.keys(patch)) {
    const isDirective =
      key === RETAIN_KEYS || key.startsWith(DELETE_FROM_PRIMITIVE_LIST) || key.startsWith(SET_ELEMENT_ORDER);
    if (patch[key] !== null && !isDirective && !retained.has(key)) throw strategicErrors.badRetainKeys();
  }
  for (const key of Object.keys(draft.original)) if (!retained.has(key)) draft.delete(key);
}

/** Handles lists that come with a `$setElementOrder`; returns the keys of the patch that are thereby done. */
function mergeOrderedLists(draft: Draft, patch: JsonMap, schema: TypeSchema): Set<string> | undefined {
  let done: Set<string> | undefined;
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(SET_ELEMENT_ORDER)) continue;
    done ??= new Set();
    done.add(directive);
    const order = patch[directive];
    if (!Array.isArray(order)) throw strategicErrors.badType('[]interface {}', order);
    const key = keyOf(directive, SET_ELEMENT_ORDER, strategicErrors.badSetElementOrder);
    if (mergeOrderedList(draft, key, patch, order, schema)) done.add(key);
  }
  return done;
}

function mergeOrderedList(
  draft: Draft,
  key: string,
  patch: JsonMap,
  order: unknown[],
  schema: TypeSchema,
): boolean {
  const inPatch = Object.hasOwn(patch, key) ? patch[key] : undefined;
  const original = draft.get(key);
  if (original !== undefined && !Array.isArray(original))
    throw strategicErrors.badType('[]interface {}', original);
  if (inPatch !== undefined && !Array.isArray(inPatch))
    throw strategicErrors.badType('[]interface {}', inPatch);
  const meta = lookupList(schema, key);
  validateSetOrder(inPatch ?? [], order, meta.mergeKey);
  if (original === undefined && inPatch === undefined) return false;
  let merged: unknown[];
  if (inPatch === undefined) merged = original ?? [];
  else if (original === undefined) merged = withoutDirectives(inPatch) as unknown[];
  else merged = meta.strategy === 'merge' ? mergeLists(original, inPatch, meta, mergeMaps) : inPatch;
  const ordered = orderMerged(merged, order, original ?? [], meta.mergeKey, [original ?? [], inPatch ?? []]);
  draft.set(key, original !== undefined && sameItems(original, ordered) ? original : ordered);
  return true;
}

function mergeKey(draft: Draft, key: string, value: unknown, schema: TypeSchema): void {
  if (key.startsWith(DELETE_FROM_PRIMITIVE_LIST)) {
    deleteFromPrimitives(
      draft,
      keyOf(key, DELETE_FROM_PRIMITIVE_LIST, strategicErrors.badPrimitiveList),
      value,
    );
    return;
  }
  const original = draft.get(key);
  if (value === null) draft.delete(key);
  else if (isObject(original) && isObject(value)) {
    const meta = lookupField(schema, key);
    draft.set(key, meta.strategy === 'replace' ? value : mergeMaps(original, value, meta.type));
  } else if (Array.isArray(original) && Array.isArray(value)) {
    const meta = lookupList(schema, key);
    const merged = meta.strategy === 'merge' ? mergeLists(original, value, meta, mergeMaps) : value;
    draft.set(key, sameItems(original, merged) || deepEqual(original, merged) ? original : merged);
  } else {
    const taken = withoutDirectives(withoutNulls(value));
    if (taken === undefined) draft.delete(key);
    else draft.set(key, taken);
  }
}

function deleteFromPrimitives(draft: Draft, key: string, value: unknown): void {
  const original = draft.get(key);
  if (value === null) draft.delete(key);
  else if (Array.isArray(original) && Array.isArray(value)) draft.set(key, deleteFromList(original, value));
}

function keyOf(directive: string, prefix: string, error: () => Error): string {
  if (directive[prefix.length] !== '/') throw error();
  return directive.slice(prefix.length + 1);
}

/** The value without maps that are directives; undefined when it is itself one. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutDirectives).filter((item) => item !== undefined);
    return sameItems(value, items) ? value : items;
  }
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  const draft = new Draft(value);
  for (const key of Object.keys(value)) draft.set(key, withoutDirectives(value[key]));
  return draft.result;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((item, index) => item === b[index]));
}
