import { usage } from '../parse.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, y: 365 * 86_400 };

/** Seconds of `90`, `90s`, `15m`, `12h`, `7d`, `1y`. Throws `usage`. */
export function durationOf(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit = 's'] = /^(\d{1,12})([smhdy])?$/.exec(String(value)) ?? [];
  const seconds = Number(digits) * (SECONDS[unit] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw usage(`--${name} cannot be ${JSON.stringify(value)}.`, `For example: --${name} 15m (s, m, h, d, y)`);
}
