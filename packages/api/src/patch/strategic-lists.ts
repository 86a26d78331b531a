import { isObject } from '@sampan/base';
import type { TypeSchema } from '../schema/type-schema.ts';
import { goValue } from './go-format.ts';
import { strategicErrors } from './strategic-errors.ts';
import type { PatchMeta } from './strategic-schema.ts';

export type JsonMap = Record<string, unknown>;
type MergeMaps = (original: JsonMap, patch: JsonMap, schema: TypeSchema) => JsonMap;

/**
 * Merges a list of the patch into the original: primitives as a set, objects by their merge key. Items of the
 * patch take the patch's order, the others keep theirs.
 */
export function mergeLists(
  original: unknown[],
  patch: unknown[],
  meta: PatchMeta,
  mergeMaps: MergeMaps,
): unknown[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (!itemsAreMaps(original, patch)) {
    return ordered([...new Set([...original, ...patch])], patch, original, '');
  }
  if (meta.mergeKey === '') {
    throw strategicErrors.other(`cannot merge lists without merge key for ${meta.type.type}`);
  }
  const { kept, changes } = applyItemDirectives(original as JsonMap[], patch as JsonMap[], meta.mergeKey);
  const merged = mergeItems(kept, changes, meta, mergeMaps);
  return ordered(merged, changes, kept, meta.mergeKey);
}

function applyItemDirectives(original: JsonMap[], patch: JsonMap[], mergeKey: string) {
  const changes: JsonMap[] = [];
  const deleted = new Set<unknown>();
  let replace = false;
  for (const item of patch) {
    const directive = Object.hasOwn(item, '$patch') ? item.$patch : undefined;
    if (directive === undefined) changes.push(item);
    else if (directive === 'delete') deleted.add(keyValue(item, mergeKey));
    else if (directive === 'replace') replace = true;
    else if (directive === 'merge') {
      throw strategicErrors.other('merging lists cannot yet be specified in the patch');
    } else throw strategicErrors.badDirective(directive, item);
  }
  if (replace) return { kept: changes, changes: [] };
  const isKept = (item: JsonMap) => !Object.hasOwn(item, mergeKey) || !deleted.has(item[mergeKey]);
  return { kept: deleted.size === 0 ? original : original.filter(isKept), changes };
}

function mergeItems(
  original: JsonMap[],
  changes: JsonMap[],
  meta: PatchMeta,
  mergeMaps: MergeMaps,
): JsonMap[] {
  const merged = original.slice();
  const index = indexOf(merged, meta.mergeKey);
  for (const change of changes) {
    const value = keyValue(change, meta.mergeKey);
    const at = index.get(value);
    if (at === undefined) index.set(value, merged.push(change) - 1);
    else merged[at] = mergeMaps(merged[at] as JsonMap, change, meta.type);
  }
  return merged;
}

/** `$deleteFromPrimitiveList`: the list without the values. */
export function deleteFromList(original: unknown[], values: unknown[]): unknown[] {
  const deleted = new Set(values);
  const kept = original.filter((item) => !deleted.has(item));
  return kept.length === original.length ? original : kept;
}

/** Orders a merged list by `$setElementOrder`; `lists` are where it came from, for the type of its items. */
export function orderMerged(
  merged: unknown[],
  order: unknown[],
  serverOrder: unknown[],
  mergeKey: string,
  lists: [unknown[], unknown[]],
): unknown[] {
  if (lists[0].length + lists[1].length === 0) {
    throw strategicErrors.other('no elements in any of the given slices');
  }
  itemsAreMaps(...lists);
  return ordered(merged, order, serverOrder, mergeKey);
}

/**
 * The items named in `order` in that order, and between them the others in the order of `serverOrder`: each
 * where it stood before the first named one that followed it.
 */
function ordered(items: unknown[], order: unknown[], serverOrder: unknown[], mergeKey: string): unknown[] {
  const named = indexOf(order, mergeKey);
  const served = indexOf(serverOrder, mergeKey);
  const patchItems: Placed[] = [];
  const serverItems: Placed[] = [];
  for (const item of items) {
    const key = mergeKey === '' ? item : keyValue(item, mergeKey);
    const place = named.get(key);
    const before = served.get(key) ?? -1;
    if (place === undefined) serverItems.push({ item, place: before, before });
    else patchItems.push({ item, place, before });
  }
  const byPlace = (a: Placed, b: Placed) => a.place - b.place;
  return interleave(serverItems.sort(byPlace), patchItems.sort(byPlace));
}

interface Placed {
  readonly item: unknown;
  /** Its place in the order that governs it. */
  readonly place: number;
  /** Its place in the live list, or -1. */
  readonly before: number;
}

function interleave(server: readonly Placed[], patch: readonly Placed[]): unknown[] {
  const all: unknown[] = [];
  let next = 0;
  for (const placed of patch) {
    for (let left = server[next]; left !== undefined; left = server[next]) {
      if (left.before < 0 || placed.before < 0 || left.before >= placed.before) break;
      all.push(left.item);
      next++;
    }
    all.push(placed.item);
  }
  for (; next < server.length; next++) all.push(server[next]?.item);
  return all;
}

/** Items of the patch must come in the order of `$setElementOrder` and be named in it. */
export function validateSetOrder(patch: unknown[], order: unknown[], mergeKey: string): void {
  if (patch.length === 0 || order.length === 0) return;
  let at = 0;
  for (const item of patch) {
    if (isObject(item) && Object.hasOwn(item, '$patch')) continue;
    const key = mergeKey === '' ? item : keyValue(item, mergeKey);
    while (at < order.length && (mergeKey === '' ? order[at] : keyValue(order[at], mergeKey)) !== key) at++;
    if (at >= order.length) {
      throw strategicErrors.other(
        `The order in patch list:\n${goValue(patch)}\n doesn't match $setElementOrder list:\n${goValue(order)}\n`,
      );
    }
    at++;
  }
}

/** The first place of each key (or primitive). */
function indexOf(list: readonly unknown[], mergeKey: string): Map<unknown, number> {
  const index = new Map<unknown, number>();
  list.forEach((item, place) => {
    const key = mergeKey === '' ? item : keyValue(item, mergeKey);
    if (!index.has(key)) index.set(key, place);
  });
  return index;
}

function keyValue(item: unknown, mergeKey: string): unknown {
  if (!isObject(item)) throw strategicErrors.badType('map[string]interface {}', item);
  if (!Object.hasOwn(item, mergeKey)) throw strategicErrors.noMergeKey(item, mergeKey);
  return item[mergeKey];
}

/** All items must be of one kind: maps (true) or primitives (false). */
function itemsAreMaps(...lists: (readonly unknown[])[]): boolean {
  let kind: string | undefined;
  for (const item of lists.flat()) {
    const itemKind = Array.isArray(item) ? 'list' : item === null ? 'null' : typeof item;
    kind ??= itemKind;
    if (kind === 'list') throw strategicErrors.listOfLists();
    if (kind !== itemKind || kind === 'null') {
      throw strategicErrors.other(`list element types are not identical: ${goValue(lists)}`);
    }
  }
  return kind === 'object';
}
