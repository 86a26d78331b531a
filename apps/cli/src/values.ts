import { usage } from './parse.ts';

/** An option that may be repeated, as a list. */
export function listOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value as readonly string[];
  return typeof value === 'string' ? [value] : [];
}

/** A whole number between two others; undefined when the option was not given. Throws `usage`. */
export function numberOf(
  name: string,
  value: unknown,
  { least, most }: { least: number; most: number },
): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value !== '' && Number.isInteger(number) && number >= least && number <= most) return number;
  throw usage(`--${name} cannot be ${JSON.stringify(value)}.`, `It is a number from ${least} to ${most}.`);
}

/** A time in seconds. Throws `usage`. */
export function secondsOf(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const seconds = Number(value);
  if (value !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds;
  throw usage(`--${name} cannot be ${JSON.stringify(value)}.`, `Give a number of seconds: --${name} 120`);
}
