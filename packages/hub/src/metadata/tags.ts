import type { Digest } from '@sampan/blobs';
import { touchCharts } from '../charts/chart-records.ts';
import type { Reader, Writer } from './repositories.ts';

export async function putTag(
  to: Writer,
  repository: number,
  tag: { readonly name: string; readonly digest: Digest },
  now: number,
): Promise<void> {
  const { name, digest } = tag;
  await to
    .insertInto('tags')
    .values({ repository, name, digest, updated: now })
    .onConflict((conflict) => conflict.columns(['repository', 'name']).doUpdateSet({ digest, updated: now }))
    .execute();
  await touchCharts(to, repository);
}

/** The manifest that the tag names. */
export async function findTag(from: Reader, repository: number, name: string): Promise<Digest | undefined> {
  const row = await from
    .selectFrom('tags')
    .select('digest')
    .where('repository', '=', repository)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.digest;
}

/** Whether it was there. Its manifest stays. */
export async function deleteTag(to: Writer, repository: number, name: string): Promise<boolean> {
  const result = await to
    .deleteFrom('tags')
    .where('repository', '=', repository)
    .where('name', '=', name)
    .executeTakeFirst();
  await touchCharts(to, repository);
  return result.numDeletedRows > 0n;
}

/** Names in byte order. */
export async function listTags(
  from: Reader,
  repository: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await from
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', repository)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => name);
}

/** In byte order. */
export async function tagsOf(from: Reader, repository: number, digest: Digest): Promise<string[]> {
  const rows = await from
    .selectFrom('tags')
    .select('name')
    .where('repository', '=', repository)
    .where('digest', '=', digest)
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
