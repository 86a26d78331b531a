import { goFloat } from '../canonical.ts';
import { Uint } from './ast.ts';
import {
  CelError,
  type CelValue,
  CostLimitError,
  Duration,
  formatDuration,
  formatTimestamp,
  isList,
  isMap,
  spend,
  Timestamp,
  TypeValue,
  typeName,
} from './values.ts';

/** A text by its code points, which is how CEL counts. ASCII texts are not copied. */
export class Runes {
  readonly #text: string;
  readonly #points: readonly string[] | undefined;

  constructor(text: string) {
    spend(1 + (text.length >> 4));
    this.#text = text;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the ASCII range is meant
    this.#points = /^[\x00-\x7f]*$/.test(text) ? undefined : [...text];
  }
  get length(): number {
    return this.#points?.length ?? this.#text.length;
  }
  slice(from: number, to?: number): string {
    return this.#points ? this.#points.slice(from, to).join('') : this.#text.slice(from, to);
  }
  /** The UTF-16 offset of a code point. */
  offset(index: number): number {
    return this.#points ? this.#points.slice(0, index).join('').length : index;
  }
  /** The code point at a UTF-16 offset. */
  index(offset: number): number {
    return this.#points ? [...this.#text.slice(0, offset)].length : offset;
  }
}

/** The offset of `needle` in linear time: engines search naively, which attackers can make quadratic. */
export function find(text: string, needle: string, from: number): number {
  if (text.length * needle.length < 10_000_000) {
    const found = text.indexOf(needle, from);
    spend(1 + (((found < 0 ? text.length : found) - from) >> 5));
    return found;
  }
  spend(needle.length + text.length - from);
  const fail = new Int32Array(needle.length);
  for (let i = 1, k = 0; i < needle.length; i++) {
    while (k > 0 && needle[i] !== needle[k]) k = fail[k - 1] ?? 0;
    if (needle[i] === needle[k]) k++;
    fail[i] = k;
  }
  for (let i = Math.max(0, from), k = 0; i < text.length; i++) {
    while (k > 0 && text[i] !== needle[k]) k = fail[k - 1] ?? 0;
    if (text[i] === needle[k]) k++;
    if (k === needle.length) return i - k + 1;
  }
  return -1;
}

/** The last offset of `needle` that is at most `limit`, in linear time. */
function findLast(text: string, needle: string, limit: number): number {
  if (text.length * needle.length < 10_000_000) return text.lastIndexOf(needle, limit);
  let best = -1;
  let at = 0;
  for (;;) {
    const found = find(text, needle, at);
    if (found < 0 || found > limit) return best;
    best = found;
    at = found + 1;
  }
}

const outOfRange = (index: number): never => {
  throw new CelError(`index out of range: ${index}`);
};

export function charAt(text: string, index: number): string {
  const runes = new Runes(text);
  if (index < 0 || index > runes.length) outOfRange(index);
  return runes.slice(index, index + 1);
}

export function indexOf(text: string, needle: string, offset: number): number {
  if (needle === '') return offset;
  const runes = new Runes(text);
  if (offset < 0 || offset >= runes.length) return offset === 0 ? -1 : outOfRange(offset);
  const found = find(text, needle, runes.offset(offset));
  return found < 0 ? -1 : runes.index(found);
}

export function lastIndexOf(text: string, needle: string, offset?: number): number {
  const runes = new Runes(text);
  if (needle === '') return offset ?? runes.length;
  const last = offset ?? runes.length - 1;
  if (last < 0 || last >= runes.length) return offset === undefined ? -1 : outOfRange(last);
  const limit = runes.offset(last);
  const best = findLast(text, needle, limit);
  return best < 0 ? -1 : runes.index(best);
}

export function substring(text: string, start: number, end?: number): string {
  const runes = new Runes(text);
  if (end !== undefined && start > end) {
    throw new CelError(`invalid substring range. start: ${start}, end: ${end}`);
  }
  if (start < 0 || start > runes.length) outOfRange(start);
  if (end !== undefined && (end < 0 || end > runes.length)) outOfRange(end);
  return runes.slice(start, end);
}

/** Longest text that a function may make: upstream's only bound is its memory. */
const MAX_TEXT = 16 * 1024 * 1024;

export function bounded(text: string): string {
  if (text.length > MAX_TEXT) throw new CostLimitError();
  return text;
}

export function split(text: string, separator: string, limit: number): string[] {
  spend(1 + (text.length >> 3));
  if (limit === 0) return [];
  if (separator === '') {
    const points = [...text];
    if (limit < 0 || points.length <= limit) return points;
    return [...points.slice(0, limit - 1), points.slice(limit - 1).join('')];
  }
  const parts: string[] = [];
  let at = 0;
  while (limit < 0 || parts.length < limit - 1) {
    const next = find(text, separator, at);
    if (next < 0) break;
    parts.push(text.slice(at, next));
    at = next + separator.length;
  }
  parts.push(text.slice(at));
  return parts;
}

export function replace(text: string, old: string, replacement: string, limit: number): string {
  if (limit === 0 || old === replacement) return text;
  if (old === '') {
    const points = [...text];
    const count = limit < 0 ? points.length + 1 : Math.min(limit, points.length + 1);
    checkSize(text.length + count * replacement.length);
    let out = '';
    for (let i = 0; i <= points.length; i++) out += (i < count ? replacement : '') + (points[i] ?? '');
    return out;
  }
  const parts = split(text, old, limit < 0 ? -1 : limit + 1);
  checkSize(text.length + parts.length * replacement.length);
  return parts.join(replacement);
}

export function join(parts: readonly string[], separator: string): string {
  let size = 0;
  for (const part of parts) size += part.length + separator.length;
  checkSize(size);
  return parts.join(separator);
}

function checkSize(size: number): void {
  if (size > MAX_TEXT) throw new CostLimitError();
  spend(1 + (size >> 5));
}

export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (found) => found.toLowerCase());
export const upperAscii = (text: string): string => text.replace(/[a-z]+/g, (found) => found.toUpperCase());

const QUOTES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};
export const quote = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is escaped
  bounded(`"${text.replace(/[\x07\b\f\n\r\t\v\\"]/g, (c) => QUOTES[c] ?? c)}"`);

/** `string.format(args)`: %s %d %f %e %b %x %X %o %%. */
export function format(text: string, args: readonly CelValue[]): string {
  let next = 0;
  let size = 0;
  const out = text.replace(
    /%(?:%|(?:\.(\d*))?([\s\S]?))/g,
    (all, precision: string | undefined, verb: string | undefined) => {
      if (all === '%%') return '%';
      if (next >= args.length) throw new CelError(`index ${next} out of range`);
      const made = clause(verb ?? '', precision, args[next++] as CelValue);
      size += made.length;
      if (size > MAX_TEXT) throw new CostLimitError();
      return made;
    },
  );
  if (next < args.length)
    throw new CelError(`too many arguments supplied to string.format (expected ${next}, got ${args.length})`);
  return bounded(out);
}

function clause(verb: string, precision: string | undefined, value: CelValue): string {
  const digits = precision === undefined || precision === '' ? 6 : Number(precision);
  if (digits > 100) throw new CelError('precision is too large');
  switch (verb) {
    case 's':
      return formatValue(value, true);
    case 'd':
      if (typeof value === 'bigint') return String(value);
      if (value instanceof Uint) return String(value.value);
      throw new CelError(
        `error during formatting: decimal clause can only be used on integers, was given ${typeName(value)}`,
      );
    case 'f':
    case 'e': {
      if (typeof value !== 'number') {
        const name = verb === 'f' ? 'fixed-point' : 'scientific';
        throw new CelError(
          `error during formatting: ${name} clause can only be used on doubles, was given ${typeName(value)}`,
        );
      }
      if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
      return verb === 'f'
        ? value.toFixed(digits)
        : value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
    }
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return radix(value, 2, 'only integers and bools can be formatted as binary');
    case 'o':
      return radix(value, 8, 'octal clause can only be used on integers');
    case 'x':
    case 'X': {
      const text = hex(value);
      return verb === 'X' ? text.toUpperCase() : text;
    }
    default:
      throw new CelError(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function hex(value: CelValue): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return radix(value, 16, 'only integers, byte buffers, and strings can be formatted as hex');
}

function radix(value: CelValue, base: number, problem: string): string {
  if (typeof value === 'bigint') return value.toString(base);
  if (value instanceof Uint) return value.value.toString(base);
  throw new CelError(`error during formatting: ${problem}, was given ${typeName(value)}`);
}

/** A value as `%s` shows it; inside lists and maps texts are quoted. */
function formatValue(value: CelValue, top: boolean): string {
  spend(1);
  if (value === null) return 'null';
  if (typeof value === 'string') return top ? value : JSON.stringify(value);
  if (typeof value === 'number') return top ? goFloat(value) : value.toFixed(6);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array)
    return top ? Buffer.from(value).toString() : `b${JSON.stringify(Buffer.from(value).toString())}`;
  if (value instanceof TypeValue) return value.name;
  if (value instanceof Timestamp)
    return top ? formatTimestamp(value) : `timestamp("${formatTimestamp(value)}")`;
  if (value instanceof Duration) return top ? formatDuration(value) : `duration("${formatDuration(value)}")`;
  if (isList(value)) {
    const items: string[] = [];
    for (let i = 0; i < value.size; i++) items.push(formatValue(value.get(i), false));
    return `[${items.join(', ')}]`;
  }
  if (isMap(value)) {
    const entries = value
      .keys()
      .map((key) => `${formatValue(key, false)}:${formatValue(value.get(key) ?? null, false)}`);
    return `{${entries.sort().join(', ')}}`;
  }
  throw new CelError(
    `error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${typeName(value)}`,
  );
}
