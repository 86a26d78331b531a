import { Uint } from '../ast.ts';
import {
  ArrayList,
  CelError,
  type CelValue,
  CostLimitError,
  compare,
  Duration,
  describe,
  equals,
  isList,
  type ListValue,
  LiteralMap,
  type MapValue,
  noSuchOverload,
  Optional,
  spend,
  typeName,
} from '../values.ts';
import { contains, member } from './indexing.ts';
import { int, items, num, type Row, uint } from './row.ts';

/** Order of list elements; unlike ones have none. */
function best(list: ListValue, wanted: -1 | 1, name: string): CelValue {
  if (list.size === 0) throw new CelError(`${name} called on empty list`);
  let found = list.get(0);
  for (let i = 1; i < list.size; i++) {
    const item = list.get(i);
    if (compare(item, found) === wanted) found = item;
  }
  return found;
}

function isSorted(list: ListValue): boolean {
  for (let i = 1; i < list.size; i++) if (compare(list.get(i - 1), list.get(i)) > 0) return false;
  return true;
}

function sum(list: ListValue, zero: CelValue): CelValue {
  return items(list).reduce((total, item) => {
    if (typeof total === 'bigint' && typeof item === 'bigint') return int(total + item);
    if (typeof total === 'number' && typeof item === 'number') return total + item;
    if (total instanceof Uint && item instanceof Uint) return uint(total.value + item.value);
    if (total instanceof Duration && item instanceof Duration) return new Duration(total.nanos + item.nanos);
    return noSuchOverload();
  }, zero);
}

function sorted(list: ListValue, keys: ListValue): ListValue {
  if (keys.size > 50_000) throw new CostLimitError();
  const order = items(keys);
  const first = order[0];
  if (first !== undefined && order.some((key) => typeName(key) !== typeName(first))) {
    throw new CelError('list elements must have the same type');
  }
  const indices = order.map((_, i) => i).sort((a, b) => compare(order[a] as CelValue, order[b] as CelValue));
  return new ArrayList(indices.map((i) => list.get(i)));
}

function flatten(list: ListValue, depth: number): CelValue[] {
  if (depth < 0) throw new CelError('level must be non-negative');
  const flat = items(list).flatMap((item) => (isList(item) && depth > 0 ? flatten(item, depth - 1) : [item]));
  if (flat.length > 4_000_000) throw new CostLimitError();
  return flat;
}

function slice(list: ListValue, from: number, to: number): ListValue {
  if (from < 0 || to < 0) throw new CelError(`cannot slice(${from}, ${to}), negative indexes not supported`);
  if (from > to)
    throw new CelError(`cannot slice(${from}, ${to}), start index must be less than or equal to end index`);
  if (list.size < to) throw new CelError(`cannot slice(${from}, ${to}), list is length ${list.size}`);
  return new ArrayList(items(list).slice(from, to));
}

export function range(n: number): ListValue {
  if (n < 0) throw new CelError(`lists.range: size must be non-negative, got ${n}`);
  if (n > 1_000_000) throw new CostLimitError();
  spend(n >> 2);
  return new ArrayList(Array.from({ length: n }, (_, i) => BigInt(i)));
}

function distinct(list: ListValue): ListValue {
  const found = new Map<string, CelValue[]>();
  const kept: CelValue[] = [];
  for (const item of items(list)) {
    const text = describe(typeof item === 'number' && Number.isSafeInteger(item) ? BigInt(item) : item);
    const same = found.get(text);
    if (same?.some((other) => equals(other, item))) continue;
    kept.push(item);
    if (same) same.push(item);
    else found.set(text, [item]);
  }
  return new ArrayList(kept);
}

const containsAll = (list: ListValue, sub: ListValue): boolean =>
  items(sub).every((item) => contains(list, item));

/** In the order in which a list without elements is taken for one of them. */
const SORTABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'] as const;

export function listRows(): Row[] {
  const rows: Row[] = [];
  const zeros: Readonly<Record<string, CelValue>> = {
    int: 0n,
    uint: new Uint(0n),
    double: 0,
    duration: new Duration(0n),
  };
  for (const type of SORTABLE) {
    rows.push(['isSorted', `list_${type}_is_sorted_bool`, `list<${type}>.() bool`, isSorted]);
    rows.push([
      'max',
      `list_${type}_max_${type}`,
      `list<${type}>.() ${type}`,
      (list: ListValue) => best(list, 1, 'max'),
    ]);
    rows.push([
      'min',
      `list_${type}_min_${type}`,
      `list<${type}>.() ${type}`,
      (list: ListValue) => best(list, -1, 'min'),
    ]);
    rows.push([
      'sort',
      `list_${type}_sort`,
      `list<${type}>.() list<${type}>`,
      (list: ListValue) => sorted(list, list),
    ]);
    rows.push([
      '@sortByAssociatedKeys',
      `list_${type}_sortByAssociatedKeys`,
      `list<A>.(list<${type}>) list<A>`,
      sorted,
    ]);
  }
  for (const [type, zero] of Object.entries(zeros)) {
    rows.push([
      'sum',
      `list_${type}_sum_${type}`,
      `list<${type}>.() ${type}`,
      (list: ListValue) => sum(list, zero),
    ]);
  }
  return rows;
}

export const LISTS: readonly Row[] = [
  [
    'indexOf',
    'list_a_index_of_int',
    'list<A>.(A) int',
    (list: ListValue, value: CelValue) => BigInt(items(list).findIndex((item) => equals(item, value))),
  ],
  [
    'lastIndexOf',
    'list_a_last_index_of_int',
    'list<A>.(A) int',
    (list: ListValue, value: CelValue) => BigInt(items(list).findLastIndex((item) => equals(item, value))),
  ],
  [
    'slice',
    'list_slice',
    'list<A>.(int,int) list<A>',
    (list: ListValue, a: bigint, b: bigint) => slice(list, num(a), num(b)),
  ],
  [
    'flatten',
    'list_flatten',
    'list<list<A>>.() list<A>',
    (list: ListValue) => new ArrayList(flatten(list, 1)),
  ],
  [
    'flatten',
    'list_flatten_int',
    'list<dyn>.(int) list<dyn>',
    (list: ListValue, depth: bigint) => new ArrayList(flatten(list, num(depth))),
  ],
  ['lists.range', 'lists_range', '(int) list<int>', (n: bigint) => range(num(n))],
  [
    'reverse',
    'list_reverse',
    'list<A>.() list<A>',
    (list: ListValue) => new ArrayList(items(list).reverse()),
  ],
  ['distinct', 'list_distinct', 'list<A>.() list<A>', distinct],
  [
    'first',
    'list_first',
    'list<A>.() optional<A>',
    (list: ListValue) => (list.size === 0 ? Optional.NONE : new Optional(list.get(0))),
  ],
  [
    'last',
    'list_last',
    'list<A>.() optional<A>',
    (list: ListValue) => (list.size === 0 ? Optional.NONE : new Optional(list.get(list.size - 1))),
  ],
  ['sets.contains', 'list_sets_contains_list', '(list<A>,list<A>) bool', containsAll],
  [
    'sets.equivalent',
    'list_sets_equivalent_list',
    '(list<A>,list<A>) bool',
    (a: ListValue, b: ListValue) => containsAll(a, b) && containsAll(b, a),
  ],
  [
    'sets.intersects',
    'list_sets_intersects_list',
    '(list<A>,list<A>) bool',
    (a: ListValue, b: ListValue) => items(b).some((item) => contains(a, item)),
  ],
  [
    'cel.@mapInsert',
    '@mapInsert_map_key_value',
    '(map<A,B>,A,B) map<A,B>',
    (map: MapValue, key: CelValue, value: CelValue) => insert(map, key, value),
  ],
  [
    'cel.@mapInsert',
    '@mapInsert_map_map',
    '(map<A,B>,map<A,B>) map<A,B>',
    (map: MapValue, more: MapValue) =>
      more.keys().reduce<MapValue>((all, key) => insert(all, key, member(more, key)), map),
  ],
];

/** The accumulator map of transformMap belongs to the loop alone, so it is changed in place. */
function insert(map: MapValue, key: CelValue, value: CelValue): MapValue {
  const target = map instanceof LiteralMap ? map : copyMap(map);
  if (target.has(key)) throw new CelError(`insert failed: key ${describe(key)} already exists`);
  target.set(key, value);
  return target;
}

function copyMap(map: MapValue): LiteralMap {
  const copy = new LiteralMap();
  for (const key of map.keys()) copy.set(key, member(map, key));
  return copy;
}
