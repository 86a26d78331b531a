import { describe, expect, it } from 'vitest';
import { QUANTITY_FORMAT_ERROR, Quantity, ZERO_QUANTITY } from './quantity.ts';

const canonical = (text: string): string => Quantity.parse(text).toString();

describe('the canonical form of a quantity', () => {
  it.each([
    ['0', '0'],
    ['0n', '0'],
    ['-0', '0'],
    ['.5', '500m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['0.1', '100m'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['100001', '100001'],
    ['1024', '1024'],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['1e3', '1e3'],
    ['1234e3', '1234e3'],
    ['12e4', '120e3'],
    ['1e-3', '1e-3'],
    ['1Ei', '1Ei'],
    ['1024Ki', '1Mi'],
    ['1025Ki', '1025Ki'],
    ['1.5Gi', '1536Mi'],
    ['512Mi', '512Mi'],
    ['0.5Ki', '512'],
    ['0.5Mi', '512Ki'],
    ['1k', '1k'],
    ['1M', '1M'],
    ['1P', '1P'],
    ['1E', '1E'],
    ['1u', '1u'],
    ['100u', '100u'],
    ['1000u', '1m'],
    ['-1.5', '-1500m'],
    ['-3.01e6', '-3010e3'],
    ['.', '0'],
    ['+', '0'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  it('rounds what is finer than a nano up, away from zero', () => {
    expect(canonical('0.0000000001')).toBe('1n');
    expect(canonical('1.1n')).toBe('2n');
    expect(canonical('-0.0000000001')).toBe('-1n');
  });

  it('keeps texts whose digits need no change, as upstream does', () => {
    for (const text of ['5.', '+5', '1E3', '-3.01e5', '1.001k']) expect(canonical(text)).toBe(text);
  });

  it('keeps what it wrote when read again', () => {
    for (const text of ['1536Mi', '100m', '120e3', '3n', '7Ei', '0']) expect(canonical(text)).toBe(text);
  });
});

describe('texts that are no quantities', () => {
  it.each(['', '1.1.1', '1+1', '1 ', ' 1', 'a', '1Ky', '1mi', '1KiB', '--1', '1e', '1i', '0x1', '1_000'])(
    'refuses %j',
    (text) => {
      expect(() => Quantity.parse(text)).toThrow();
      expect(Quantity.tryParse(text)).toBeUndefined();
    },
  );

  it('says which form is expected', () => {
    expect(() => Quantity.parse('abc')).toThrow(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
    expect(QUANTITY_FORMAT_ERROR).toContain('quantities must match');
  });

  it('refuses texts and exponents that would cost much to work with', () => {
    expect(Quantity.tryParse('9'.repeat(2000))).toBeUndefined();
    expect(Quantity.tryParse('1e999999999')).toBeUndefined();
  });
});

describe('working with quantities', () => {
  const q = (text: string): Quantity => Quantity.parse(text);

  it('compares amounts, not texts', () => {
    expect(q('1').compare(q('1000m'))).toBe(0);
    expect(q('1Gi').compare(q('1G'))).toBe(1);
    expect(q('-1').compare(q('1n'))).toBe(-1);
    expect(q('1Ki').equals(q('1024'))).toBe(true);
    expect(q('123456789012345678901234567891').compare(q('123456789012345678901234567890'))).toBe(1);
  });

  it.each([
    ['1', '500m', '1500m'],
    ['1Gi', '1Gi', '2Gi'],
    ['1Gi', '1', '1073741825'],
    ['0', '1Ki', '1Ki'],
    ['9223372036854775807', '1', '9223372036854775808'],
  ])('adds %s and %s to %s', (a, b, sum) => {
    expect(q(a).add(q(b)).toString()).toBe(sum);
  });

  it('subtracts and negates', () => {
    expect(q('1').sub(q('1500m')).toString()).toBe('-500m');
    expect(q('1Gi').sub(q('512Mi')).toString()).toBe('512Mi');
    expect(q('5').negate().toString()).toBe('-5');
  });

  it('rounds its value up', () => {
    expect(q('1001m').value()).toBe(2);
    expect(q('1Ki').value()).toBe(1024);
    expect(q('1500u').milliValue()).toBe(2);
    expect(q('0.5').milliValue()).toBe(500);
    expect(q('1Ei').scaled(0)).toBe(2n ** 60n);
  });

  it('tells its sign', () => {
    expect([q('-1m').sign(), ZERO_QUANTITY.sign(), q('1n').sign()]).toEqual([-1, 0, 1]);
    expect(ZERO_QUANTITY.isZero()).toBe(true);
  });

  it('tells whether it is whole at a scale', () => {
    expect(q('500m').isMultipleOf(0)).toBe(false);
    expect(q('2').isMultipleOf(0)).toBe(true);
    expect(q('500u').isMultipleOf(-3)).toBe(false);
  });

  it('is a string in JSON', () => {
    expect(JSON.stringify({ cpu: q('1000m') })).toBe('{"cpu":"1"}');
  });
});
