import { SampanError } from './errors.ts';

/** How a quantity is written: `12e6`, `12Mi` or `12M`. */
export type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI';

export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
export const QUANTITY_NUMERIC_ERROR = 'unable to parse numeric part of quantity';
export const QUANTITY_SUFFIX_ERROR = "unable to parse quantity's suffix";

const DECIMAL_SUFFIXES = new Map<string, number>([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_SUFFIXES = new Map<string, number>([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const DECIMAL_BY_EXPONENT = new Map([...DECIMAL_SUFFIXES].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_BY_EXPONENT = new Map([...BINARY_SUFFIXES].map(([suffix, exponent]) => [exponent, suffix]));

/** The finest step of a quantity is 10^-9. */
const NANO = -9;
const MAX_INT64 = 2n ** 63n - 1n;
/** Digits that surely fit an int64. */
const INT64_DIGITS = 18;
/** Longer texts and larger exponents than any real amount: refused, so that no request costs big arithmetic. */
const MAX_LENGTH = 1024;
const MAX_EXPONENT = 10_000;

const NUMBER = /^([+-]?)(\d*)(?:(\.)(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/;
const EXPONENT = /^[eE]([-+]?\d+)$/;

const POWERS_OF_TEN: bigint[] = [];
function pow10(exponent: number): bigint {
  if (exponent > 64) return 10n ** BigInt(exponent);
  const power = POWERS_OF_TEN[exponent] ?? 10n ** BigInt(exponent);
  POWERS_OF_TEN[exponent] = power;
  return power;
}

/** Division away from zero (inf.RoundUp). */
function divideRoundUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  if (quotient * divisor === value) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}

function suffixOf(text: string): { base: 2 | 10; exponent: number; format: QuantityFormat } | undefined {
  const decimal = DECIMAL_SUFFIXES.get(text);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.get(text);
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' };
  const match = EXPONENT.exec(text);
  if (match === null) return undefined;
  const exponent = Number(match[1]);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  return { base: 10, exponent, format: 'DecimalExponent' };
}

/**
 * An exact amount of a resource: `1500m`, `2Gi`, `1e3` (apimachinery pkg/api/resource, "Quantity" in the API
 * reference). Immutable. Parsing, comparison, arithmetic and the canonical text are upstream's, including
 * that a text which is already canonical enough is kept as written.
 */
export class Quantity {
  /** The amount is `unscaled` × 10^`scale`. */
  readonly unscaled: bigint;
  readonly scale: number;
  readonly format: QuantityFormat;
  #text: string | undefined;

  constructor(unscaled: bigint, scale: number, format: QuantityFormat, text?: string) {
    this.unscaled = unscaled;
    this.scale = scale;
    this.format = format;
    this.#text = text;
  }

  /** The exact amount in units of 10^`scale`, rounded away from zero. */
  scaled(scale: number): bigint {
    if (this.scale === scale) return this.unscaled;
    if (this.scale > scale) return this.unscaled * pow10(this.scale - scale);
    return divideRoundUp(this.unscaled, pow10(scale - this.scale));
  }

  /** Whole units, rounded away from zero; inexact above 2^53 (use `scaled(0)` there). */
  value(): number {
    return Number(this.scaled(0));
  }

  /** Thousandths, rounded away from zero; inexact above 2^53. */
  milliValue(): number {
    return Number(this.scaled(-3));
  }

  /** True when the amount has no fraction of 10^`scale`. */
  isMultipleOf(scale: number): boolean {
    return this.scale >= scale || this.unscaled % pow10(scale - this.scale) === 0n;
  }

  sign(): -1 | 0 | 1 {
    return this.unscaled === 0n ? 0 : this.unscaled < 0n ? -1 : 1;
  }

  isZero(): boolean {
    return this.unscaled === 0n;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    const scale = Math.min(this.scale, other.scale);
    const left = this.scaled(scale);
    const right = other.scaled(scale);
    return left === right ? 0 : left < right ? -1 : 1;
  }

  equals(other: Quantity): boolean {
    return this.compare(other) === 0;
  }

  /** The sum, in this quantity's format unless this is zero. */
  add(other: Quantity): Quantity {
    const scale = Math.min(this.scale, other.scale);
    return new Quantity(
      this.scaled(scale) + other.scaled(scale),
      scale,
      this.isZero() ? other.format : this.format,
    );
  }

  /** The difference, in this quantity's format unless this is zero. */
  sub(other: Quantity): Quantity {
    return this.add(other.negate());
  }

  negate(): Quantity {
    return new Quantity(-this.unscaled, this.scale, this.format);
  }

  /** The canonical text: mantissa without needless zeros, the largest fitting suffix. */
  toString(): string {
    this.#text ??= this.#canonical();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  #canonical(): string {
    if (this.unscaled === 0n) return '0';
    if (this.format === 'BinarySI' && this.isMultipleOf(0)) {
      const whole = this.scaled(0);
      if (whole <= -1024n || whole >= 1024n) return canonicalBinary(whole);
    }
    return this.#canonicalDecimal();
  }

  #canonicalDecimal(): string {
    let mantissa = this.unscaled;
    let exponent = this.scale;
    while (mantissa % 10n === 0n) {
      mantissa /= 10n;
      exponent++;
    }
    while (exponent % 3 !== 0) {
      mantissa *= 10n;
      exponent--;
    }
    if (this.format === 'DecimalExponent') return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`;
    return `${mantissa}${DECIMAL_BY_EXPONENT.get(exponent) ?? ''}`;
  }

  /** Throws a SampanError `invalid-quantity` with upstream's text. */
  static parse(text: string): Quantity {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const result = parseQuantity(text);
    if (typeof result === 'string') {
      throw new SampanError('invalid-quantity', result, {
        hint: 'Write a number with an optional suffix such as m, k, M, G, Ki, Mi or Gi.',
      });
    }
    remember(text, result);
    return result;
  }

  /** As `parse`, but undefined when the text is no quantity. */
  static tryParse(text: string): Quantity | undefined {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const result = parseQuantity(text);
    if (typeof result === 'string') return undefined;
    remember(text, result);
    return result;
  }

  /** A whole number of 10^`scale`. */
  static of(value: number | bigint, format: QuantityFormat = 'DecimalSI', scale = 0): Quantity {
    return new Quantity(BigInt(value), scale, format);
  }
}

/** The few texts that a cluster's objects repeat (`100m`, `128Mi`) are parsed once. */
const cache = new Map<string, Quantity>();
const CACHE_SIZE = 4096;
function remember(text: string, quantity: Quantity): void {
  if (text.length > 24) return;
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(text, quantity);
}

export const ZERO_QUANTITY = new Quantity(0n, 0, 'DecimalSI');

function canonicalBinary(whole: bigint): string {
  let mantissa = whole;
  let exponent = 0;
  while (exponent < 60 && mantissa % 1024n === 0n) {
    mantissa /= 1024n;
    exponent += 10;
  }
  return `${mantissa}${BINARY_BY_EXPONENT.get(exponent) ?? ''}`;
}

/** The quantity, or upstream's message of what is wrong. */
function parseQuantity(text: string): Quantity | string {
  if (text.length === 0 || text.length > MAX_LENGTH) return QUANTITY_FORMAT_ERROR;
  const match = NUMBER.exec(text);
  if (match === null) return QUANTITY_FORMAT_ERROR;
  const [, signText = '', digits = '', , denominator = '', suffixText = ''] = match;
  const suffix = suffixOf(suffixText);
  if (suffix === undefined) return QUANTITY_SUFFIX_ERROR;
  const numerator = digits.replace(/^0+/, '') || '0';
  const { base, exponent, format } = suffix;
  const sign = signText === '-' ? -1n : 1n;
  const magnitude = BigInt(numerator + denominator);
  const unscaled = sign * magnitude;

  if (base === 10) {
    const scale = exponent - denominator.length;
    const fits = numerator.length + denominator.length <= INT64_DIGITS && scale >= NANO;
    if (!fits) return roundToNano(unscaled, scale, format);
    const shifted = numerator + denominator;
    const keep = scale % 3 === 0 && !shifted.endsWith('000') && shifted[0] !== '0';
    return new Quantity(unscaled, scale, format, keep ? text : undefined);
  }
  const scaledUp = unscaled << BigInt(exponent);
  if (denominator === '' && 15 - numerator.length - Math.trunc((exponent * 3) / 10) - 1 >= 0) {
    return new Quantity(scaledUp, 0, format, (magnitude & 7n) !== 0n ? text : undefined);
  }
  return capBinary(roundToNano(scaledUp, -denominator.length, format));
}

function roundToNano(unscaled: bigint, scale: number, format: QuantityFormat): Quantity {
  if (unscaled === 0n || scale >= NANO) return new Quantity(unscaled, unscaled === 0n ? 0 : scale, format);
  return new Quantity(divideRoundUp(unscaled, pow10(NANO - scale)), NANO, format);
}

/** Binary amounts stop at the largest int64; fractions below one are shown with decimal suffixes. */
function capBinary(quantity: Quantity): Quantity {
  const limit = new Quantity(quantity.sign() < 0 ? -MAX_INT64 : MAX_INT64, 0, 'BinarySI');
  const over = quantity.sign() < 0 ? quantity.compare(limit) < 0 : quantity.compare(limit) > 0;
  if (over) return limit;
  const whole = quantity.unscaled < 0n ? -quantity.unscaled : quantity.unscaled;
  if (whole !== 0n && quantity.scale < 0 && whole < pow10(-quantity.scale)) {
    return new Quantity(quantity.unscaled, quantity.scale, 'DecimalSI');
  }
  return quantity;
}
