import { CelError, type Timestamp } from './values.ts';

const formatters = new Map<string, Intl.DateTimeFormat>();

function offsetOf(zone: string, at: number): number {
  if (zone === 'UTC' || zone === '') return 0;
  const fixed = /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone);
  if (fixed) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000;
  }
  let formatter = formatters.get(zone);
  if (!formatter) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw new CelError(`unknown time zone ${zone}`);
    }
    if (formatters.size > 500) formatters.clear();
    formatters.set(zone, formatter);
  }
  const parts = new Map(formatter.formatToParts(new Date(at)).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const local = new Date(0);
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'));
  return local.getTime() - Math.floor(at / 1_000) * 1_000;
}

/** A part of a time in a zone: an IANA name or an offset such as `-08:00`. */
export function timePart(name: string, time: Timestamp, zone: string): bigint {
  const millis =
    Number(time.nanos / 1_000_000n) - (time.nanos < 0n && time.nanos % 1_000_000n !== 0n ? 1 : 0);
  const local = new Date(millis + offsetOf(zone, millis));
  switch (name) {
    case 'getFullYear':
      return BigInt(local.getUTCFullYear());
    case 'getMonth':
      return BigInt(local.getUTCMonth());
    case 'getDayOfYear': {
      const start = new Date(0);
      start.setUTCFullYear(local.getUTCFullYear(), 0, 1);
      return BigInt(Math.floor((local.getTime() - start.getTime()) / 86_400_000));
    }
    case 'getDayOfMonth':
      return BigInt(local.getUTCDate() - 1);
    case 'getDate':
      return BigInt(local.getUTCDate());
    case 'getDayOfWeek':
      return BigInt(local.getUTCDay());
    case 'getHours':
      return BigInt(local.getUTCHours());
    case 'getMinutes':
      return BigInt(local.getUTCMinutes());
    case 'getSeconds':
      return BigInt(local.getUTCSeconds());
    default:
      return BigInt(local.getUTCMilliseconds());
  }
}
