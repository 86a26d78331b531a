import { isTimeZone } from './time-zone.ts';

/** The syntax of CronJob schedules, with the texts of github.com/robfig/cron v3 (cron.ParseStandard). */

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: Readonly<Record<string, number>>;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const numbered = (names: readonly string[], first: number): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, i + first]));

/** Minute, hour, day of month, month, day of week. */
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: numbered(MONTHS, 1) },
  { min: 0, max: 6, names: numbered(DAYS, 0) },
];
const DESCRIPTORS = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);
const DURATION = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
/** A real schedule is shorter; a longer one is not looked at. */
const MAX_LENGTH = 4096;

/** What is wrong with a schedule; undefined when it is valid. */
export function scheduleProblem(schedule: string): string | undefined {
  if (schedule.length > MAX_LENGTH) return `schedule is longer than ${MAX_LENGTH} characters`;
  try {
    parse(schedule);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function parse(text: string): void {
  let spec = text;
  if (spec === '') throw new Error('empty spec string');
  if (spec.startsWith('TZ=') || spec.startsWith('CRON_TZ=')) {
    const space = spec.indexOf(' ');
    const zone = spec.slice(spec.indexOf('=') + 1, space < 0 ? undefined : space);
    if (!isTimeZone(zone)) throw new Error(`provided bad location ${zone}: unknown time zone ${zone}`);
    spec = space < 0 ? '' : spec.slice(space).trim();
  }
  if (spec.startsWith('@')) {
    checkDescriptor(spec);
    return;
  }
  const parts = spec.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) {
    throw new Error(`expected exactly ${FIELDS.length} fields, found ${parts.length}: [${parts.join(' ')}]`);
  }
  FIELDS.forEach((bounds, i) => {
    for (const range of (parts[i] ?? '').split(',')) if (range !== '') checkRange(range, bounds);
  });
}

function checkDescriptor(spec: string): void {
  if (DESCRIPTORS.has(spec)) return;
  if (!spec.startsWith('@every ')) throw new Error(`unrecognized descriptor: ${spec}`);
  const duration = spec.slice('@every '.length);
  if (duration !== '0' && !DURATION.test(duration)) {
    throw new Error(`failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(duration)}`);
  }
}

/** `number | number "-" number [ "/" number ]`, `*` and `?` for all. */
function checkRange(expression: string, bounds: Bounds): void {
  const steps = expression.split('/');
  const ends = (steps[0] ?? '').split('-');
  const [low = ''] = ends;
  let start = bounds.min;
  let end = bounds.max;
  if (low !== '*' && low !== '?') {
    start = parseNumber(low, bounds.names);
    end = start;
    if (ends.length === 2) end = parseNumber(ends[1] ?? '', bounds.names);
    if (ends.length > 2) throw new Error(`too many hyphens: ${expression}`);
  }
  let step = 1;
  if (steps.length > 2) throw new Error(`too many slashes: ${expression}`);
  if (steps.length === 2) {
    step = parseNumber(steps[1] ?? '');
    // N/step means N-max/step.
    if (ends.length === 1) end = bounds.max;
  }
  if (start < bounds.min) {
    throw new Error(`beginning of range (${start}) below minimum (${bounds.min}): ${expression}`);
  }
  if (end > bounds.max) throw new Error(`end of range (${end}) above maximum (${bounds.max}): ${expression}`);
  if (start > end)
    throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${expression}`);
  if (step === 0) throw new Error(`step of range should be a positive number: ${expression}`);
}

function parseNumber(text: string, names?: Readonly<Record<string, number>>): number {
  const name = text.toLowerCase();
  if (names !== undefined && Object.hasOwn(names, name)) return names[name] as number;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    const reason = `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`;
    throw new Error(`failed to parse int from ${text}: ${reason}`);
  }
  if (value < 0) throw new Error(`negative number (${value}) not allowed: ${text}`);
  return value;
}
