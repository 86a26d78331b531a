import { goFloat } from '../canonical.ts';
import { parseGoDuration } from '../go-duration.ts';
import { compilePattern, isCompiled, MAX_PATTERN_WEIGHT, type Pattern, patternWeight } from '../patterns.ts';
import { Uint } from './ast.ts';
import type {
  AuthorizerValue,
  DecisionValue,
  GroupCheck,
  PathCheck,
  ResourceCheck,
} from './authorizer-values.ts';
import { parseTimestamp } from './from-json.ts';
import {
  CidrValue,
  type FormatValue,
  IpValue,
  NAMED_FORMATS,
  QuantityValue,
  SemverValue,
  UrlValue,
} from './kubernetes-values.ts';
import * as text from './strings.ts';
import { timePart } from './time-parts.ts';
import { type CelType, readType } from './types.ts';
import {
  ArrayList,
  CelError,
  type CelValue,
  CostLimitError,
  compare,
  Duration,
  describe,
  equals,
  formatDuration,
  formatTimestamp,
  identity,
  isList,
  isMap,
  isOpaque,
  type ListValue,
  LiteralMap,
  type MapValue,
  noSuchOverload,
  Optional,
  runes,
  spend,
  Timestamp,
  TypeValue,
  typeName,
} from './values.ts';

/** Arguments have been matched against the overload's types when `run` is called. */
// biome-ignore lint/suspicious/noExplicitAny: each row's arguments are of the types its signature names
type Run = (...args: any[]) => CelValue;

export interface Overload {
  readonly id: string;
  readonly member: boolean;
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly run: Run;
}

const MAX_INT = 2n ** 63n;
const int = (value: bigint): bigint => {
  if (value >= MAX_INT || value < -MAX_INT) throw new CelError('integer overflow');
  return value;
};
const uint = (value: bigint): Uint => {
  if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
  return new Uint(value);
};
const nonZero = (value: bigint, what: string): bigint => {
  if (value === 0n) throw new CelError(`${what} by zero`);
  return value;
};
const items = (list: ListValue): CelValue[] => {
  spend(1 + (list.size >> 2));
  const found: CelValue[] = [];
  for (let i = 0; i < list.size; i++) found.push(list.get(i));
  return found;
};
const listOfText = (values: readonly string[]): ListValue => new ArrayList(values);
const num = (value: bigint): number => Number(value);

type Row = readonly [name: string, id: string, signature: string, run: Run];

const NUMERIC = ['int', 'uint', 'double'] as const;
const COMPARABLE = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'] as const;
const IDS: Readonly<Record<string, string>> = { int: 'int64', uint: 'uint64' };

function comparisons(): Row[] {
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

const ARITHMETIC: readonly Row[] = [
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

const LOGIC: readonly Row[] = [
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

export function at(list: ListValue, index: CelValue): CelValue {
  const i = typeof index === 'bigint' ? Number(index) : index instanceof Uint ? Number(index.value) : index;
  if (typeof i !== 'number' || !Number.isInteger(i))
    throw new CelError(`unsupported index type '${typeName(index)}' in list`);
  if (i < 0 || i >= list.size) throw new CelError(`index out of bounds: ${i}`);
  return list.get(i);
}

export function member(map: MapValue, key: CelValue): CelValue {
  const found = map.get(key);
  if (found === undefined)
    throw new CelError(`no such key: ${typeof key === 'string' ? key : describe(key)}`);
  return found;
}

function optionalIndex(container: CelValue, key: CelValue): Optional {
  if (container instanceof Optional) {
    return container.value === undefined ? Optional.NONE : optionalIndex(container.value, key);
  }
  if (isList(container)) {
    const i = typeof key === 'bigint' ? Number(key) : -1;
    return i >= 0 && i < container.size ? new Optional(container.get(i)) : Optional.NONE;
  }
  if (!isMap(container)) return noSuchOverload();
  const found = container.get(key);
  return found === undefined ? Optional.NONE : new Optional(found);
}

function contains(list: ListValue, value: CelValue): boolean {
  for (let i = 0; i < list.size; i++) if (equals(list.get(i), value)) return true;
  return false;
}

function parseInt64(value: string): bigint {
  if (!/^[+-]?\d{1,40}$/.test(value))
    throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  const parsed = BigInt(value.replace(/^\+/, ''));
  if (parsed >= MAX_INT || parsed < -MAX_INT) {
    throw new CelError(`strconv.ParseInt: parsing ${JSON.stringify(value)}: value out of range`);
  }
  return parsed;
}

function doubleToInt(value: number, low: number, high: number, what: string): bigint {
  if (!(value > low && value < high)) throw new CelError(what);
  return BigInt(Math.trunc(value));
}

function parseDouble(value: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(value)) return value.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(value)) return Number.NaN;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) {
    throw new CelError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Number(value);
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
function parseBool(value: string): boolean {
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw new CelError(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
}

export function parseDuration(value: string): Duration {
  const nanos = parseGoDuration(value);
  if (nanos === undefined) throw new CelError(`time: invalid duration ${JSON.stringify(value)}`);
  return new Duration(nanos);
}

export function parseTime(value: string): Timestamp {
  const time = /[Zz]$|[+-]\d{2}:\d{2}$/.test(value) ? parseTimestamp(value) : undefined;
  if (!time) {
    const quoted = JSON.stringify(value);
    throw new CelError(
      `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`,
    );
  }
  return time;
}

const CONVERSIONS: readonly Row[] = [
  ['int', 'int64_to_int64', '(int) int', (v: bigint) => v],
  ['int', 'uint64_to_int64', '(uint) int', (v: Uint) => int(v.value)],
  [
    'int',
    'double_to_int64',
    '(double) int',
    (v: number) => doubleToInt(v, -(2 ** 63), 2 ** 63, 'integer overflow'),
  ],
  ['int', 'string_to_int64', '(string) int', parseInt64],
  ['int', 'timestamp_to_int64', '(timestamp) int', (v: Timestamp) => v.nanos / 1_000_000_000n],
  ['int', 'duration_to_int64', '(duration) int', (v: Duration) => v.nanos],
  ['uint', 'uint64_to_uint64', '(uint) uint', (v: Uint) => v],
  ['uint', 'int64_to_uint64', '(int) uint', (v: bigint) => uint(v)],
  [
    'uint',
    'double_to_uint64',
    '(double) uint',
    (v: number) => uint(doubleToInt(v, -1, 2 ** 64, 'unsigned integer overflow')),
  ],
  ['uint', 'string_to_uint64', '(string) uint', (v: string) => uint(parseInt64(v))],
  ['double', 'double_to_double', '(double) double', (v: number) => v],
  ['double', 'int64_to_double', '(int) double', (v: bigint) => Number(v)],
  ['double', 'uint64_to_double', '(uint) double', (v: Uint) => Number(v.value)],
  ['double', 'string_to_double', '(string) double', parseDouble],
  ['bool', 'bool_to_bool', '(bool) bool', (v: boolean) => v],
  ['bool', 'string_to_bool', '(string) bool', parseBool],
  ['bytes', 'bytes_to_bytes', '(bytes) bytes', (v: Uint8Array) => v],
  ['bytes', 'string_to_bytes', '(string) bytes', (v: string) => new TextEncoder().encode(v)],
  ['string', 'string_to_string', '(string) string', (v: string) => v],
  ['string', 'bool_to_string', '(bool) string', (v: boolean) => String(v)],
  ['string', 'int64_to_string', '(int) string', (v: bigint) => String(v)],
  ['string', 'uint64_to_string', '(uint) string', (v: Uint) => String(v.value)],
  ['string', 'double_to_string', '(double) string', (v: number) => goFloat(v)],
  ['string', 'bytes_to_string', '(bytes) string', bytesToString],
  ['string', 'timestamp_to_string', '(timestamp) string', (v: Timestamp) => formatTimestamp(v)],
  ['string', 'duration_to_string', '(duration) string', (v: Duration) => formatDuration(v)],
  ['string', 'ip_to_string', '(ip) string', (v: IpValue) => v.text],
  ['string', 'cidr_to_string', '(cidr) string', (v: CidrValue) => v.text],
  ['duration', 'duration_to_duration', '(duration) duration', (v: Duration) => v],
  ['duration', 'int64_to_duration', '(int) duration', (v: bigint) => new Duration(v)],
  ['duration', 'string_to_duration', '(string) duration', parseDuration],
  ['timestamp', 'timestamp_to_timestamp', '(timestamp) timestamp', (v: Timestamp) => v],
  ['timestamp', 'int64_to_timestamp', '(int) timestamp', (v: bigint) => new Timestamp(v * 1_000_000_000n)],
  ['timestamp', 'string_to_timestamp', '(string) timestamp', parseTime],
  ['dyn', 'to_dyn', '(A) dyn', (v: CelValue) => v],
  ['type', 'type', '(A) type<A>', (v: CelValue) => new TypeValue(typeName(v))],
  ['size', 'size_string', '(string) int', (v: string) => BigInt(runes(v))],
  ['size', 'string_size', 'string.() int', (v: string) => BigInt(runes(v))],
  ['size', 'size_bytes', '(bytes) int', (v: Uint8Array) => BigInt(v.length)],
  ['size', 'bytes_size', 'bytes.() int', (v: Uint8Array) => BigInt(v.length)],
  ['size', 'size_list', '(list<A>) int', (v: ListValue) => BigInt(v.size)],
  ['size', 'list_size', 'list<A>.() int', (v: ListValue) => BigInt(v.size)],
  ['size', 'size_map', '(map<A,B>) int', (v: MapValue) => BigInt(v.size)],
  ['size', 'map_size', 'map<A,B>.() int', (v: MapValue) => BigInt(v.size)],
];

function bytesToString(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

/** Compiling a pattern that depends on the object is work that its cost does not tell. */
function chargeCompile(pattern: string): void {
  spend(isCompiled(pattern) ? 1 : 20 * Math.min(patternWeight(pattern), MAX_PATTERN_WEIGHT));
}

/** So many steps of a search are within the cost that upstream tells. */
const FREE_STEPS = 100_000;

/** Upstream's cost knows the length of a pattern, not how often it repeats. */
function chargeSearch(steps: number): void {
  if (steps > FREE_STEPS) spend(steps / 4);
}

const matches = (value: string, pattern: string): boolean =>
  pattern === '' || regex('', value, pattern, (compiled) => compiled.test(value));

/** `what` is put before messages of patterns that are none. */
function regex<T>(what: string, value: string, pattern: string, use: (compiled: Pattern) => T): T {
  chargeCompile(pattern);
  try {
    const compiled = compilePattern(pattern);
    chargeSearch(compiled.steps(value));
    return use(compiled);
  } catch (error) {
    if (error instanceof CostLimitError) throw error;
    throw new CelError(`${what}${error instanceof Error ? error.message : String(error)}`);
  }
}
const ILLEGAL = 'Illegal regex: ';

const STRINGS: readonly Row[] = [
  ['contains', 'contains_string', 'string.(string) bool', (a: string, b: string) => text.find(a, b, 0) >= 0],
  ['startsWith', 'starts_with_string', 'string.(string) bool', (a: string, b: string) => a.startsWith(b)],
  ['endsWith', 'ends_with_string', 'string.(string) bool', (a: string, b: string) => a.endsWith(b)],
  ['matches', 'matches', '(string,string) bool', matches],
  ['matches', 'matches_string', 'string.(string) bool', matches],
  [
    'find',
    'string_find_string',
    'string.(string) string',
    (a: string, p: string) => regex(ILLEGAL, a, p, (re) => re.find(a) ?? ''),
  ],
  [
    'findAll',
    'string_find_all_string',
    'string.(string) list<string>',
    (a: string, p: string) => regex(ILLEGAL, a, p, (re) => listOfText(re.findAll(a, -1))),
  ],
  [
    'findAll',
    'string_find_all_string_int',
    'string.(string,int) list<string>',
    (a: string, p: string, n: bigint) => regex(ILLEGAL, a, p, (re) => listOfText(re.findAll(a, num(n)))),
  ],
  ['charAt', 'string_char_at_int', 'string.(int) string', (a: string, i: bigint) => text.charAt(a, num(i))],
  [
    'indexOf',
    'string_index_of_string',
    'string.(string) int',
    (a: string, b: string) => BigInt(text.indexOf(a, b, 0)),
  ],
  [
    'indexOf',
    'string_index_of_string_int',
    'string.(string,int) int',
    (a: string, b: string, i: bigint) => BigInt(text.indexOf(a, b, num(i))),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string',
    'string.(string) int',
    (a: string, b: string) => BigInt(text.lastIndexOf(a, b)),
  ],
  [
    'lastIndexOf',
    'string_last_index_of_string_int',
    'string.(string,int) int',
    (a: string, b: string, i: bigint) => BigInt(text.lastIndexOf(a, b, num(i))),
  ],
  ['lowerAscii', 'string_lower_ascii', 'string.() string', text.lowerAscii],
  ['upperAscii', 'string_upper_ascii', 'string.() string', text.upperAscii],
  [
    'replace',
    'string_replace_string_string',
    'string.(string,string) string',
    (a: string, b: string, c: string) => text.replace(a, b, c, -1),
  ],
  [
    'replace',
    'string_replace_string_string_int',
    'string.(string,string,int) string',
    (a: string, b: string, c: string, n: bigint) => text.replace(a, b, c, num(n)),
  ],
  [
    'split',
    'string_split_string',
    'string.(string) list<string>',
    (a: string, b: string) => listOfText(text.split(a, b, -1)),
  ],
  [
    'split',
    'string_split_string_int',
    'string.(string,int) list<string>',
    (a: string, b: string, n: bigint) => listOfText(text.split(a, b, num(n))),
  ],
  [
    'substring',
    'string_substring_int',
    'string.(int) string',
    (a: string, i: bigint) => text.substring(a, num(i)),
  ],
  [
    'substring',
    'string_substring_int_int',
    'string.(int,int) string',
    (a: string, i: bigint, j: bigint) => text.substring(a, num(i), num(j)),
  ],
  ['trim', 'string_trim', 'string.() string', (a: string) => a.trim()],
  [
    'join',
    'list_join',
    'list<string>.() string',
    (list: ListValue) => text.join(items(list).map(asText), ''),
  ],
  [
    'join',
    'list_join_string',
    'list<string>.(string) string',
    (list: ListValue, sep: string) => text.join(items(list).map(asText), sep),
  ],
  [
    'format',
    'string_format',
    'string.(list<dyn>) string',
    (a: string, args: ListValue) => text.format(a, items(args)),
  ],
  ['strings.quote', 'strings_quote', '(string) string', text.quote],
];

const asText = (value: CelValue): string => (typeof value === 'string' ? value : noSuchOverload());

function timeRows(): Row[] {
  const rows: Row[] = [];
  const names = {
    getFullYear: 'timestamp_to_year',
    getMonth: 'timestamp_to_month',
    getDayOfYear: 'timestamp_to_day_of_year',
    getDayOfMonth: 'timestamp_to_day_of_month',
    getDate: 'timestamp_to_day_of_month_1_based',
    getDayOfWeek: 'timestamp_to_day_of_week',
    getHours: 'timestamp_to_hours',
    getMinutes: 'timestamp_to_minutes',
    getSeconds: 'timestamp_to_seconds',
    getMilliseconds: 'timestamp_to_milliseconds',
  } as const;
  for (const [name, id] of Object.entries(names)) {
    rows.push([name, id, 'timestamp.() int', (t: Timestamp) => timePart(name, t, 'UTC')]);
    rows.push([
      name,
      `${id}_with_tz`,
      'timestamp.(string) int',
      (t: Timestamp, zone: string) => timePart(name, t, zone),
    ]);
  }
  const units = {
    getHours: 3_600_000_000_000n,
    getMinutes: 60_000_000_000n,
    getSeconds: 1_000_000_000n,
    getMilliseconds: 1_000_000n,
  };
  for (const [name, unit] of Object.entries(units)) {
    rows.push([
      name,
      `duration_to_${name.slice(3).toLowerCase()}`,
      'duration.() int',
      (d: Duration) => d.nanos / unit,
    ]);
  }
  return rows;
}

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

function range(n: number): ListValue {
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

function listRows(): Row[] {
  const rows: Row[] = [];
  const zeros: Readonly<Record<string, CelValue>> = {
    int: 0n,
    uint: new Uint(0n),
    double: 0,
    duration: new Duration(0n),
  };
  for (const type of COMPARABLE) {
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

const LISTS: readonly Row[] = [
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

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0n || value === 0) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Optional) return value.value === undefined;
  return (isList(value) || isMap(value)) && value.size === 0;
}

const unwrap = (optional: Optional): CelValue => {
  if (optional.value === undefined) throw new CelError('optional.none() dereference');
  return optional.value;
};
const unwrapAll = (list: ListValue): ListValue =>
  new ArrayList(
    items(list).flatMap((item) => (item instanceof Optional && item.value !== undefined ? [item.value] : [])),
  );

const OPTIONALS: readonly Row[] = [
  ['optional.of', 'optional_of', '(A) optional<A>', (v: CelValue) => new Optional(v)],
  [
    'optional.ofNonZeroValue',
    'optional_ofNonZeroValue',
    '(A) optional<A>',
    (v: CelValue) => (isZero(v) ? Optional.NONE : new Optional(v)),
  ],
  ['optional.none', 'optional_none', '() optional<A>', () => Optional.NONE],
  ['optional.unwrap', 'optional_unwrap', '(list<optional<A>>) list<A>', unwrapAll],
  ['unwrapOpt', 'optional_unwrapOpt', 'list<optional<A>>.() list<A>', unwrapAll],
  ['value', 'optional_value', 'optional<A>.() A', unwrap],
  ['hasValue', 'optional_hasValue', 'optional<A>.() bool', (o: Optional) => o.value !== undefined],
  [
    'or',
    'optional_or_optional',
    'optional<A>.(optional<A>) optional<A>',
    (o: Optional, p: Optional) => (o.value === undefined ? p : o),
  ],
  ['orValue', 'optional_orValue_value', 'optional<A>.(A) A', (o: Optional, v: CelValue) => o.value ?? v],
];

const semverArgs = (normalize: boolean) => (v: string) => SemverValue.parse(v, normalize);
const isSemver = (v: string, normalize: boolean): boolean => {
  const whole = normalize ? SemverValue.normalize(v) : v;
  return whole !== undefined && SemverValue.tryParse(whole) !== undefined;
};
const quantityOf = (v: bigint): QuantityValue => QuantityValue.parse(String(v));
const added = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(a.quantity.add(b.quantity));
const taken = (a: QuantityValue, b: QuantityValue): QuantityValue =>
  new QuantityValue(a.quantity.sub(b.quantity));

const KUBERNETES: readonly Row[] = [
  ['quantity', 'string_to_quantity', '(string) quantity', (v: string) => QuantityValue.parse(v)],
  ['isQuantity', 'is_quantity_string', '(string) bool', isQuantity],
  ['sign', 'quantity_sign', 'quantity.() int', (q: QuantityValue) => BigInt(q.quantity.sign())],
  [
    'isGreaterThan',
    'quantity_is_greater_than',
    'quantity.(quantity) bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) > 0,
  ],
  [
    'isLessThan',
    'quantity_is_less_than',
    'quantity.(quantity) bool',
    (a: QuantityValue, b: QuantityValue) => a.quantity.compare(b.quantity) < 0,
  ],
  [
    'compareTo',
    'quantity_compare_to',
    'quantity.(quantity) int',
    (a: QuantityValue, b: QuantityValue) => BigInt(a.quantity.compare(b.quantity)),
  ],
  [
    'asApproximateFloat',
    'quantity_get_float',
    'quantity.() double',
    (q: QuantityValue) => Number(q.quantity.unscaled) * 10 ** q.quantity.scale,
  ],
  ['asInteger', 'quantity_get_int', 'quantity.() int', asInteger],
  ['isInteger', 'quantity_is_integer', 'quantity.() bool', (q: QuantityValue) => q.integer !== undefined],
  ['add', 'quantity_add', 'quantity.(quantity) quantity', added],
  [
    'add',
    'quantity_add_int',
    'quantity.(int) quantity',
    (a: QuantityValue, b: bigint) => added(a, quantityOf(b)),
  ],
  ['sub', 'quantity_sub', 'quantity.(quantity) quantity', taken],
  [
    'sub',
    'quantity_sub_int',
    'quantity.(int) quantity',
    (a: QuantityValue, b: bigint) => taken(a, quantityOf(b)),
  ],
  ['ip', 'string_to_ip', '(string) ip', (v: string) => IpValue.parse(v)],
  ['isIP', 'is_ip', '(string) bool', (v: string) => IpValue.tryParse(v) !== undefined],
  ['ip.isCanonical', 'ip_is_canonical', '(string) bool', (v: string) => IpValue.parse(v).text === v],
  ['family', 'ip_family', 'ip.() int', (v: IpValue) => BigInt(v.ip.family)],
  ['isUnspecified', 'ip_is_unspecified', 'ip.() bool', (v: IpValue) => v.is('unspecified')],
  ['isLoopback', 'ip_is_loopback', 'ip.() bool', (v: IpValue) => v.is('loopback')],
  [
    'isLinkLocalMulticast',
    'ip_is_link_local_multicast',
    'ip.() bool',
    (v: IpValue) => v.is('linkLocalMulticast'),
  ],
  ['isLinkLocalUnicast', 'ip_is_link_local_unicast', 'ip.() bool', (v: IpValue) => v.is('linkLocalUnicast')],
  ['isGlobalUnicast', 'ip_is_global_unicast', 'ip.() bool', (v: IpValue) => v.is('globalUnicast')],
  ['cidr', 'string_to_cidr', '(string) cidr', (v: string) => CidrValue.parse(v)],
  ['isCIDR', 'is_cidr', '(string) bool', (v: string) => CidrValue.tryParse(v) !== undefined],
  [
    'containsIP',
    'cidr_contains_ip_string',
    'cidr.(string) bool',
    (c: CidrValue, v: string) => c.contains(IpValue.parse(v).ip),
  ],
  ['containsIP', 'cidr_contains_ip_ip', 'cidr.(ip) bool', (c: CidrValue, v: IpValue) => c.contains(v.ip)],
  [
    'containsCIDR',
    'cidr_contains_cidr_string',
    'cidr.(string) bool',
    (c: CidrValue, v: string) => c.containsCidr(CidrValue.parse(v)),
  ],
  [
    'containsCIDR',
    'cidr_contains_cidr',
    'cidr.(cidr) bool',
    (c: CidrValue, v: CidrValue) => c.containsCidr(v),
  ],
  ['ip', 'cidr_ip', 'cidr.() ip', (c: CidrValue) => new IpValue(c.cidr.ip)],
  ['prefixLength', 'cidr_prefix_length', 'cidr.() int', (c: CidrValue) => BigInt(c.cidr.prefix)],
  ['masked', 'cidr_masked', 'cidr.() cidr', (c: CidrValue) => c.masked],
  ['url', 'string_to_url', '(string) url', (v: string) => new UrlValue(v)],
  ['isURL', 'is_url_string', '(string) bool', isUrl],
  ['getScheme', 'url_get_scheme', 'url.() string', (u: UrlValue) => u.scheme],
  ['getHost', 'url_get_host', 'url.() string', (u: UrlValue) => u.host],
  ['getHostname', 'url_get_hostname', 'url.() string', (u: UrlValue) => u.hostname],
  ['getPort', 'url_get_port', 'url.() string', (u: UrlValue) => u.port],
  ['getEscapedPath', 'url_get_escaped_path', 'url.() string', (u: UrlValue) => u.escapedPath],
  ['getQuery', 'url_get_query', 'url.() map<string,list<string>>', urlQuery],
  ['semver', 'string_to_semver', '(string) semver', semverArgs(false)],
  [
    'semver',
    'string_bool_to_semver',
    '(string,bool) semver',
    (v: string, n: boolean) => SemverValue.parse(v, n),
  ],
  ['isSemver', 'is_semver_string', '(string) bool', (v: string) => isSemver(v, false)],
  ['isSemver', 'is_semver_string_bool', '(string,bool) bool', isSemver],
  [
    'isGreaterThan',
    'semver_is_greater_than',
    'semver.(semver) bool',
    (a: SemverValue, b: SemverValue) => a.compare(b) > 0,
  ],
  [
    'isLessThan',
    'semver_is_less_than',
    'semver.(semver) bool',
    (a: SemverValue, b: SemverValue) => a.compare(b) < 0,
  ],
  [
    'compareTo',
    'semver_compare_to',
    'semver.(semver) int',
    (a: SemverValue, b: SemverValue) => BigInt(a.compare(b)),
  ],
  ['major', 'semver_major', 'semver.() int', (v: SemverValue) => v.numbers[0]],
  ['minor', 'semver_minor', 'semver.() int', (v: SemverValue) => v.numbers[1]],
  ['patch', 'semver_patch', 'semver.() int', (v: SemverValue) => v.numbers[2]],
  [
    'jsonpatch.escapeKey',
    'jsonpatch_escapekey',
    '(string) string',
    (key: string) => text.bounded(key.replaceAll('~', '~0').replaceAll('/', '~1')),
  ],
  ['format.named', 'format-named', '(string) optional<format>', namedFormat],
  ['validate', 'format-validate', 'format.(string) optional<list<string>>', validateFormat],
];

/** Who may do what: only admission has an authorizer to ask. */
const AUTHORIZATION: readonly Row[] = [
  [
    'path',
    'authorizer_path',
    'authorizer.(string) pathCheck',
    (a: AuthorizerValue, path: string) => a.path(path),
  ],
  [
    'group',
    'authorizer_group',
    'authorizer.(string) groupCheck',
    (a: AuthorizerValue, group: string) => a.group(group),
  ],
  [
    'serviceAccount',
    'authorizer_serviceaccount',
    'authorizer.(string,string) authorizer',
    (a: AuthorizerValue, namespace: string, name: string) => a.serviceAccount(namespace, name),
  ],
  ['check', 'pathcheck_check', 'pathCheck.(string) decision', (c: PathCheck, verb: string) => c.check(verb)],
  [
    'resource',
    'groupcheck_resource',
    'groupCheck.(string) resourceCheck',
    (c: GroupCheck, resource: string) => c.resource(resource),
  ],
  [
    'subresource',
    'resourcecheck_subresource',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, subresource: string) => c.with({ subresource }),
  ],
  [
    'namespace',
    'resourcecheck_namespace',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, namespace: string) => c.with({ namespace }),
  ],
  [
    'name',
    'resourcecheck_name',
    'resourceCheck.(string) resourceCheck',
    (c: ResourceCheck, name: string) => c.with({ name }),
  ],
  [
    'check',
    'resourcecheck_check',
    'resourceCheck.(string) decision',
    (c: ResourceCheck, verb: string) => c.check(verb),
  ],
  ['allowed', 'decision_allowed', 'decision.() bool', (d: DecisionValue) => d.allowed],
  ['reason', 'decision_reason', 'decision.() string', (d: DecisionValue) => d.reason],
  ['errored', 'decision_errored', 'decision.() bool', () => false],
  ['error', 'decision_error', 'decision.() string', () => ''],
];

function isQuantity(value: string): boolean {
  try {
    QuantityValue.parse(value);
    return true;
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}
function asInteger(value: QuantityValue): bigint {
  if (value.integer === undefined) throw new CelError('cannot convert value to integer');
  return value.integer;
}
function isUrl(value: string): boolean {
  try {
    return isOpaque(new UrlValue(value));
  } catch (error) {
    if (error instanceof CelError) return false;
    throw error;
  }
}
function urlQuery(url: UrlValue): MapValue {
  const map = new LiteralMap();
  for (const [key, values] of url.parameters) map.set(key, listOfText(values));
  return map;
}
function namedFormat(name: string): Optional {
  const format = NAMED_FORMATS.get(name);
  return format ? new Optional(format) : Optional.NONE;
}
function validateFormat(format: FormatValue, value: string): Optional {
  spend(1 + (value.length >> 3));
  const messages = format.validate(value);
  return messages.length === 0 ? Optional.NONE : new Optional(listOfText(messages));
}

const formatRows = (): Row[] =>
  [...NAMED_FORMATS].map(([name, format]) => [`format.${name}`, `format.${name}`, '() format', () => format]);

/** All functions and operators by name, with their overloads in upstream's order. */
export const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = build([
  ...LOGIC,
  ...ARITHMETIC,
  ...comparisons(),
  ...CONVERSIONS,
  ...STRINGS,
  ...timeRows(),
  ...listRows(),
  ...LISTS,
  ...OPTIONALS,
  ...KUBERNETES,
  ...AUTHORIZATION,
  ...formatRows(),
]);

function build(rows: readonly Row[]): Map<string, Overload[]> {
  const functions = new Map<string, Overload[]>();
  for (const [name, id, signature, run] of rows) {
    const match = /^(?:(.+)\.)?\((.*)\) (.+)$/.exec(signature);
    const target = match?.[1];
    const args = split(match?.[2] ?? '').map(readType);
    const overload: Overload = {
      id,
      member: target !== undefined,
      args: target === undefined ? args : [readType(target), ...args],
      result: readType(match?.[3] ?? 'dyn'),
      run,
    };
    const list = functions.get(name);
    if (list) list.push(overload);
    else functions.set(name, [overload]);
  }
  return functions;
}

function split(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const c of list) {
    if (c === ',' && depth === 0) {
      parts.push(part);
      part = '';
      continue;
    }
    if (c === '<') depth++;
    if (c === '>') depth--;
    part += c;
  }
  return part === '' ? parts : [...parts, part];
}
