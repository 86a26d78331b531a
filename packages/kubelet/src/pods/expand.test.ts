import { expect, it } from 'vitest';
import { expand } from './expand.ts';

const values = new Map([
  ['A', 'x'],
  ['B', '$(A)'],
  ['EMPTY', ''],
]);

it.each([
  ['$(A)', 'x'],
  ['a$(A)b$(A)', 'axbx'],
  ['$(B)', '$(A)'],
  ['$(EMPTY)', ''],
  ['$(NONE)', '$(NONE)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$x'],
  ['$$$$', '$$'],
  ['$A {A} $', '$A {A} $'],
  ['$(A', '$(A'],
  ['$()', '$()'],
])('expands %j to %j', (text, expanded) => {
  expect(expand(text, values)).toBe(expanded);
});
