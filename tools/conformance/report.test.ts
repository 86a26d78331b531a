import { expect, it } from 'vitest';
import { conformanceDocument, countResults } from './report.ts';
import type { Result } from './results.ts';

const NAMES = ['a should work', 'b should <not> fail', 'c should skip', 'd should run'];
const at = '2026-11-22T15:00:00.000Z';
const result = (name: string, more: Partial<Result>): [string, Result] => [
  name,
  { name, outcome: 'passed', message: '', at, again: false, ...more },
];
const RESULTS = new Map([
  result('a should work', { again: true }),
  result('b should <not> fail', { outcome: 'failed', message: 'timed out' }),
  result('c should skip', { outcome: 'skipped', message: 'two nodes' }),
]);

it('counts what passed, failed, does not apply and did not run', () => {
  expect(countResults(NAMES, RESULTS)).toEqual({ passed: 1, failed: 1, notApplicable: 1, notRun: 1 });
});

it('writes every test into one of its sections, with the reason', () => {
  const text = conformanceDocument(NAMES, RESULTS, 'a machine');
  expect(text).toContain('| of 4 tests | |');
  expect(text).toContain('## Failed\n\n- b should \\<not\\> fail\n  `timed out`\n');
  expect(text).toContain('## Not applicable\n\n- c should skip: two nodes\n');
  expect(text).toContain('## Not run\n\n- d should run\n');
  expect(text).toContain('## Passed\n\n- a should work (alone)\n');
  expect(text).toContain('Run at 2026-11-22 15:00 UTC on a machine.');
});
