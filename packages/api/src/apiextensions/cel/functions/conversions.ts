import { goFloat } from '../../canonical.ts';
import { parseGoDuration } from '../../go-duration.ts';
import type { Uint } from '../ast.ts';
import { parseTimestamp } from '../from-json.ts';
import type { CidrValue, IpValue } from '../kubernetes-values.ts';
import {
  CelError,
  type CelValue,
  Duration,
  formatDuration,
  formatTimestamp,
  type ListValue,
  type MapValue,
  runes,
  Timestamp,
  TypeValue,
  typeName,
} from '../values.ts';
import { int, MAX_INT, type Row, uint } from './row.ts';

/** cel-go common/types/string.go: it tells of no more than the types. */
const notAs = (type: string): CelError => new CelError(`type conversion error from 'string' to '${type}'`);

function parseInt64(value: string): bigint {
  const parsed = /^[+-]?\d{1,40}$/.test(value) ? BigInt(value.replace(/^\+/, '')) : MAX_INT;
  if (parsed >= MAX_INT || parsed < -MAX_INT) throw notAs('int');
  return parsed;
}

function parseUint64(value: string): Uint {
  const parsed = /^\d{1,40}$/.test(value) ? BigInt(value) : 2n ** 64n;
  if (parsed >= 2n ** 64n) throw notAs('uint');
  return uint(parsed);
}

function doubleToInt(value: number, low: number, high: number, what: string): bigint {
  if (!(value > low && value < high)) throw new CelError(what);
  return BigInt(Math.trunc(value));
}

function parseDouble(value: string): number {
  if (/^[+-]?(inf|infinity)$/i.test(value)) return value.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(value)) return Number.NaN;
  const parsed = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isFinite(parsed)) throw notAs('double');
  return parsed;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);
function parseBool(value: string): boolean {
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw notAs('bool');
}

export function parseDuration(value: string): Duration {
  const nanos = parseGoDuration(value);
  if (nanos === undefined) throw notAs('google.protobuf.Duration');
  return new Duration(nanos);
}

export function parseTime(value: string): Timestamp {
  const time = /[Zz]$|[+-]\d{2}:\d{2}$/.test(value) ? parseTimestamp(value) : undefined;
  if (!time) throw new CelError(`invalid RFC 3339 timestamp ${JSON.stringify(value)}`);
  return time;
}

/** `seconds` since 1970. */
export const timeOf = (seconds: bigint): Timestamp => new Timestamp(seconds * 1_000_000_000n);

export const CONVERSIONS: readonly Row[] = [
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
  ['uint', 'string_to_uint64', '(string) uint', parseUint64],
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
  ['duration', 'string_to_duration', '(string) duration', parseDuration],
  ['timestamp', 'timestamp_to_timestamp', '(timestamp) timestamp', (v: Timestamp) => v],
  ['timestamp', 'int64_to_timestamp', '(int) timestamp', timeOf],
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
