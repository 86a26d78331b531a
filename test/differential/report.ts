/** Prints what a replay found. */
import type { StepResult } from './replay.ts';
import type { Answer, Json } from './step.ts';

const LONGEST = 600;

/** Options of `printResults`. */
export interface ReportOptions {
  /** Print passed steps too, and the whole answer of failed ones. */
  readonly verbose: boolean;
}

/** Prints failed steps with their differences and a summary by scenario; true when all passed. */
export function printResults(results: readonly StepResult[], { verbose }: ReportOptions): boolean {
  for (const result of results) {
    if (result.differences.length > 0) console.log(describe(result, verbose));
    else if (verbose)
      console.log(`ok   ${result.id}${result.known.map((why) => `\n       (${why})`).join('')}`);
  }
  const failures = results.filter(({ differences }) => differences.length > 0);
  for (const [scenario, { passed, total }] of byScenario(results)) {
    if (passed < total || verbose) console.log(`${passed}/${total} ${scenario}`);
  }
  console.log(`${results.length - failures.length} of ${results.length} answers are equal`);
  return failures.length === 0;
}

/** One failed step in a few lines: `-` is the oracle's, `+` is ours. */
export function describe(
  { id, request, differences, expected, actual }: StepResult,
  verbose = false,
): string {
  const other = expected && actual && expected.status !== actual.status;
  const lines = other
    ? [`       - ${summary(expected)}`, `       + ${summary(actual)}`]
    : differences.flatMap(({ path, expected: theirs, actual: ours }) => [
        `     ${path}`,
        `       - ${show(theirs)}`,
        `       + ${show(ours)}`,
      ]);
  const whole = verbose && actual ? [`     answer: ${JSON.stringify(actual)}`] : [];
  return [`FAIL ${id}  (${request})`, ...lines, ...whole].join('\n');
}

/** When even the status differs, the rest would be noise: status and message, or the whole body. */
function summary({ status, body }: Answer): string {
  const message =
    typeof body === 'object' && body !== null ? (body as { message?: Json }).message : undefined;
  return `${status} ${show(message ?? body)}`;
}

function show(value: Json | undefined): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

function byScenario(results: readonly StepResult[]): Map<string, { passed: number; total: number }> {
  const sums = new Map<string, { passed: number; total: number }>();
  for (const { id, differences } of results) {
    const scenario = id.slice(0, id.indexOf('/'));
    const sum = sums.get(scenario) ?? { passed: 0, total: 0 };
    sums.set(scenario, {
      passed: sum.passed + (differences.length === 0 ? 1 : 0),
      total: sum.total + 1,
    });
  }
  return sums;
}
