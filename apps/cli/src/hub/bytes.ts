import { usage } from '../parse.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** Bytes of `500M`, `10Gi`. Throws `usage`. */
export function bytesOf(option: string, value: string): number {
  const [, digits, unit = ''] = /^(\d{1,15})([KMGT]i?)?$/.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw usage(`--${option} cannot be ${JSON.stringify(value)}.`, `For example: --${option} 10Gi`);
}
