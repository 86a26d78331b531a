/**
 * Just enough of DER (ITU-T X.690) for certificates and certificate requests: an encoder of nested values and a
 * strict reader. Libraries for it cost more start time than the whole server may take.
 */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  printable: 0x13,
  t61: 0x14,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmp: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** `[n]` constructed and `[n]` primitive context tags. */
export const contextTag = (n: number): number => 0xa0 | n;
export const primitiveContextTag = (n: number): number => 0x80 | n;

export function encode(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body]);
}

function encodeLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => encode(TAG.sequence, ...parts);

/** DER wants the members of a SET in order of their encodings. */
export const set = (...parts: readonly Uint8Array[]): Buffer =>
  encode(TAG.set, ...[...parts].sort(Buffer.compare));

/** A non-negative integer from its big-endian bytes. */
export function integer(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  return ((trimmed[0] ?? 0) & 0x80) === 0
    ? encode(TAG.integer, trimmed)
    : encode(TAG.integer, Buffer.from([0]), trimmed);
}

export const octetString = (bytes: Uint8Array): Buffer => encode(TAG.octetString, bytes);
export const boolean = (value: boolean): Buffer => encode(TAG.boolean, Buffer.from([value ? 0xff : 0]));
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  encode(TAG.bitString, Buffer.from([unusedBits]), bytes);

export function oid(dotted: string): Buffer {
  const numbers = dotted.split('.').map(Number);
  const [first = 0, second = 0, ...rest] = numbers;
  const bytes: number[] = [];
  for (const value of [first * 40 + second, ...rest]) {
    const group = [value & 0x7f];
    for (let more = Math.floor(value / 128); more > 0; more = Math.floor(more / 128)) {
      group.unshift((more & 0x7f) | 0x80);
    }
    bytes.push(...group);
  }
  return encode(TAG.oid, Buffer.from(bytes));
}

/** UTCTime through 2049, GeneralizedTime after, as RFC 5280 section 4.1.2.5 wants. `ms` since the epoch. */
export function time(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? encode(TAG.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : encode(TAG.generalizedTime, Buffer.from(digits, 'latin1'));
}

export class DerError extends Error {
  constructor(message: string) {
    super(`malformed DER: ${message}`);
    this.name = 'DerError';
  }
}

/** One value: its tag, its content and all its bytes (views, not copies). */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

/** Reads values one after another; throws DerError on anything that is not definite-length DER. */
export class DerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next value's tag without reading it; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  next(expectedTag?: number): DerValue {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new DerError('a tag of several bytes');
    if (expectedTag !== undefined && tag !== expectedTag) {
      throw new DerError(`tag 0x${tag.toString(16)} where 0x${expectedTag.toString(16)} belongs`);
    }
    const length = this.#length();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new DerError('a value that ends beyond its parent');
    const content = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return { tag, content, raw: this.#bytes.subarray(start, end) };
  }

  /** A reader of the next value's content. */
  into(expectedTag: number): DerReader {
    return new DerReader(this.next(expectedTag).content);
  }

  end(): void {
    if (!this.done) throw new DerError('bytes after the last value');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new DerError('it ends early');
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError('a length that is indefinite or too large');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80) throw new DerError('a length not in its shortest form');
    return length;
  }
}

export function readOid(value: DerValue): string {
  if (value.tag !== TAG.oid || value.content.length === 0) throw new DerError('no object identifier');
  const numbers: number[] = [];
  let current = 0;
  for (const byte of value.content) {
    current = current * 128 + (byte & 0x7f);
    if (current > Number.MAX_SAFE_INTEGER / 128) throw new DerError('an object identifier that is too large');
    if ((byte & 0x80) === 0) {
      numbers.push(current);
      current = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}

/** Milliseconds since the epoch of a UTCTime or GeneralizedTime. */
export function readTime(value: DerValue): number {
  const text = value.content.toString('latin1');
  const utc = value.tag === TAG.utcTime;
  const match = (
    utc ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
  ).exec(text);
  if (!match || (!utc && value.tag !== TAG.generalizedTime)) throw new DerError('a malformed time');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const fullYear = utc ? year + (year < 50 ? 2000 : 1900) : year;
  return Date.UTC(fullYear, month - 1, day, hour, minute, second);
}
