import { deepEqual } from '@sampan/base';
import type { ListType, MapType, StructType, TypeSchema } from '../schema/type-schema.ts';
import { EMPTY, type FieldSet, inOrder, LEAF, union } from './field-set.ts';
import { fieldElement } from './path-element.ts';
import { wholeSet } from './to-field-set.ts';
import {
  asList,
  asMap,
  entryType,
  isAssociative,
  isEmptyMap,
  itemElement,
  type JsonMap,
  mapTypeOf,
} from './typed-value.ts';

/** How one value differs from another; no field is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export const SAME: Comparison = { added: EMPTY, modified: EMPTY, removed: EMPTY };

/** Compares two values of a type (structured-merge-diff's Compare); `SAME` itself when they are equal. */
export function compare(left: unknown, right: unknown, type: TypeSchema): Comparison {
  const diff = compareNodes(type, left, right);
  if (diff === undefined) return SAME;
  return { added: diff.added ?? EMPTY, modified: diff.modified ?? EMPTY, removed: diff.removed ?? EMPTY };
}

/** Differences at a node; undefined sets are empty, and so is an undefined diff. */
interface Diff {
  added?: FieldSet | undefined;
  modified?: FieldSet | undefined;
  removed?: FieldSet | undefined;
}

const MODIFIED: Diff = { modified: LEAF };

function compareNodes(type: TypeSchema, left: unknown, right: unknown): Diff | undefined {
  if (left === right) return undefined;
  if (type.type === 'any') return compareDeduced(type, left, right);
  if (type.type === 'struct' || type.type === 'map') return compareMaps(type, left, right);
  if (type.type === 'list' && isAssociative(type)) return compareLists(type, left, right);
  return leaf(left, right);
}

function leaf(left: unknown, right: unknown): Diff | undefined {
  return deepEqual(left, right) ? undefined : MODIFIED;
}

function compareDeduced(type: TypeSchema, left: unknown, right: unknown): Diff | undefined {
  const mapType = mapTypeOf(type, left) ?? mapTypeOf(type, right);
  if (mapType === undefined) return leaf(left, right);
  const both = asMap(left) !== undefined && asMap(right) !== undefined;
  const diff = compareMaps(mapType, left, right);
  // a map that became or was a scalar or list: its entries come or go, and the value itself is modified
  if (both || left === null || right === null) return diff;
  return { ...diff, modified: LEAF };
}

function compareMaps(type: MapType | StructType, left: unknown, right: unknown): Diff | undefined {
  const from = asMap(left);
  const to = asMap(right);
  if (type.atomic || (isEmptyMap(from) && isEmptyMap(to))) return leaf(left, right);
  const collector = new Collector();
  if (to !== undefined) {
    // in any order: `diff` sorts the few that differ
    for (const key of Object.keys(to)) compareEntry(collector, type, key, from, to[key]);
  }
  if (from !== undefined) {
    for (const key of Object.keys(from)) {
      if (from[key] !== undefined && memberOf(to, key) === undefined) {
        collector.add(fieldElement(key), compareRemoved(type, key, from[key]));
      }
    }
  }
  return collector.diff();
}

function compareEntry(
  collector: Collector,
  type: MapType | StructType,
  key: string,
  from: JsonMap | undefined,
  to: unknown,
): void {
  let before = memberOf(from, key);
  if (before === undefined) before = unsetValue(type, key);
  if (before === to || to === undefined) return;
  const entry = entryType(type, key);
  if (before === undefined) collector.add(fieldElement(key), { added: wholeSet(entry, to) });
  else collector.add(fieldElement(key), compareNodes(entry, before, to));
}

function compareRemoved(type: MapType | StructType, key: string, value: unknown): Diff | undefined {
  const entry = entryType(type, key);
  const unset = unsetValue(type, key);
  return unset === undefined ? { removed: wholeSet(entry, value) } : compareNodes(entry, value, unset);
}

const UNSET_STRUCT = Object.freeze({});

/** A struct held by value in a Go type is always there, if only empty. */
function unsetValue(type: MapType | StructType, key: string): object | undefined {
  if (type.type !== 'struct' || type.name === undefined) return undefined;
  const field = type.fields.get(key);
  return field?.type.type === 'struct' && field.pointer !== true ? UNSET_STRUCT : undefined;
}

function memberOf(map: JsonMap | undefined, key: string): unknown {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

function compareLists(type: ListType, left: unknown, right: unknown): Diff | undefined {
  const from = asList(left) ?? [];
  const to = asList(right) ?? [];
  if (from.length === 0 && to.length === 0) return leaf(left, right);
  const before = byElement(type, from);
  const after = byElement(type, to);
  const collector = new Collector();
  for (const [element, items] of before) {
    collector.add(element, compareItems(type, items, after.get(element) ?? []));
  }
  for (const [element, items] of after) {
    if (!before.has(element)) collector.add(element, compareItems(type, [], items));
  }
  return collector.diff();
}

function byElement(type: ListType, list: readonly unknown[]): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(type, item);
    const twins = items.get(element);
    if (twins === undefined) items.set(element, [item]);
    else twins.push(item);
  }
  return items;
}

/** Items of one key on either side; duplicates are compared as a whole. */
function compareItems(type: ListType, from: readonly unknown[], to: readonly unknown[]): Diff | undefined {
  if (from.length <= 1 && to.length <= 1) {
    if (from.length === 0) return { added: wholeSet(type.items, to[0]) };
    if (to.length === 0) return { removed: wholeSet(type.items, from[0]) };
    return compareNodes(type.items, from[0], to[0]);
  }
  if (from.length >= 2 && to.length >= 2) return deepEqual(from, to) ? undefined : MODIFIED;
  if (from.length >= 2) {
    return { removed: LEAF, added: to.length === 0 ? undefined : wholeSet(type.items, to[0]) };
  }
  return { added: LEAF, removed: from.length === 0 ? undefined : wholeSet(type.items, from[0]) };
}

/** Gathers the differences of the entries of one map or list. */
class Collector {
  #added: Record<string, FieldSet> | undefined;
  #modified: Record<string, FieldSet> | undefined;
  #removed: Record<string, FieldSet> | undefined;

  add(element: string, diff: Diff | undefined): void {
    if (diff === undefined) return;
    if (diff.added !== undefined) {
      this.#added ??= {};
      this.#added[element] = diff.added;
    }
    if (diff.modified !== undefined) {
      this.#modified ??= {};
      this.#modified[element] = diff.modified;
    }
    if (diff.removed !== undefined) {
      this.#removed ??= {};
      this.#removed[element] = diff.removed;
    }
  }

  diff(): Diff | undefined {
    if (this.#added === undefined && this.#modified === undefined && this.#removed === undefined)
      return undefined;
    return {
      added: this.#added && inOrder(this.#added),
      modified: this.#modified && inOrder(this.#modified),
      removed: this.#removed && inOrder(this.#removed),
    };
  }
}

/** All that the right side set anew. */
export function changed(comparison: Comparison): FieldSet {
  return union(comparison.modified, comparison.added);
}
