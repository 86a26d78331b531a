/**
 * metav1.Time, MicroTime and Duration as upstream's JSON has them: parsed by Go's layouts, written in UTC with
 * second (or microsecond) precision. Errors carry the texts of Go's time package.
 */
const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(Z|([+-])(\d\d):(\d\d))$/;
const RFC3339_MICRO = /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)[.,](\d{6})(Z|([+-])(\d\d):(\d\d))$/;
const LAYOUT = '2006-01-02T15:04:05Z07:00';
const LAYOUT_MICRO = '2006-01-02T15:04:05.000000Z07:00';

const daysIn = (year: number, month: number): number =>
  new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return date.getTime();
}

/** Go's zero time, which is written as null. */
const ZERO_TIME = utc(1, 1, 1, 0, 0, 0);

interface Parsed {
  /** Milliseconds since the epoch, whole seconds. */
  readonly seconds: number;
  /** Digits after the second. */
  readonly fraction: string;
}

function parse(text: string, micro: boolean): Parsed {
  const match = (micro ? RFC3339_MICRO : RFC3339).exec(text);
  const fail = (reason: string): Error => new Error(`parsing time ${JSON.stringify(text)}${reason}`);
  if (!match) throw new Error(parseFailure(text, micro));
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12) throw fail(': month out of range');
  if (hour > 23) throw fail(': hour out of range');
  if (minute > 59) throw fail(': minute out of range');
  if (second > 59) throw fail(': second out of range');
  if (day < 1 || day > daysIn(year, month)) throw fail(': day out of range');
  const offset = match[9] === undefined ? 0 : (Number(match[10]) * 60 + Number(match[11])) * 60_000;
  const at = utc(year, month, day, hour, minute, second) - (match[9] === '-' ? -offset : offset);
  return { seconds: at, fraction: match[7] ?? '' };
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

function formatSeconds(at: number): string {
  const date = new Date(at);
  return (
    `${pad(date.getUTCFullYear(), 4)}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}` +
    `T${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}`
  );
}

/** Canonical, and surely in range: the last days of months are left to `parse`. */
function isPlainTime(text: string): boolean {
  if (!CANONICAL.test(text)) return false;
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const inDate = month >= 1 && month <= 12 && day >= 1 && day <= 28;
  return inDate && twoDigits(text, 11) <= 23 && twoDigits(text, 14) <= 59 && twoDigits(text, 17) <= 59;
}

const twoDigits = (text: string, at: number): number =>
  (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48;

const ZERO_TEXT = '0001-01-01T00:00:00Z';

/** Canonical metav1.Time; null for Go's zero time. Throws an Error with Go's text. */
export function canonicalTime(text: string): string | null {
  // nearly all times come as this server wrote them
  if (isPlainTime(text)) return text === ZERO_TEXT ? null : text;
  const at = parse(text, false).seconds;
  if (at === ZERO_TIME) return null;
  return CANONICAL.test(text) ? text : `${formatSeconds(at)}Z`;
}

/** Canonical metav1.MicroTime, with exactly six digits, which Go's layout demands of the input as well. */
export function canonicalMicroTime(text: string): string | null {
  const { seconds, fraction } = parse(text, true);
  if (seconds === ZERO_TIME && fraction === '000000') return null;
  return `${formatSeconds(seconds)}.${fraction}Z`;
}

/** The pieces of the layouts in order, with what each accepts. */
const STEPS: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d{1,2}/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d(?:[.,]\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
];
const MICRO_STEPS = STEPS.flatMap((step): (readonly [string, RegExp])[] =>
  step[0] === '05'
    ? [
        ['05', /^\d\d/],
        ['.000000', /^[.,]\d{6}/],
      ]
    : [step],
);

function parseFailure(text: string, micro: boolean): string {
  const head = `parsing time ${JSON.stringify(text)}`;
  let rest = text;
  for (const [element, accepts] of micro ? MICRO_STEPS : STEPS) {
    const found = accepts.exec(rest);
    if (!found) {
      const layout = micro ? LAYOUT_MICRO : LAYOUT;
      return `${head} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${element}"`;
    }
    rest = rest.slice(found[0].length);
  }
  return `${head}: extra text: ${JSON.stringify(rest)}`;
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** Go's time.ParseDuration followed by Duration.String. Throws an Error with Go's text. */
export function canonicalDuration(text: string): string {
  const body = /^[+-]?/.exec(text)?.[0] ?? '';
  let rest = text.slice(body.length);
  if (rest === '0') return '0s';
  if (rest === '') throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  let nanoseconds = 0;
  while (rest !== '') {
    const match = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (!match?.[1]) throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
    const unit = match[2] ?? '';
    if (unit === '') throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
    const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (factor === undefined) {
      throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    }
    nanoseconds += Number(match[1]) * factor;
    rest = rest.slice(match[0].length);
  }
  return formatDuration(body === '-' ? -nanoseconds : nanoseconds);
}

/** Go's Duration.String. */
function formatDuration(nanoseconds: number): string {
  const sign = nanoseconds < 0 ? '-' : '';
  const total = Math.abs(Math.trunc(nanoseconds));
  if (total === 0) return '0s';
  if (total < 1e3) return `${sign}${total}ns`;
  if (total < 1e6) return `${sign}${total / 1e3}µs`;
  if (total < 1e9) return `${sign}${total / 1e6}ms`;
  const hours = Math.floor(total / 3600e9);
  const minutes = Math.floor((total % 3600e9) / 60e9);
  const seconds = (total % 60e9) / 1e9;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
