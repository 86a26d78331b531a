/** The recorded answers on disk: one JSON file per scenario, one line per step so that changes read well. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CorpusName } from './corpus-name.ts';
import type { Answers } from './run.ts';
import type { Answer, Scenario } from './step.ts';

interface Line extends Answer {
  readonly name: string;
  /** Method and path, for readers. */
  readonly request: string;
}

const folderOf = (corpus: CorpusName) => join(import.meta.dirname, 'recorded', corpus);
const fileOf = (corpus: CorpusName, scenario: string) => join(folderOf(corpus), `${scenario}.json`);

export function writeRecording(corpus: CorpusName, scenario: Scenario, answers: Answers): void {
  mkdirSync(folderOf(corpus), { recursive: true });
  const lines = scenario.steps.flatMap(({ name, method, path }) => {
    const answer = answers.get(name);
    return answer ? [JSON.stringify({ name, request: `${method} ${path}`, ...answer })] : [];
  });
  writeFileSync(fileOf(corpus, scenario.name), `[\n${lines.join(',\n')}\n]\n`);
}

/** Step name → answer. Throws when the scenario was never recorded. */
export function readRecording(corpus: CorpusName, scenario: string): Answers {
  const lines = JSON.parse(readFileSync(fileOf(corpus, scenario), 'utf8')) as Line[];
  return new Map(lines.map(({ name, status, headers, body }) => [name, { status, headers, body }]));
}

/** Removes recordings of scenarios that are no more. */
export function pruneRecordings(corpus: CorpusName, scenarios: readonly Scenario[]): void {
  const names = new Set(scenarios.map(({ name }) => `${name}.json`));
  for (const file of readdirSync(folderOf(corpus)))
    if (!names.has(file)) rmSync(join(folderOf(corpus), file));
}
