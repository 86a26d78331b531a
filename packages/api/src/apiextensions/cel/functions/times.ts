import { timePart } from '../time-parts.ts';
import type { Duration, Timestamp } from '../values.ts';
import type { Row } from './row.ts';

export function timeRows(): Row[] {
  const rows: Row[] = [];
  const names = {
    getFullYear: 'timestamp_to_year',
    getMonth: 'timestamp_to_month',
    getDayOfYear: 'timestamp_to_day_of_year',
    getDayOfMonth: 'timestamp_to_day_of_month',
    getDate: 'timestamp_to_day_of_month_1_based',
    getDayOfWeek: 'timestamp_to_day_of_week',
    getHours: 'timestamp_to_hours',
    getMinutes: 'timestamp_to_minutes',
    getSeconds: 'timestamp_to_seconds',
    getMilliseconds: 'timestamp_to_milliseconds',
  } as const;
  for (const [name, id] of Object.entries(names)) {
    rows.push([name, id, 'timestamp.() int', (t: Timestamp) => timePart(name, t, 'UTC')]);
    rows.push([
      name,
      `${id}_with_tz`,
      'timestamp.(string) int',
      (t: Timestamp, zone: string) => timePart(name, t, zone),
    ]);
  }
  const units = {
    getHours: 3_600_000_000_000n,
    getMinutes: 60_000_000_000n,
    getSeconds: 1_000_000_000n,
    getMilliseconds: 1_000_000n,
  };
  for (const [name, unit] of Object.entries(units)) {
    rows.push([
      name,
      `duration_to_${name.slice(3).toLowerCase()}`,
      'duration.() int',
      (d: Duration) => d.nanos / unit,
    ]);
  }
  return rows;
}
