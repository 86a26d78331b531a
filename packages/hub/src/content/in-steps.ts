import { setImmediate as others } from 'node:timers/promises';
import type { Reader } from '../metadata/repositories.ts';
import { repositoryOfObject } from './names.ts';

/** Rows of one query: SQLite answers at once, and nobody else is served meanwhile. */
export const STEP = 100;

/** After so long others are served, milliseconds. */
const TURN_MS = 10;

export interface RepositoryRow {
  readonly id: number;
  readonly name: string;
  readonly project: string;
}

/** What repositories must be; undefined: anything. */
export interface RepositoryFilter {
  readonly project?: string | undefined;
  readonly repository?: string | undefined;
}

/**
 * Repositories in order of their names, with or without content; others are served in between, also while the caller
 * looks at each.
 */
export async function* repositoriesInSteps(
  from: Reader,
  { project, repository }: RepositoryFilter,
): AsyncGenerator<RepositoryRow> {
  let after = '';
  let turn = performance.now();
  for (;;) {
    let query = from
      .selectFrom('repositories')
      .select(['id', 'name', 'project'])
      .where('name', '>', after)
      .orderBy('name')
      .limit(STEP);
    if (project !== undefined) query = query.where('project', '=', project);
    if (repository !== undefined) query = query.where('name', '=', repository);
    const rows = await query.execute();
    for (const row of rows) {
      yield row;
      after = row.name;
      if (performance.now() - turn < TURN_MS) continue;
      await others();
      turn = performance.now();
    }
    if (rows.length < STEP) return;
  }
}

/** All rows that `query` gives page by page: those after a key, at most `STEP`, in the key's order. */
export async function inSteps<Row>(
  query: (after: string) => Promise<Row[]>,
  keyOf: (row: Row) => string,
): Promise<Row[]> {
  const all: Row[] = [];
  let after = '';
  for (;;) {
    const rows = await query(after);
    all.push(...rows);
    const last = rows.at(-1);
    if (rows.length < STEP || last === undefined) return all;
    after = keyOf(last);
    await others();
  }
}

/** The fields of an object's spec that say which repository is asked for. */
export const filterOf = (equal: Readonly<Record<string, string>>): RepositoryFilter => ({
  project: equal['spec.project'],
  repository: equal['spec.repository'],
});

/** As `filterOf`, of objects that are repositories. */
export function repositoryFilterOf(equal: Readonly<Record<string, string>>): RepositoryFilter | undefined {
  const { project, repository } = filterOf(equal);
  const name = equal['metadata.name'];
  const named = name === undefined ? repository : repositoryOfObject(name);
  // both are asked for, and differ
  if (repository !== undefined && named !== repository) return undefined;
  return { project, repository: named };
}
