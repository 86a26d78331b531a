import { expect, it } from 'vitest';
import { parseExactJson } from './exact-json.ts';

it.each([
  '{"a":9223372036854775807,"b":[-9223372036854775808,9007199254740993]}',
  '{"text":"9223372036854775807","safe":9007199254740991,"even":9007199254740994}',
])('writes integers of 64 bits as it read them: %s', (text) => {
  expect(JSON.stringify(parseExactJson(text))).toBe(text);
});

it('keeps plain numbers where they are exact', () => {
  expect(parseExactJson('[9007199254740991, 1.0000000000000000001, 9007199254740993]')).toEqual([
    9007199254740991,
    1,
    9007199254740993n,
  ]);
});

it('rounds integers beyond 64 bits', () => {
  expect(parseExactJson('[9223372036854775808]')).toEqual([2 ** 63]);
});

it('refuses what is no JSON', () => {
  expect(() => parseExactJson('{"a":9223372036854775807')).toThrow(SyntaxError);
});
