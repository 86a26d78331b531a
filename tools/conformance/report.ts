import { reasonWhyNot } from './not-applicable.ts';
import type { Result, Results } from './results.ts';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly notApplicable: number;
  readonly notRun: number;
}

type State = keyof Counts;

/** A test that fails for a reason outside Sampan is not counted against it, one that passes counts anyway. */
function stateOf(name: string, result: Result | undefined): State {
  if (!result) return 'notRun';
  if (result.outcome === 'passed') return 'passed';
  return result.outcome === 'skipped' || reasonWhyNot(name) !== undefined ? 'notApplicable' : 'failed';
}

function inState(names: readonly string[], results: Results, state: State): string[] {
  return names.filter((name) => stateOf(name, results.get(name)) === state);
}

export function countResults(names: readonly string[], results: Results): Counts {
  const count = (state: State) => inState(names, results, state).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    notApplicable: count('notApplicable'),
    notRun: count('notRun'),
  };
}

/** The whole of docs/conformance.md. */
export function conformanceDocument(names: readonly string[], results: Results, machine: string): string {
  const { passed, failed, notApplicable, notRun } = countResults(names, results);
  const lines = (state: State, tell: (name: string) => string) =>
    inState(names, results, state).map((name) => `- ${plain(name)}${tell(name)}`);
  const of = (name: string): string => results.get(name)?.message ?? '';
  return [
    '# Conformance',
    '',
    'Written by `make conformance`, which runs the conformance tests of Kubernetes 1.20 (upstream’s own test program)',
    'against Sampan in a temporary home, started with `--legacy-apis`. Most images of the tests are made on the machine',
    '(`tools/conformance/images.ts`): upstream’s own programs, and Debian’s of today where upstream names httpd, nginx or',
    'etcd. Tests that fail among others run once more, alone; those that passed only then are marked.',
    '',
    `| of ${names.length} tests | |`,
    '| --- | --- |',
    `| passed | ${passed} |`,
    `| failed | ${failed} |`,
    `| not applicable | ${notApplicable} |`,
    ...(notRun > 0 ? [`| not run | ${notRun} |`] : []),
    '',
    `Run ${span(results)} on ${machine}.`,
    ...section(
      'Failed',
      lines('failed', (name) => cause(of(name))),
    ),
    ...section(
      'Not applicable',
      lines('notApplicable', (name) => `: ${reasonWhyNot(name) ?? plain(of(name))}`),
    ),
    ...section(
      'Not run',
      lines('notRun', () => ''),
    ),
    ...section(
      'Passed',
      lines('passed', (name) => (results.get(name)?.again ? ' (alone)' : '')),
    ),
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];

const cause = (message: string): string => (message === '' ? '' : `\n  \`${message.replaceAll('`', "'")}\``);

/** Brackets, stars and angles mean something in Markdown. */
const plain = (text: string): string =>
  text
    .replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, ' ')
    .trim();

function span(results: Results): string {
  const times = [...results.values()].map(({ at }) => at.slice(0, 16).replace('T', ' ')).toSorted();
  const [first = '', last = ''] = [times[0], times.at(-1)];
  return first === last ? `at ${first} UTC` : `from ${first} to ${last} UTC`;
}
