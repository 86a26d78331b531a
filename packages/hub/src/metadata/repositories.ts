import type { Kysely, Transaction } from 'kysely';
import { projectOf } from '../projects/directory.ts';
import type { HubTables } from './schema.ts';

export type Reader = Kysely<HubTables>;
export type Writer = Transaction<HubTables>;

/** The number of a repository; undefined: nothing was ever pushed to it. */
export async function findRepository(from: Reader, name: string): Promise<number | undefined> {
  const row = await from.selectFrom('repositories').select('id').where('name', '=', name).executeTakeFirst();
  return row?.id;
}

/** A repository begins with the first thing pushed to it. */
export async function ensureRepository(to: Writer, name: string, now: number): Promise<number> {
  const found = await findRepository(to, name);
  if (found !== undefined) return found;
  const row = await to
    .insertInto('repositories')
    .values({ name, project: projectOf(name), created: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** The project of a repository that there is. */
export async function projectOfRepository(from: Reader, id: number): Promise<string> {
  const row = await from
    .selectFrom('repositories')
    .select('project')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.project;
}

/** Names in byte order. Repositories that hold neither manifest nor tag are not worth telling of. */
export async function listRepositories(from: Reader, after: string, limit: number): Promise<string[]> {
  const rows = await from
    .selectFrom('repositories')
    .select('name')
    .where('name', '>', after)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('manifests')
          .select('manifests.digest')
          .whereRef('manifests.repository', '=', 'repositories.id'),
      ),
    )
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}
