import { goFloat } from '../canonical.ts';
import { Uint } from './ast.ts';
import { interpolate, unsuitable } from './format-clauses.ts';
import { bounded, MAX_TEXT } from './strings.ts';
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

/** `string.format(args)`. */
export function format(text: string, args: readonly CelValue[]): string {
  let size = 0;
  const out = interpolate(text, args.length, (verb, digits, index) => {
    const made = formatClause(verb, digits, args[index] as CelValue);
    size += made.length;
    if (size > MAX_TEXT) throw new CostLimitError();
    return made;
  });
  return bounded(out);
}

function formatClause(verb: string, digits: number, value: CelValue): string {
  if (digits > 100) throw new CelError('precision is too large');
  switch (verb) {
    case 's':
      return formatValue(value, true);
    case 'd':
      return radix(verb, value, 10);
    case 'f':
    case 'e':
      return formatDouble(verb, digits, value);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : radix(verb, value, 2);
    case 'o':
      return radix(verb, value, 8);
    case 'X':
      return hex(verb, value).toUpperCase();
    default:
      return hex(verb, value);
  }
}

function formatDouble(verb: 'f' | 'e', digits: number, value: CelValue): string {
  if (typeof value !== 'number') throw unsuitable(verb, typeName(value));
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  return verb === 'f' ? value.toFixed(digits) : value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
}

function hex(verb: string, value: CelValue): string {
  if (typeof value === 'string' || value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return radix(verb, value, 16);
}

function radix(verb: string, value: CelValue, base: number): string {
  if (typeof value === 'bigint') return value.toString(base);
  if (value instanceof Uint) return value.value.toString(base);
  throw unsuitable(verb, typeName(value));
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
  throw unsuitable('s', typeName(value));
}
