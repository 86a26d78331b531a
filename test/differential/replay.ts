/** Sends a corpus to a server and compares its answers with the recorded ones. */
import type { Access } from '../../tools/upstream/kubeconfig.ts';
import { compareAnswers, type Difference, matchesPath, matchesText } from './compare.ts';
import { CORPORA } from './corpus.ts';
import type { CorpusName } from './corpus-name.ts';
import { reasonOf } from './known.ts';
import { readRecording } from './recording.ts';
import { type Answers, type Dialect, newRunWord, runScenario } from './run.ts';
import { Connection } from './send.ts';
import type { Answer, Scenario, Step } from './step.ts';

/** How one step went. It passed when `differences` is empty. */
export interface StepResult {
  /** `scenario/step`. */
  readonly id: string;
  readonly request: string;
  readonly differences: readonly Difference[];
  /** Reasons of the differences that are known and so allowed. */
  readonly known: readonly string[];
  readonly expected: Answer | undefined;
  readonly actual: Answer | undefined;
}

/** Options of `replay`. */
export interface ReplayOptions {
  /** `scenario` or `scenario/step` with `*` for any text; whole scenarios run, matching steps are reported. */
  readonly only?: string;
  /** Default `ours`. */
  readonly dialect?: Dialect;
  /** Whether known differences are allowed; default true. */
  readonly known?: boolean;
}

/** Runs all scenarios, one after the other. An error in one is the result of its first step. */
export async function replay(
  corpus: CorpusName,
  target: Access,
  options: ReplayOptions = {},
): Promise<StepResult[]> {
  const { only = '*' } = options;
  const [scenarioPattern = '*'] = only.split('/');
  const connection = new Connection(target);
  const results: StepResult[] = [];
  try {
    for (const scenario of CORPORA[corpus]) {
      if (!matchesText(scenarioPattern, scenario.name)) continue;
      results.push(...(await replayScenario(corpus, scenario, connection, options)));
    }
  } finally {
    connection.close();
  }
  return only.includes('/') ? results.filter(({ id }) => matchesText(only, id)) : results;
}

async function replayScenario(
  corpus: CorpusName,
  scenario: Scenario,
  connection: Connection,
  { dialect = 'ours', known = true }: ReplayOptions,
): Promise<StepResult[]> {
  const recorded = readRecording(corpus, scenario.name);
  let actual: Answers;
  try {
    actual = await runScenario(scenario, connection, dialect, newRunWord());
  } catch (error) {
    return [failed(scenario, error)];
  }
  return scenario.steps.flatMap((step) => {
    if (step.prepare) return [];
    const id = `${scenario.name}/${step.name}`;
    return [compareStep(id, step, recorded, actual, known ? corpus : undefined)];
  });
}

function compareStep(
  id: string,
  step: Step,
  recorded: Answers,
  answers: Answers,
  corpus: CorpusName | undefined,
): StepResult {
  const request = `${step.method} ${step.path}`;
  const expected = recorded.get(step.name);
  const actual = answers.get(step.name);
  if (expected === undefined || actual === undefined) {
    const differences = [{ path: '', expected: 'a recorded answer', actual: 'none: record it first' }];
    return { id, request, differences, known: [], expected, actual };
  }
  const differences: Difference[] = [];
  const reasons = new Set<string>();
  for (const difference of compareAnswers(expected, actual)) {
    if (step.ignore?.some((pattern) => matchesPath(pattern, difference.path))) continue;
    const reason = corpus && reasonOf({ corpus, step: id, expected, actual }, difference);
    if (reason) reasons.add(reason);
    else differences.push(difference);
  }
  return { id, request, differences, known: [...reasons], expected, actual };
}

function failed(scenario: Scenario, error: unknown): StepResult {
  const actual = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    id: `${scenario.name}/`,
    request: 'the whole scenario',
    differences: [{ path: '', expected: 'answers', actual }],
    known: [],
    expected: undefined,
    actual: undefined,
  };
}

// run as a program: the command line, which imports this module in turn
if (import.meta.main) void import('./main.ts');
