import { CelError, CostLimitError, spend } from './values.ts';

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
export const MAX_TEXT = 16 * 1024 * 1024;

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
