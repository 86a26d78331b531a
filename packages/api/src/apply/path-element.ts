import { isObject, parseExactJson } from '@sampan/base';

/**
 * Elements of field paths in their FieldsV1 form (structured-merge-diff fieldpath): `f:NAME` a field, `k:{…}` a
 * list item by its keys, `v:…` an item of a set by its value, `i:N` an item by index. Within a set elements are
 * strings in canonical form (keys sorted, compact JSON), so that equal elements are equal strings.
 */
export const SELF = '.';

const fieldNames = new Map<string, string>();
const CACHED_NAMES = 10_000;
/** Longer texts are not kept: clients choose them, and a thousand long ones would be much memory. */
export const MAX_CACHED_LENGTH = 100;

/** `f:NAME`. Names repeat in every object, so the strings are kept. */
export function fieldElement(name: string): string {
  let element = fieldNames.get(name);
  if (element === undefined) {
    element = `f:${name}`;
    if (name.length > MAX_CACHED_LENGTH) return element;
    if (fieldNames.size >= CACHED_NAMES) fieldNames.clear();
    fieldNames.set(name, element);
  }
  return element;
}

export function valueElement(value: unknown): string {
  return `v:${goJson(value)}`;
}

/** `keys` must be sorted by name. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): string {
  return `k:{${keys.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;
}

const HTML = /[<>&\u2028\u2029]/;
const HTML_ALL = /[<>&\u2028\u2029]/g;

/** JSON as Go's encoder writes it: HTML characters escaped, keys of maps sorted. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(isObject(value) || Array.isArray(value) ? sortKeys(value) : value);
  return HTML.test(text) ? text.replace(HTML_ALL, escapeUnicode) : text;
}

function escapeUnicode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}

/**
 * The canonical form of an element that a client wrote; undefined for kinds of elements not known, which are
 * dropped (a later version may know them). Throws `SyntaxError` on malformed ones.
 */
export function canonicalElement(element: string): string | undefined {
  if (element.length < 2) throw new SyntaxError('key must be 2 characters long:');
  if (element[1] !== ':') throw new SyntaxError(`missing colon: ${element}`);
  switch (element[0]) {
    case 'f':
      return element;
    case 'v':
      return valueElement(parseExactJson(element.slice(2)));
    case 'k':
      return keyElement(sortedFields(element));
    case 'i':
      if (!/^i:[+-]?[0-9]{1,15}$/.test(element)) throw new SyntaxError(`invalid index: ${element}`);
      return `i:${Number(element.slice(2))}`;
    default:
      return undefined;
  }
}

function sortedFields(element: string): [string, unknown][] {
  const keys: unknown = parseExactJson(element.slice(2));
  if (!isObject(keys)) throw new SyntaxError(`not an object: ${element}`);
  return Object.entries(keys).sort(([a], [b]) => (a < b ? -1 : 1));
}

const RANKS: Record<string, number> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

/** An element taken apart for comparing. */
export interface ElementOrder {
  readonly rank: number;
  readonly value: unknown;
}

const orders = new Map<string, ElementOrder>();
const CACHED_ORDERS = 5_000;

export function orderOf(element: string): ElementOrder {
  let order = orders.get(element);
  if (order === undefined) {
    order = takeApart(element);
    if (element.length > MAX_CACHED_LENGTH) return order;
    if (orders.size >= CACHED_ORDERS) orders.clear();
    orders.set(element, order);
  }
  return order;
}

function takeApart(element: string): ElementOrder {
  const rank = RANKS[element[0] ?? ''] ?? 5;
  switch (element[0]) {
    case 'k':
      return { rank, value: sortedFields(element) };
    case 'v':
      return { rank, value: parseExactJson(element.slice(2)) };
    case 'i':
      return { rank, value: Number(element.slice(2)) };
    default:
      return { rank, value: element };
  }
}

/** The order in which upstream writes the elements of a set. */
export function compareOrders(a: ElementOrder, b: ElementOrder): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.rank !== RANKS.k) return compareValues(a.value, b.value);
  return compareFields(a.value as [string, unknown][], b.value as [string, unknown][]);
}

function compareFields(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (let i = 0; ; i++) {
    const [left, right] = [a[i], b[i]];
    if (left === undefined || right === undefined)
      return (left === undefined ? 0 : 1) - (right === undefined ? 0 : 1);
    if (left[0] !== right[0]) return left[0] < right[0] ? -1 : 1;
    const order = compareValues(left[1], right[1]);
    if (order !== 0) return order;
  }
}

const KINDS = ['number', 'string', 'boolean', 'list', 'map', 'null'];

/** structured-merge-diff value.Compare: numbers, strings, booleans, lists, maps, null. */
function compareValues(a: unknown, b: unknown): number {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return KINDS.indexOf(kind) - KINDS.indexOf(kindOf(b));
  if (kind === 'list' || kind === 'map') {
    const [left, right] = [goJson(a), goJson(b)];
    return left === right ? 0 : left < right ? -1 : 1;
  }
  if (a === b || kind === 'null') return 0;
  return (a as string) < (b as string) ? -1 : 1;
}

export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return 'number';
  return Array.isArray(value) ? 'list' : typeof value === 'object' ? 'map' : typeof value;
}

/** An element as messages show it: `.spec`, `[name="web"]`, `[="finalizer"]`, `[3]`. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k':
      return `[${sortedFields(element)
        .map(([name, value]) => `${name}=${valueText(value)}`)
        .join(',')}]`;
    case 'v':
      return `[=${valueText(parseExactJson(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(valueText).join(',')}]`;
  if (isObject(value)) {
    return Object.entries(value)
      .map(([key, item]) => `${key}=${valueText(item)}`)
      .join('');
  }
  return JSON.stringify(value ?? null);
}
