import { expect, test } from 'vitest';
import { parseContentRange, parseRange, uploadedRange } from './range.ts';

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=5-99', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
])('%s of ten bytes is what RFC 9110 says', (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});

test.each([undefined, 'bytes=-', 'bytes=0-1,3-4', 'lines=0-1', 'x'])(
  '%s is answered with the whole',
  (header) => {
    expect(parseRange(header, 10)).toBeUndefined();
  },
);

test.each([
  ['bytes=10-', 10],
  ['bytes=-0', 10],
  ['bytes=0-', 0],
  ['bytes=5-4', 10],
])('%s of %i bytes is not satisfiable', (header, size) => {
  expect(() => parseRange(header, size)).toThrow(expect.objectContaining({ status: 416 }));
});

test('a chunk says its place with or without unit and total, and else is refused', () => {
  expect(parseContentRange('0-99')).toEqual({ start: 0, end: 99 });
  expect(parseContentRange('bytes 5-9/*')).toEqual({ start: 5, end: 9 });
  for (const header of ['9-5', '-5', 'x', '0-9999999999999999999']) {
    expect(() => parseContentRange(header)).toThrow(expect.objectContaining({ code: 'BLOB_UPLOAD_INVALID' }));
  }
  expect([uploadedRange(0), uploadedRange(100)]).toEqual(['0-0', '0-99']);
});
