import type { Uint } from '../ast.ts';
import * as text from '../strings.ts';
import {
  ArrayList,
  type CelValue,
  CostLimitError,
  compare,
  Duration,
  equals,
  identity,
  type ListValue,
  type MapValue,
  noSuchOverload,
  Timestamp,
} from '../values.ts';
import { at, contains, member, optionalIndex } from './indexing.ts';
import { COMPARABLE, int, items, nonZero, type Row, type Run, uint } from './row.ts';

const NUMERIC = ['int', 'uint', 'double'] as const;
const IDS: Readonly<Record<string, string>> = { int: 'int64', uint: 'uint64' };

export function comparisons(): Row[] {
  const rows: Row[] = [];
  const ops: readonly (readonly [string, string, (order: number) => boolean])[] = [
    ['_<_', 'less', (o) => o < 0],
    ['_<=_', 'less_equals', (o) => o <= 0],
    ['_>_', 'greater', (o) => o > 0],
    ['_>=_', 'greater_equals', (o) => o >= 0],
  ];
  for (const [name, id, test] of ops) {
    const run: Run = (a: CelValue, b: CelValue) => {
      if (Number.isNaN(a) || Number.isNaN(b)) return false;
      return test(compare(a, b));
    };
    for (const type of COMPARABLE)
      rows.push([name, `${id}_${IDS[type] ?? type}`, `(${type},${type}) bool`, run]);
    for (const a of NUMERIC) {
      for (const b of NUMERIC) {
        if (a !== b) rows.push([name, `${id}_${IDS[a] ?? a}_${IDS[b] ?? b}`, `(${a},${b}) bool`, run]);
      }
    }
  }
  return rows;
}

export const ARITHMETIC: readonly Row[] = [
  ['_+_', 'add_int64', '(int,int) int', (a: bigint, b: bigint) => int(a + b)],
  ['_+_', 'add_uint64', '(uint,uint) uint', (a: Uint, b: Uint) => uint(a.value + b.value)],
  ['_+_', 'add_double', '(double,double) double', (a: number, b: number) => a + b],
  ['_+_', 'add_string', '(string,string) string', (a: string, b: string) => text.bounded(a + b)],
  [
    '_+_',
    'add_bytes',
    '(bytes,bytes) bytes',
    (a: Uint8Array, b: Uint8Array) => Uint8Array.from(Buffer.concat([a, b])),
  ],
  ['_+_', 'add_list', '(list<A>,list<A>) list<A>', addLists],
  [
    '_+_',
    'add_timestamp_duration',
    '(timestamp,duration) timestamp',
    (a: Timestamp, b: Duration) => new Timestamp(a.nanos + b.nanos),
  ],
  [
    '_+_',
    'add_duration_timestamp',
    '(duration,timestamp) timestamp',
    (a: Duration, b: Timestamp) => new Timestamp(a.nanos + b.nanos),
  ],
  [
    '_+_',
    'add_duration_duration',
    '(duration,duration) duration',
    (a: Duration, b: Duration) => new Duration(a.nanos + b.nanos),
  ],
  ['_-_', 'subtract_int64', '(int,int) int', (a: bigint, b: bigint) => int(a - b)],
  ['_-_', 'subtract_uint64', '(uint,uint) uint', (a: Uint, b: Uint) => uint(a.value - b.value)],
  ['_-_', 'subtract_double', '(double,double) double', (a: number, b: number) => a - b],
  [
    '_-_',
    'subtract_timestamp_timestamp',
    '(timestamp,timestamp) duration',
    (a: Timestamp, b: Timestamp) => new Duration(a.nanos - b.nanos),
  ],
  [
    '_-_',
    'subtract_timestamp_duration',
    '(timestamp,duration) timestamp',
    (a: Timestamp, b: Duration) => new Timestamp(a.nanos - b.nanos),
  ],
  [
    '_-_',
    'subtract_duration_duration',
    '(duration,duration) duration',
    (a: Duration, b: Duration) => new Duration(a.nanos - b.nanos),
  ],
  ['_*_', 'multiply_int64', '(int,int) int', (a: bigint, b: bigint) => int(a * b)],
  ['_*_', 'multiply_uint64', '(uint,uint) uint', (a: Uint, b: Uint) => uint(a.value * b.value)],
  ['_*_', 'multiply_double', '(double,double) double', (a: number, b: number) => a * b],
  ['_/_', 'divide_int64', '(int,int) int', (a: bigint, b: bigint) => int(a / nonZero(b, 'division'))],
  [
    '_/_',
    'divide_uint64',
    '(uint,uint) uint',
    (a: Uint, b: Uint) => uint(a.value / nonZero(b.value, 'division')),
  ],
  ['_/_', 'divide_double', '(double,double) double', (a: number, b: number) => a / b],
  ['_%_', 'modulo_int64', '(int,int) int', (a: bigint, b: bigint) => int(a % nonZero(b, 'modulus'))],
  [
    '_%_',
    'modulo_uint64',
    '(uint,uint) uint',
    (a: Uint, b: Uint) => uint(a.value % nonZero(b.value, 'modulus')),
  ],
  ['-_', 'negate_int64', '(int) int', (a: bigint) => int(-a)],
  ['-_', 'negate_double', '(double) double', (a: number) => -a],
  ['!_', 'logical_not', '(bool) bool', (a: boolean) => !a],
  ['_==_', 'equals', '(A,A) bool', (a: CelValue, b: CelValue) => equals(a, b)],
  ['_!=_', 'not_equals', '(A,A) bool', (a: CelValue, b: CelValue) => !equals(a, b)],
];

/** Sets unite, lists of type map are merged by key, other lists are joined. */
function addLists(a: ListValue, b: ListValue): ListValue {
  if (a.size + b.size > 4_000_000) throw new CostLimitError();
  const { listType, listKeys = [] } = a;
  if (listType === undefined) return new ArrayList([...items(a), ...items(b)]);
  const merged = new Map<string, CelValue>();
  for (const item of [...items(a), ...items(b)]) merged.set(identity(item, listType, listKeys), item);
  return new ArrayList([...merged.values()]);
}

export const LOGIC: readonly Row[] = [
  // these never run: the evaluator handles them; the rows are for the checker
  ['_&&_', 'logical_and', '(bool,bool) bool', noSuchOverload],
  ['_||_', 'logical_or', '(bool,bool) bool', noSuchOverload],
  ['_?_:_', 'conditional', '(bool,A,A) A', noSuchOverload],
  ['@not_strictly_false', 'not_strictly_false', '(bool) bool', noSuchOverload],
  ['_[_]', 'index_list', '(list<A>,int) A', (list: ListValue, i: bigint) => at(list, i)],
  ['_[_]', 'index_map', '(map<A,B>,A) B', (map: MapValue, key: CelValue) => member(map, key)],
  ['_[_]', 'optional_list_index_value', '(optional<list<A>>,int) optional<A>', optionalIndex],
  ['_[_]', 'optional_map_index_value', '(optional<map<A,B>>,A) optional<B>', optionalIndex],
  ['_[?_]', 'list_optindex_optional_int', '(list<A>,int) optional<A>', optionalIndex],
  ['_[?_]', 'optional_list_optindex_optional_int', '(optional<list<A>>,int) optional<A>', optionalIndex],
  ['_[?_]', 'map_optindex_optional_value', '(map<A,B>,A) optional<B>', optionalIndex],
  ['_[?_]', 'optional_map_optindex_optional_value', '(optional<map<A,B>>,A) optional<B>', optionalIndex],
  ['@in', 'in_list', '(A,list<A>) bool', (value: CelValue, list: ListValue) => contains(list, value)],
  ['@in', 'in_map', '(A,map<A,B>) bool', (key: CelValue, map: MapValue) => map.get(key) !== undefined],
];
