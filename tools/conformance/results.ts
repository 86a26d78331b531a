import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { TestEnd } from './ginkgo-log.ts';

export interface Result extends TestEnd {
  /** When it ran, ISO 8601. */
  readonly at: string;
  /** It failed among others and passed alone. */
  readonly again: boolean;
}

export type Results = Map<string, Result>;

/** What earlier runs left: a run of some tests replaces the results of those only. */
export function readResults(file: string): Results {
  if (!existsSync(file)) return new Map();
  return new Map((JSON.parse(readFileSync(file, 'utf8')) as Result[]).map((result) => [result.name, result]));
}

export function writeResults(file: string, results: Results): void {
  writeFileSync(file, `${JSON.stringify([...results.values()], null, 1)}\n`);
}
