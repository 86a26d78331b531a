/** What `make test` runs, in this order; each step runs whatever became of those before it. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** The file in which the step counts its tests; without one, the step itself counts as one. */
  readonly counts?: string;
}

export const VITEST_REPORT = 'build/vitest.json';

export const STEPS: readonly Step[] = [
  { name: 'lint', command: ['biome', 'check', '.'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
  { name: 'import tiers', command: ['node', 'tools/check-tiers.ts'] },
  { name: 'known differences', command: ['node', 'test/differential/document.ts', '--check'] },
  {
    name: 'tests',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${VITEST_REPORT}`],
    counts: VITEST_REPORT,
  },
];
