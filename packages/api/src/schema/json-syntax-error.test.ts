import { expect, it } from 'vitest';
import { canonicalBase64 } from './base64.ts';
import { jsonSyntaxError } from './json-syntax-error.ts';

it.each([
  ['', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['{a}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{} x', "invalid character 'x' after top-level value"],
  ['tru', 'unexpected end of JSON input'],
  ['trux', "invalid character 'x' in literal true (expecting 'e')"],
  ['"\n"', "invalid character '\\n' in string literal"],
  ['"\\q"', "invalid character 'q' in string escape code"],
  ['"\\u00g0"', "invalid character 'g' in \\u hexadecimal character escape"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ["{'a'}", "invalid character '\\'' looking for beginning of object key string"],
])('says of %o what Go says', (text, message) => expect(jsonSyntaxError(text)).toBe(message));

it('reads the base64 that Go reads', () => {
  expect(canonicalBase64('QUJD\nRA==\r\n')).toBe('QUJDRA==');
  for (const [text, at] of [
    ['***', 0],
    ['QUJ', 0],
    ['QUJDR', 4],
    ['QUJDRA=', 7],
    ['QUJD=', 4],
  ] as const) {
    expect(() => canonicalBase64(text)).toThrow(`illegal base64 data at input byte ${at}`);
  }
});
