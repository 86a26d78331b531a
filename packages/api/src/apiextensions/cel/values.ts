import { goFloat } from '../canonical.ts';
import { formatGoDuration } from '../go-duration.ts';
import { Uint } from './ast.ts';

/**
 * Values while a rule runs: null, boolean, string, bigint (int), number (double), Uint, Uint8Array (bytes),
 * and the classes below. Lists and maps of the object under validation are converted when read.
 */
export type CelValue =
  | null
  | boolean
  | string
  | bigint
  | number
  | Uint
  | Uint8Array
  | ListValue
  | MapValue
  | Duration
  | Timestamp
  | TypeValue
  | Optional
  | Opaque;

/** A failure of evaluation: `&&`, `||` and the quantifiers may absorb it. The message is cel-go's. */
export class CelError extends Error {
  readonly code = 'cel-evaluation';
}

/** The cost limit is reached: never absorbed. */
export class CostLimitError extends Error {
  readonly code = 'cel-cost-limit';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** Steps of real work (elements and blocks of text visited) that one run of a rule may do, whatever its cost says. */
const MAX_WORK = 5_000_000;
/** The same for all rules of a request. */
const MAX_REQUEST_WORK = 20_000_000;
let work = 0;
let requestWork = 0;

/**
 * Counts work that the cost model does not see (deep equality is one unit there): a rule can never stall the
 * server. Evaluation is synchronous, so one counter serves all.
 */
export function spend(units: number): void {
  work += units;
  if (work > MAX_WORK) throw new CostLimitError();
}

/** Starts the count of one run. Throws CostLimitError when the runs of the request have used up its share. */
export function startWork(): void {
  requestWork += work;
  work = 0;
  if (requestWork > MAX_REQUEST_WORK) throw new CostLimitError();
}

/** Starts the count of a request. */
export function startRequestWork(): void {
  work = 0;
  requestWork = 0;
}

export const noSuchOverload = (): never => {
  throw new CelError('no such overload');
};

export interface ListValue {
  readonly kind: 'list';
  readonly size: number;
  get(index: number): CelValue;
  /** Sets and lists of type map compare and add by their own rules; absent for plain lists. */
  readonly listType?: 'set' | 'map' | undefined;
  readonly listKeys?: readonly string[] | undefined;
}

export interface MapValue {
  readonly kind: 'map';
  readonly size: number;
  /** Undefined when there is no such key. */
  get(key: CelValue): CelValue | undefined;
  keys(): CelValue[];
  /** An object of the schema rather than a map. */
  readonly object?: boolean;
}

export class ArrayList implements ListValue {
  readonly kind = 'list';
  readonly items: readonly CelValue[];
  constructor(items: readonly CelValue[]) {
    this.items = items;
  }
  get size(): number {
    return this.items.length;
  }
  get(index: number): CelValue {
    return this.items[index] as CelValue;
  }
}

/** A map made by an expression. Keys of different numeric types are the same key. */
export class LiteralMap implements MapValue {
  readonly kind = 'map';
  readonly #entries = new Map<string, [CelValue, CelValue]>();

  get size(): number {
    return this.#entries.size;
  }
  get(key: CelValue): CelValue | undefined {
    return this.#entries.get(mapKey(key))?.[1];
  }
  has(key: CelValue): boolean {
    return this.#entries.has(mapKey(key));
  }
  set(key: CelValue, value: CelValue): void {
    this.#entries.set(mapKey(key), [key, value]);
  }
  keys(): CelValue[] {
    return [...this.#entries.values()].map(([key]) => key);
  }
  copy(): LiteralMap {
    const copy = new LiteralMap();
    for (const [key, value] of this.#entries.values()) copy.set(key, value);
    return copy;
  }
}

function mapKey(key: CelValue): string {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number' && Number.isInteger(key)) return `n${BigInt(key)}`;
  if (typeof key === 'boolean') return `b${key}`;
  throw new CelError('unsupported key type');
}

/** Nanoseconds; within int64. */
export class Duration {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    if (nanos >= 2n ** 63n || nanos < -(2n ** 63n)) throw new CelError('duration overflow');
    this.nanos = nanos;
  }
}

const MIN_TIME = -62_135_596_800_000_000_000n;
const MAX_TIME = 253_402_300_800_000_000_000n;

/** Nanoseconds since the epoch; from year 1 to 9999. */
export class Timestamp {
  readonly nanos: bigint;
  constructor(nanos: bigint) {
    if (nanos < MIN_TIME || nanos >= MAX_TIME) throw new CelError('timestamp overflow');
    this.nanos = nanos;
  }
}

export class TypeValue {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export class Optional {
  static readonly NONE: Optional = new Optional(undefined);
  readonly value: CelValue | undefined;
  constructor(value: CelValue | undefined) {
    this.value = value;
  }
}

/** A value of one of Kubernetes' own types. */
export interface Opaque {
  readonly kind: 'opaque';
  /** The type's name, `kubernetes.Quantity`. */
  readonly type: string;
  equals(other: Opaque): boolean;
  /** CEL size for costs; 1 unless it says otherwise. */
  readonly size?: number;
  readonly text?: string;
}

export const isList = (value: unknown): value is ListValue =>
  typeof value === 'object' && value !== null && (value as ListValue).kind === 'list';
export const isMap = (value: unknown): value is MapValue =>
  typeof value === 'object' && value !== null && (value as MapValue).kind === 'map';
export const isOpaque = (value: unknown): value is Opaque =>
  typeof value === 'object' && value !== null && (value as Opaque).kind === 'opaque';

/** The name of a value's type: what overloads are chosen by and `type(x)` gives. */
export function typeName(value: CelValue): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
  }
  if (value instanceof Uint) return 'uint';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof TypeValue) return 'type';
  if (value instanceof Optional) return 'optional_type';
  return value.kind === 'opaque' ? value.type : value.kind;
}

/** What the cost model calls the size of a value (runes, bytes, elements); 1 for what has none. */
export function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return runes(value);
  if (value instanceof Uint8Array) return value.length;
  if (isList(value) || isMap(value)) return value.size;
  return isOpaque(value) ? (value.size ?? 1) : 1;
}

export function runes(text: string): number {
  spend(text.length >> 4);
  let surrogates = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 0xd800 && c <= 0xdbff) surrogates++;
  }
  return text.length - surrogates;
}

const isNumber = (value: CelValue): value is bigint | number | Uint =>
  typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint;
const plain = (value: bigint | number | Uint): bigint | number =>
  value instanceof Uint ? value.value : value;

/** CEL equality: numbers across types, lists and maps by their elements, other mixed types are unequal. */
export function equals(a: CelValue, b: CelValue): boolean {
  spend(1);
  if (typeof a === 'string' && typeof b === 'string') {
    spend(Math.min(a.length, b.length) >> 6);
    return a === b;
  }
  if (a === b) return true;
  // biome-ignore lint/suspicious/noDoubleEquals: JavaScript compares bigint and number by value only with ==
  if (isNumber(a) && isNumber(b)) return plain(a) == plain(b);
  if (isList(a) && isList(b)) return equalLists(a, b);
  if (isMap(a) && isMap(b)) return equalMaps(a, b);
  if (a instanceof Duration && b instanceof Duration) return a.nanos === b.nanos;
  if (a instanceof Timestamp && b instanceof Timestamp) return a.nanos === b.nanos;
  if (a instanceof TypeValue && b instanceof TypeValue) return a.name === b.name;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (a instanceof Optional && b instanceof Optional) {
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equals(a.value, b.value);
  }
  return isOpaque(a) && isOpaque(b) && a.type === b.type && a.equals(b);
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false;
  const unordered = a.listType ?? b.listType;
  if (unordered === undefined) {
    for (let i = 0; i < a.size; i++) if (!equals(a.get(i), b.get(i))) return false;
    return true;
  }
  const listKeys = a.listKeys ?? b.listKeys ?? [];
  const other = new Map<string, CelValue>();
  for (let i = 0; i < b.size; i++) other.set(identity(b.get(i), unordered, listKeys), b.get(i));
  for (let i = 0; i < a.size; i++) {
    const found = other.get(identity(a.get(i), unordered, listKeys));
    if (found === undefined || !equals(a.get(i), found)) return false;
  }
  return true;
}

/** What tells the items of a set or a list of type map apart, as text. */
export function identity(item: CelValue, listType: 'set' | 'map', listKeys: readonly string[]): string {
  if (listType === 'set' || !isMap(item)) return describe(item);
  return JSON.stringify(listKeys.map((key) => describe(item.get(key) ?? null)));
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const left = a.get(key);
    const right = b.get(key);
    if (left === undefined || right === undefined || !equals(left, right)) return false;
  }
  return true;
}

/** -1, 0 or 1; throws `no such overload` for values without an order. */
export function compare(a: CelValue, b: CelValue): number {
  if (isNumber(a) && isNumber(b)) {
    const [left, right] = [plain(a), plain(b)];
    if (Number.isNaN(left) || Number.isNaN(right)) throw new CelError('NaN values cannot be ordered');
    return left < right ? -1 : left > right ? 1 : 0;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Duration && b instanceof Duration) return sign(a.nanos - b.nanos);
  if (a instanceof Timestamp && b instanceof Timestamp) return sign(a.nanos - b.nanos);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  return noSuchOverload();
}

/** By code points, as Go compares UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  spend(Math.min(a.length, b.length) >> 4);
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const high = (c: number): boolean => c >= 0xd800 && c <= 0xdfff;
    if (high(x) !== high(y)) return high(x) ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

const sign = (value: bigint): number => (value < 0n ? -1 : value > 0n ? 1 : 0);

export function formatTimestamp(time: Timestamp): string {
  let seconds = time.nanos / 1_000_000_000n;
  let nanos = time.nanos % 1_000_000_000n;
  if (nanos < 0n) {
    nanos += 1_000_000_000n;
    seconds -= 1n;
  }
  const base = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  const year = base.startsWith('+') ? base.slice(3) : base;
  const fraction = nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  return `${year}${fraction}Z`;
}

export const formatDuration = (duration: Duration): string => {
  // CEL prints whole and fractional seconds: 3661s
  const negative = duration.nanos < 0n;
  const nanos = negative ? -duration.nanos : duration.nanos;
  const fraction = nanos % 1_000_000_000n;
  const tail = fraction === 0n ? '' : `.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
  return `${negative ? '-' : ''}${nanos / 1_000_000_000n}${tail}s`;
};

/** A text that differs for different values; for identities and `format`. */
export function describe(value: CelValue): string {
  spend(typeof value === 'string' ? 1 + (value.length >> 4) : 1);
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return goFloat(value);
  }
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return `b"${Buffer.from(value).toString('latin1')}"`;
  if (value instanceof Duration) return formatGoDuration(value.nanos);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Optional)
    return value.value === undefined ? 'none' : `optional(${describe(value.value)})`;
  if (isList(value)) {
    const items: string[] = [];
    for (let i = 0; i < value.size; i++) items.push(describe(value.get(i)));
    return `[${items.join(', ')}]`;
  }
  if (isMap(value)) {
    const entries = value.keys().map((key) => `${describe(key)}: ${describe(value.get(key) as CelValue)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  return value.text ?? value.type;
}
