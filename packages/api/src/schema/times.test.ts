import { expect, it } from 'vitest';
import { canonicalDuration, canonicalMicroTime, canonicalTime } from './times.ts';

it.each([
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ['2026-01-02T03:04:05.999999999Z', '2026-01-02T03:04:05Z'],
  ['2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00Z'],
  ['2024-02-29T23:00:00-02:00', '2024-03-01T01:00:00Z'],
  ['0001-01-01T00:00:00Z', null],
])('reads the time %s as %s', (text, expected) => expect(canonicalTime(text)).toBe(expected));

it.each([
  ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
  ['2025-02-29T00:00:00Z', 'parsing time "2025-02-29T00:00:00Z": day out of range'],
  ['2026-01-01T24:00:00Z', 'parsing time "2026-01-01T24:00:00Z": hour out of range'],
  ['2026-01-01', 'parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"'],
  ['', 'parsing time "" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "2006"'],
  ['2026-01-01T00:00:00Zx', 'parsing time "2026-01-01T00:00:00Zx": extra text: "x"'],
])('refuses the time %s in the words of Go', (text, message) =>
  expect(() => canonicalTime(text)).toThrow(new Error(message)),
);

it('demands the six digits of a MicroTime', () => {
  expect(canonicalMicroTime('2026-01-01T01:00:00.000001+01:00')).toBe('2026-01-01T00:00:00.000001Z');
  expect(() => canonicalMicroTime('2026-01-01T00:00:00Z')).toThrow(
    'parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
  );
});

it.each([
  ['90m', '1h30m0s'],
  ['1.5s', '1.5s'],
  ['-2ms', '-2ms'],
  ['0', '0s'],
])('reads the duration %s as %s', (text, expected) => expect(canonicalDuration(text)).toBe(expected));

it('refuses durations in the words of Go', () => {
  expect(() => canonicalDuration('5')).toThrow('time: missing unit in duration "5"');
  expect(() => canonicalDuration('5d')).toThrow('time: unknown unit "d" in duration "5d"');
});
