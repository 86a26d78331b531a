import { expect, test } from 'vitest';
import { formatReference, parseReference } from '../src/names/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.each([
  ['app', { repository: 'app' }],
  ['shop/app:1', { repository: 'shop/app', tag: '1' }],
  ['localhost/app', { registry: 'localhost', repository: 'app' }],
  ['localhost:5000/shop/app', { registry: 'localhost:5000', repository: 'shop/app' }],
  ['[::1]:5000/app:v1', { registry: '[::1]:5000', repository: 'app', tag: 'v1' }],
  [`ghcr.io/a/b:1@${DIGEST}`, { registry: 'ghcr.io', repository: 'a/b', tag: '1', digest: DIGEST }],
])('%s is taken apart and put together again', (text, parts) => {
  const none = { registry: undefined, tag: undefined, digest: undefined };
  expect(parseReference(text)).toEqual({ ...none, ...parts });
  expect(formatReference(parseReference(text))).toBe(text);
});

test.each([
  '',
  '/app',
  'Shop/app',
  'shop//app',
  'shop/../app',
  'shop/app:',
  'shop/app:a b',
  'shop/app@sha256:abc',
  'host:99999999/app',
  'a_/b',
  `a/${'b'.repeat(300)}`,
  'evil.com\\@x/app',
])('%j is no reference', (text) => {
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'oci-reference-invalid' }));
});
