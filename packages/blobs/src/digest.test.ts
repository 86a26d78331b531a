import { expect, test } from 'vitest';
import { digestAlgorithm, digestHex, digestOf, parseDigest } from './digest.ts';

const HEX = 'a'.repeat(64);

test('digests of both algorithms are taken apart', () => {
  expect(digestAlgorithm(parseDigest(`sha256:${HEX}`))).toBe('sha256');
  expect(digestAlgorithm(parseDigest(`sha512:${HEX}${HEX}`))).toBe('sha512');
  expect(digestHex(parseDigest(`sha256:${HEX}`))).toBe(HEX);
});

test('the digest of nothing is the well-known one', () => {
  expect(digestOf(Buffer.alloc(0))).toBe(
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});

test.each([
  '',
  'sha256',
  'sha256:',
  HEX,
  `sha256:${HEX}a`,
  `sha256:${HEX.slice(1)}`,
  `sha256:${HEX.toUpperCase()}`,
  `sha512:${HEX}`,
  `md5:${'a'.repeat(32)}`,
  `constructor:${HEX}`,
  `sha256:${HEX.slice(2)}:a`,
  `sha256:${'../'.repeat(21)}a`,
  `sha256:${HEX}\n`,
])('%j is no digest', (text) => {
  expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'blob-digest-invalid' }));
});
