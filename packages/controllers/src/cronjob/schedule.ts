import { wallTime } from './time-zone.ts';

/** When something is to happen again and again. */
export interface Schedule {
  /** The next time after `after`, both in milliseconds since the epoch; undefined: never again. */
  next(after: number): number | undefined;
}

interface Field {
  readonly values: ReadonlySet<number>;
  /** `*` or `?`: any value, and not a choice of days. */
  readonly any: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const BOUNDS: readonly { min: number; max: number; names?: readonly string[] }[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['', ...MONTHS] },
  { min: 0, max: 6, names: DAYS },
];
const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Schedules such as February 31st have no time in years, or ever. */
const HORIZON_MS = 5 * 366 * DAY;

/**
 * A CronJob's schedule in a time zone (github.com/robfig/cron v3, ParseStandard). Throws an Error when it is none; the
 * API server lets only valid ones through.
 */
export function parseSchedule(text: string, zone: string): Schedule {
  const own = /^(?:CRON_)?TZ=(\S*)\s+(.*)$/.exec(text);
  if (own) return parseSchedule(own[2] ?? '', own[1] || 'UTC');
  if (text.startsWith('@every ')) return every(text.slice('@every '.length));
  const spec = Object.hasOwn(DESCRIPTORS, text) ? (DESCRIPTORS[text] ?? '') : text;
  const parts = spec.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== BOUNDS.length)
    throw new Error(`expected exactly ${BOUNDS.length} fields, found ${parts.length}: [${parts.join(' ')}]`);
  const [minute, hour, day, month, weekday] = parts.map(parseField) as [Field, Field, Field, Field, Field];
  return new CronSchedule({ minute, hour, day, month, weekday }, zone);
}

function every(text: string): Schedule {
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(h|ms|m|s)/g))
    ms += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  const delay = Math.max(1000, Math.floor(ms / 1000) * 1000);
  return { next: (after) => Math.floor(after / 1000) * 1000 + delay };
}

function parseField(text: string, index: number): Field {
  const values = new Set<number>();
  let any = false;
  for (const range of text.split(',')) {
    if (range === '') continue;
    any = parseRange(range, index, values) || any;
  }
  return { values, any };
}

/** Adds what a range means; is it any value? */
function parseRange(range: string, index: number, values: Set<number>): boolean {
  const { min, max, names } = BOUNDS[index] ?? { min: 0, max: 0 };
  const number = (text: string): number => {
    const named = names?.indexOf(text.toLowerCase()) ?? -1;
    const value = named >= 0 ? named : Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new Error(`failed to parse ${text} of ${range}`);
    return value;
  };
  const [span = '', stepText] = range.split('/');
  const step = stepText === undefined ? 1 : Number(stepText);
  if (!Number.isInteger(step) || step < 1)
    throw new Error(`step of range should be a positive number: ${range}`);
  const [low = '', high] = span.split('-');
  const any = low === '*' || low === '?';
  const first = any ? min : number(low);
  const open = any || (high === undefined && stepText !== undefined);
  const last = open ? max : high === undefined ? first : number(high);
  for (let value = first; value <= last; value += step) values.add(value);
  return any && step === 1;
}

interface Fields {
  readonly minute: Field;
  readonly hour: Field;
  readonly day: Field;
  readonly month: Field;
  readonly weekday: Field;
}

/**
 * Times that a change to summer time skips are skipped; times that come twice when it ends happen twice, as with
 * upstream.
 */
class CronSchedule implements Schedule {
  readonly #fields: Fields;
  readonly #zone: string;

  constructor(fields: Fields, zone: string) {
    this.#fields = fields;
    this.#zone = zone;
  }

  next(after: number): number | undefined {
    const { hour, minute } = this.#fields;
    const end = after + HORIZON_MS;
    let time = (Math.floor(after / MINUTE) + 1) * MINUTE;
    while (time <= end) {
      const wall = wallTime(this.#zone, time);
      if (!this.#isDay(wall.month, wall.day, wall.weekday)) time = this.#nextDay(time);
      else if (!hour.values.has(wall.hour)) time += (60 - wall.minute) * MINUTE;
      else if (!minute.values.has(wall.minute)) time += MINUTE;
      else return time;
    }
    return undefined;
  }

  /** Days of month and of week are alternatives when both are chosen. */
  #isDay(month: number, day: number, weekday: number): boolean {
    const fields = this.#fields;
    if (!fields.month.values.has(month)) return false;
    const [byDay, byWeekday] = [fields.day.values.has(day), fields.weekday.values.has(weekday)];
    return fields.day.any || fields.weekday.any ? byDay && byWeekday : byDay || byWeekday;
  }

  /** The first moment of the next day, which is not always 0:00 and not always within 24 hours. */
  #nextDay(time: number): number {
    const { day, hour, minute } = wallTime(this.#zone, time);
    const next = time + DAY - (hour * 60 + minute) * MINUTE;
    const wall = wallTime(this.#zone, next);
    if (wall.day === day || wall.hour * 60 + wall.minute === 0) return next;
    const earlier = next - (wall.hour * 60 + wall.minute) * MINUTE;
    return wallTime(this.#zone, earlier).day === wall.day ? earlier : next;
  }
}
