import { compareOrders, type ElementOrder, elementText, orderOf, SELF } from './path-element.ts';

/**
 * A set of field paths, in the very form in which it is stored as `fieldsV1`: a tree keyed by path elements.
 * An empty node below the root is a member and has no children; a node with the key `.` is a member with
 * children; any other node only has children. The root is never a member.
 *
 * Sets are never written to once built: operations share what they can, and give back their first argument
 * when it is the answer. Keys are sorted as upstream sorts them. Every key has a prefix, so names like
 * `__proto__` are harmless.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

type Draft = Record<string, FieldSet>;

/** A member without children; as a root: the empty set. */
export const LEAF: FieldSet = Object.freeze({});
export const EMPTY: FieldSet = LEAF;

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Of a node below the root. */
export function isMember(node: FieldSet): boolean {
  return SELF in node || isEmpty(node);
}

export function withSelf(node: FieldSet): FieldSet {
  return isMember(node) ? node : { [SELF]: LEAF, ...node };
}

/** The children below a node, as a set of their own. */
export function childrenOf(node: FieldSet): FieldSet {
  if (!(SELF in node)) return node;
  const { [SELF]: _, ...children } = node;
  return children;
}

/** Brings a freshly built set into upstream's order. */
export function inOrder(set: Draft): FieldSet {
  let last: string | undefined;
  let lastOrder: ElementOrder | undefined;
  for (const key in set) {
    const isName = key.startsWith('f:');
    if (isName && (last === undefined || last === SELF || last.startsWith('f:'))) {
      // the common case: names only
      if (last !== undefined && last > key) return sorted(set);
      lastOrder = undefined;
    } else {
      const order = orderOf(key);
      if (last !== undefined && compareOrders(lastOrder ?? orderOf(last), order) > 0) return sorted(set);
      lastOrder = order;
    }
    last = key;
  }
  return set;
}

function sorted(set: FieldSet): FieldSet {
  const keys = Object.keys(set).map((key) => ({ key, order: orderOf(key) }));
  keys.sort((a, b) => compareOrders(a.order, b.order));
  const result: Draft = {};
  for (const { key } of keys) result[key] = set[key] as FieldSet;
  return result;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a;
  return isEmpty(a) ? b : unionEntries(a, b);
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(b)) return withSelf(a);
  return isEmpty(a) ? withSelf(b) : unionEntries(a, b);
}

function unionEntries(a: FieldSet, b: FieldSet): FieldSet {
  let result: Draft | undefined;
  for (const key in b) {
    const left = a[key];
    const right = b[key] as FieldSet;
    const both = left === undefined ? right : unionNodes(left, right);
    if (both === left) continue;
    result ??= { ...a };
    result[key] = both;
  }
  return result === undefined ? a : inOrder(result);
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false);
}

/** What is in `a` and neither in `b` nor below a member of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true);
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  let result: Draft | undefined;
  for (const key in b) {
    const left = a[key];
    if (left === undefined || key === SELF) continue;
    const rest = subtractNode(left, b[key] as FieldSet, recursive);
    if (rest === left) continue;
    result ??= { ...a };
    if (rest === undefined) delete result[key];
    else result[key] = rest;
  }
  return result ?? a;
}

/** Undefined when nothing is left of the node. */
function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const bMember = isMember(b);
  if (bMember && recursive) return undefined;
  if (isEmpty(a)) return bMember ? undefined : a;
  const rest = subtract(a, b, recursive);
  const without = bMember ? childrenOf(rest) : rest;
  if (isEmpty(without)) return undefined;
  if (without === a || !(SELF in without)) return without;
  return isEmpty(childrenOf(without)) ? LEAF : without;
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const result: Draft = {};
  let same = true;
  for (const key in a) {
    const left = a[key] as FieldSet;
    const right = b[key];
    const both = right === undefined ? undefined : intersectNodes(left, right);
    if (both !== left) same = false;
    if (both !== undefined) result[key] = both;
  }
  return same ? a : result;
}

function intersectNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (a === b) return a;
  if (isEmpty(a)) return isMember(b) ? a : undefined;
  if (isEmpty(b)) return SELF in a ? LEAF : undefined;
  const both = intersection(a, b);
  if (both === a) return a;
  let size = 0;
  for (const _ in both) size++;
  if (size === 0) return undefined;
  return size === 1 && SELF in both ? LEAF : both;
}

export function equalSets(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let size = 0;
  for (const key in a) {
    const right = b[key];
    if (right === undefined || !equalSets(a[key] as FieldSet, right)) return false;
    size++;
  }
  for (const _ in b) size--;
  return size === 0;
}

/** The members as texts (`.spec.replicas`), in upstream's order: those of a level before those below it. */
export function pathsOf(set: FieldSet): string[] {
  const paths: string[] = [];
  collectPaths(set, '', paths);
  return paths;
}

function collectPaths(set: FieldSet, prefix: string, paths: string[]): void {
  for (const key in set) {
    if (key !== SELF && isMember(set[key] as FieldSet)) paths.push(prefix + elementText(key));
  }
  for (const key in set) {
    const node = set[key] as FieldSet;
    if (key !== SELF && !isEmpty(node)) collectPaths(node, prefix + elementText(key), paths);
  }
}

/** A set of field paths given by names: `setOf(['metadata', 'name'], ['spec'])`. */
export function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  let set: FieldSet = EMPTY;
  for (const path of paths) {
    let node: FieldSet = LEAF;
    for (let i = path.length - 1; i >= 0; i--) node = { [`f:${path[i]}`]: node };
    set = union(set, node);
  }
  return set;
}
