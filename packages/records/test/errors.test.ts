import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

it('every error code has a line in the README, and no other', () => {
  const codes = [...read('../src/errors.ts').matchAll(/'(records-[a-z-]+)'/g)].map((match) => match[1]);
  const documented = [...read('../README.md').matchAll(/^\| `(records-[a-z-]+)`/gm)].map((match) => match[1]);
  expect(documented.toSorted()).toEqual(codes.toSorted());
});
